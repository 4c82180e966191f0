"""`python -P -m api.dashboard.vega FILE`: write Vega's bundle, compressed.

Making it takes seconds in which nothing else of its process runs, hence a process of its own.
"""

import gzip
import sys
from pathlib import Path
from uuid import uuid4

import vl_convert

SNIPPET = "window.vegaEmbed = vegaEmbed;"


def main() -> None:
    """Write the file whole, or not at all."""
    path = Path(sys.argv[1])
    partial = path.with_name(f"{path.name}.{uuid4().hex}.part")
    partial.write_bytes(gzip.compress(vl_convert.javascript_bundle(SNIPPET).encode(), mtime=0))
    partial.replace(path)


if __name__ == "__main__":
    main()
