"""Reading an uploaded file in a short-lived child process under limits.

`python -P -m store.inspection` is that child: a request on standard input, an answer on standard
output, the arrays in the file it was told to write. A file that makes it crash, hang or grow costs
one child and gets a clear refusal.
"""

import json
import resource
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

from core.dataset import DatasetSummary
from core.experiment import ExperimentError
from core.reading import read_arrays, save_arrays
from core.summary import summarise
from store.children import FULL, Died, TookTooLong, answer_of
from store.settings import GIB, Settings

INTERPRETER_BYTES = 2 * GIB  # libraries and their address space, before any array
ARCHIVE_BYTES = 2**20  # what an archive of arrays has beside them
GONE = (
    "the file was taken away while it waited to be read: the same one was refused to another "
    "sender, or deleted; send it again to hear why"
)


class Unreadable(Exception):
    """A file that cannot be read as a dataset; the message says why."""


def inspect(
    settings: Settings,
    blob: Path,
    mapping: Mapping[str, Any] | None,
    arrays: Path,
    *,
    name: str = "",
) -> DatasetSummary:
    """Read a file in a child process, write its arrays, and return what was found.

    `name`: what its sender calls it, which may be told to be wrong. Raises `Unreadable` or
    `NoRoom`.
    """
    partial = arrays.with_name(f"{uuid4().hex}.part")  # another process may read the same file
    request = {
        "blob": str(blob),
        "mapping": mapping,
        "arrays": str(partial),
        "name": name,
        "max_array_bytes": settings.max_array_bytes,
        "seconds": settings.inspection_s,
    }
    try:
        answer = _asked(request, settings.inspection_s)
        partial.replace(arrays)
    finally:
        partial.unlink(missing_ok=True)
    return DatasetSummary.model_validate(answer)


def _asked(request: Mapping[str, Any], seconds: float) -> Any:
    try:
        answer = answer_of("store.inspection", request, seconds)
    except TookTooLong:
        raise Unreadable(f"reading the file took longer than {seconds:g} s") from None
    except Died as died:
        raise Unreadable(
            f"reading the file ended the reader ({died}); it is damaged, or needs more memory "
            "than reading may take"
        ) from None
    if "refused" in answer:
        raise Unreadable(answer["refused"])
    return answer["summary"]


def _answer(request: Mapping[str, Any]) -> dict[str, Any]:
    try:
        reading = read_arrays(
            Path(request["blob"]),
            request["mapping"],
            max_bytes=request["max_array_bytes"],
            name=request["name"],
        )
        summary = summarise(reading.arrays, reading.format, reading.notes)
        save_arrays(reading.arrays, Path(request["arrays"]))
    except ExperimentError as refused:
        return {"refused": str(refused)}
    except FileNotFoundError:
        return {"refused": GONE}
    except OSError as failed:
        if failed.errno in FULL:
            return {"no_room": failed.errno}
        return {"refused": f"the file or its arrays could not be read or written: {failed}"}
    except MemoryError:
        limit = _memory_bytes(request)
        return {"refused": f"reading the file takes more than {limit} bytes of memory, the limit"}
    return {"summary": summary.model_dump(mode="json")}


def _limit(request: Mapping[str, Any]) -> None:
    limits = {
        resource.RLIMIT_DATA: _memory_bytes(request),
        resource.RLIMIT_CPU: int(request["seconds"]) + 1,
        resource.RLIMIT_FSIZE: request["max_array_bytes"] + ARCHIVE_BYTES,
        resource.RLIMIT_CORE: 0,
    }
    for which, limit in limits.items():
        resource.setrlimit(which, (limit, limit))


def _memory_bytes(request: Mapping[str, Any]) -> int:
    return int(3 * request["max_array_bytes"] + INTERPRETER_BYTES)


def main() -> None:
    """Answer one request."""
    request = json.load(sys.stdin)
    _limit(request)
    json.dump(_answer(request), sys.stdout)


if __name__ == "__main__":
    main()
