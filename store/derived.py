"""What is made of a dataset on request, in a child process: an NWB file, a preview.

`python -P -m store.derived` is that child. Writing NWB needs a library of seconds and 100 MB, and
a dataset may be as large as memory allows; the API should hold neither.
"""

import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.experiment import ExperimentError
from core.preview import Preview, preview
from core.reading import load_arrays
from store.children import FULL, Died, TookTooLong, answer_of
from store.dataset_files import arrays_path, present, preview_path
from store.datasets import Dataset
from store.incoming import incoming
from store.settings import Settings


class NotDerivable(Exception):
    """What cannot be made of a dataset; the message says why."""


def write_as_nwb(settings: Settings, dataset: Dataset, target: Path) -> None:
    """Write a dataset, a session, as an NWB file."""
    made = dataset.created_at.astimezone(UTC).isoformat()
    session = {"name": dataset.name, "identifier": dataset.id, "made": made}
    _asked(settings, dataset, {"target": str(target), **session})


def preview_of(settings: Settings, dataset: Dataset) -> Preview:
    """What can be drawn of a dataset; made once, and kept beside its arrays."""
    kept = preview_path(settings, dataset.id)
    if kept.exists():
        return Preview.model_validate_json(kept.read_bytes())
    made = Preview.model_validate(_asked(settings, dataset, {})["preview"])
    kept.parent.mkdir(parents=True, exist_ok=True)
    with incoming(settings) as folder:
        partial = folder / kept.name
        partial.write_text(made.model_dump_json())
        partial.replace(kept)
    return made


def _asked(settings: Settings, dataset: Dataset, request: Mapping[str, Any]) -> Any:
    arrays = arrays_path(settings, dataset.id)
    if not present(settings, arrays):
        raise NotDerivable(f"dataset {dataset.id} has no file on this machine")
    source = {
        "arrays": str(arrays),
        "max_array_bytes": settings.max_array_bytes,
    }
    try:
        answer = answer_of("store.derived", {**source, **request}, settings.inspection_s)
    except TookTooLong:
        raise NotDerivable(f"it took longer than {settings.inspection_s:g} s") from None
    except Died as died:
        raise NotDerivable(f"the process that made it ended ({died})") from None
    if "refused" in answer:
        raise NotDerivable(answer["refused"])
    return answer


def _answer(request: Mapping[str, Any]) -> dict[str, Any]:
    try:
        arrays = load_arrays(Path(request["arrays"]), max_bytes=request["max_array_bytes"])
        if "target" not in request:
            return {"preview": preview(arrays).model_dump(mode="json")}
        _write_nwb(arrays, request)
    except ExperimentError as refused:
        return {"refused": str(refused)}
    except OSError as failed:
        if failed.errno not in FULL:
            raise
        return {"no_room": failed.errno}
    return {}


def _write_nwb(arrays: Mapping[str, Any], request: Mapping[str, Any]) -> None:
    from core.nwb_writing import write_nwb  # a preview needs none of its library

    made = datetime.fromisoformat(request["made"])
    name, identifier = request["name"], request["identifier"]
    write_nwb(arrays, Path(request["target"]), name=name, identifier=identifier, made=made)


def main() -> None:
    """Answer one request."""
    json.dump(_answer(json.load(sys.stdin)), sys.stdout)


if __name__ == "__main__":
    main()
