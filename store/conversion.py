"""Writing a dataset as NWB in a child process: the library takes seconds and 100 MB to load.

`python -P -m store.conversion` is that child: a request on standard input, the file where it was
told to write it, what went wrong on standard output.
"""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.experiment import ExperimentError
from core.reading import load_arrays
from store.datasets import Dataset, arrays_path
from store.settings import Settings


class NotConvertible(Exception):
    """A dataset that cannot be written in a format; the message says why."""


def write_as_nwb(settings: Settings, dataset: Dataset, target: Path) -> None:
    """Write a dataset, a session, as an NWB file."""
    request = {
        "arrays": str(arrays_path(settings, dataset.id)),
        "target": str(target),
        "name": dataset.name,
        "identifier": dataset.id,
        "made": dataset.created_at.astimezone(UTC).isoformat(),
        "max_array_bytes": settings.max_array_bytes,
    }
    try:
        child = subprocess.run(
            [sys.executable, "-P", "-m", "store.conversion"],
            input=json.dumps(request).encode(),
            capture_output=True,
            timeout=settings.inspection_s,
            check=True,
        )
    except subprocess.TimeoutExpired:
        raise NotConvertible(f"writing it took longer than {settings.inspection_s:g} s") from None
    refused = json.loads(child.stdout)["refused"]
    if refused is not None:
        raise NotConvertible(refused)


def _refused(request: dict[str, Any]) -> str | None:
    """Do what is asked; why it cannot be done."""
    from core.nwb_writing import write_nwb  # only the child needs the library

    arrays = load_arrays(Path(request["arrays"]), max_bytes=request["max_array_bytes"])
    made = datetime.fromisoformat(request["made"])
    name, identifier = request["name"], request["identifier"]
    try:
        write_nwb(arrays, Path(request["target"]), name=name, identifier=identifier, made=made)
    except ExperimentError as refused:
        return str(refused)
    return None


def main() -> None:
    """Answer one request."""
    json.dump({"refused": _refused(json.load(sys.stdin))}, sys.stdout)


if __name__ == "__main__":
    main()
