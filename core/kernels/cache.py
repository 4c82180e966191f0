"""Where compiled kernels are kept: to know it, nobody has to import the compiler."""

import hashlib
import os
from pathlib import Path

_HERE = Path(__file__).parent


def _sources() -> str:
    """A name for the present text of all kernels."""
    digest = hashlib.sha256()
    for source in sorted(_HERE.glob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


# Numba keeps a kernel while the file that defines it is unchanged, even if a loop inlined from
# another file is not; so every state of the sources gets a folder of its own.
CACHE = Path(os.environ.get("NUMBA_CACHE_DIR") or _HERE / "__pycache__") / _sources()
FILLED = CACHE / "examples"
"""Locked while all are compiled, and not empty once that is done."""
