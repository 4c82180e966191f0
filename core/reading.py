"""An uploaded file as named arrays: recognised by its content, never by its name.

Files come from strangers, so this runs in a child process under limits (`store.inspection`), opens
no pickles, and names what it found when it refuses.
"""

import io
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from numpy.typing import NDArray

from core.mapping import mapped, unmapped, validated
from core.matfile import HEADER_BYTES, Tree, read_mat
from core.npz import UnreadableFile, read_npz, written_npz

__all__ = ["Reading", "load_arrays", "read_arrays", "save_arrays"]

MAX_BYTES = 2**31
FORMATS = "NPZ archives and MATLAB files of version 5 are read"
_HDF5 = b"\x89HDF\r\n\x1a\n"
_LOOKS_LIKE = {
    b"\x93NUMPY": "a single .npy array; put it in an archive with numpy.savez(file, counts=...)",
    b"\x1f\x8b": "a gzip file",
    b"PAR1": "a Parquet file",
    b"%PDF": "a PDF document",
    b"\x80\x04": "a Python pickle, which is never opened because it can run code",
    b"\x80\x05": "a Python pickle, which is never opened because it can run code",
    _HDF5: "an HDF5 file (NWB is one); HDF5 is not supported for now",
}


@dataclass(frozen=True)
class Reading:
    """What a file holds: its format and its named arrays."""

    format: str
    arrays: Mapping[str, NDArray[Any]]


def read_arrays(
    source: bytes | Path, mapping: Mapping[str, Any] | None = None, *, max_bytes: int = MAX_BYTES
) -> Reading:
    """The named arrays of an uploaded file, through a mapping if one is given.

    Raises an `ExperimentError` that says what is wrong with the file or the mapping.
    """
    declared = None if mapping is None else validated(mapping)
    with closing(_opened(source)) as content:
        form, tree = _tree(content, max_bytes)
    arrays = unmapped(tree) if declared is None else mapped(tree, declared)
    return Reading(form, arrays)


def save_arrays(arrays: Mapping[str, NDArray[Any]], path: Path) -> None:
    """Write arrays as an NPZ archive without pickles; text is kept as unicode."""
    path.write_bytes(written_npz(arrays))


def load_arrays(source: bytes | Path, *, max_bytes: int = MAX_BYTES) -> dict[str, NDArray[Any]]:
    """The arrays that `save_arrays` wrote, each read-only."""
    with closing(_opened(source)) as content:
        arrays = read_npz(content, max_bytes)
    for values in arrays.values():
        values.setflags(write=False)
    return arrays


def _opened(source: bytes | Path) -> BinaryIO:
    return io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")


def _tree(content: BinaryIO, max_bytes: int) -> tuple[str, Tree]:
    start = content.read(HEADER_BYTES)
    content.seek(512)
    after = content.read(len(_HDF5))
    content.seek(0)
    if start.startswith(b"PK\x03\x04"):
        return "npz", dict(read_npz(content, max_bytes))
    if after == _HDF5 or start.startswith(b"MATLAB 7.3"):
        raise UnreadableFile(
            "this is a MATLAB file of version 7.3, which is HDF5 and not supported for now; "
            "save it with save(file, ..., '-v7')"
        )
    if start.startswith(b"MATLAB 5.0") and start[124:128] in (b"\0\1IM", b"\1\0MI"):
        return "mat", read_mat(content, max_bytes)
    raise UnreadableFile(f"{FORMATS}; this is {_likeness(start)}")


def _likeness(start: bytes) -> str:
    """What an unknown file looks like."""
    for signature, likeness in _LOOKS_LIKE.items():
        if start.startswith(signature):
            return likeness
    if not start:
        return "an empty file"
    shown = start[:24].decode("ascii", errors="replace")
    if all(32 <= byte < 127 or byte in b"\t\r\n" for byte in start):
        return f"a text file beginning {shown!r}"
    return f"a file of an unknown format beginning {start[:8].hex(' ')}"
