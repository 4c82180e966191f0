"""An uploaded file as named arrays: recognised by its content, never by its name.

Files come from strangers, so this runs in a child process under limits (`store.inspection`), opens
no pickles, and names what it found when it refuses.
"""

import io
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from numpy.typing import NDArray

from core.behaviour import has_behaviour
from core.experiment import ExperimentError
from core.file_names import misnamed
from core.mapping import ArrayMapping, Unmapped, mapped, unmapped, validated
from core.matfile import Tree, read_mat
from core.npz import (
    MAX_MEMBERS,
    TooLarge,
    UnreadableFile,
    in_silence,
    may_be_stored,
    read_npz,
    written_npz,
)
from core.session import NEEDED as A_SESSION
from core.several_files import files_of, holds_files, joined
from core.trial_table import angles_as_taken, with_angles_of_trials

__all__ = ["Reading", "load_arrays", "read_arrays", "save_arrays"]

MAX_BYTES = 2**31
HEAD_BYTES = 2**20  # the header of a table with a column per neuron is long
FORMATS = (
    "NWB and other HDF5 files, NPZ archives, MATLAB files, and tables in CSV or Parquet are read"
)
_HDF5 = b"\x89HDF\r\n\x1a\n"
_USER_BLOCKS = (0, 512, 1024, 2048)  # where HDF5 may begin; MATLAB puts a header of 512 before it
_PARQUET = b"PAR1"
_LOOKS_LIKE = {
    b"\x93NUMPY": "a single .npy array; put it in an archive with numpy.savez(file, counts=...)",
    b"\x1f\x8b": "a gzip file; unpack it first",
    b"%PDF": "a PDF document",
    b"MATLAB 7.3": "the head of a MATLAB file of version 7.3 without the rest",
    b"\x80\x04": "a Python pickle, which is never opened because it can run code",
    b"\x80\x05": "a Python pickle, which is never opened because it can run code",
}
Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Reading:
    """What a file holds: its format, its named arrays, and how they were made of it."""

    format: str
    arrays: Arrays
    notes: tuple[str, ...] = ()


def read_arrays(
    source: bytes | Path,
    mapping: Mapping[str, Any] | None = None,
    *,
    max_bytes: int = MAX_BYTES,
    name: str = "",
) -> Reading:
    """The named arrays of an uploaded file, through a mapping if one is given.

    `name` is what its sender calls it: a note tells where the content is of another format. Raises
    an `ExperimentError` that says what is wrong with the file or the mapping.
    """
    with closing(_opened(source)) as content:
        form = _format(content)
        if form == "npz" and holds_files(content):
            told = misnamed(name, "zip")
            return _storable(_noted(_several(content, mapping, max_bytes), told))
        return _storable(_one(content, form, mapping, max_bytes, name))


def save_arrays(arrays: Arrays, path: Path) -> None:
    """Write arrays as an NPZ archive without pickles; text is kept as unicode."""
    path.write_bytes(written_npz(arrays))


def load_arrays(
    source: bytes | Path,
    *,
    max_bytes: int = MAX_BYTES,
    still_here: Callable[[], None] = in_silence,
) -> dict[str, NDArray[Any]]:
    """The arrays that `save_arrays` wrote, each read-only; `still_here` as for `read_npz`."""
    with closing(_opened(source)) as content:
        arrays = read_npz(content, max_bytes, still_here)
    for values in arrays.values():
        values.setflags(write=False)
    return arrays


def _opened(source: bytes | Path) -> BinaryIO:
    return io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")


def _format(content: BinaryIO) -> str:
    """What a file is by its first bytes; raises for what is not read."""
    start = content.read(HEAD_BYTES)
    content.seek(0)
    if any(start[at:].startswith(_HDF5) for at in _USER_BLOCKS):
        return "hdf5"
    if start.startswith(b"MATLAB 5.0") and start[124:128] in (b"\0\1IM", b"\1\0MI"):
        return "mat"
    if start.startswith(b"PK\x03\x04"):
        return "npz"
    if start.startswith(_PARQUET):
        return "parquet"
    if _is_csv(start):
        return "csv"
    raise UnreadableFile(f"{FORMATS}; this is {_likeness(start)}")


# Each reader is imported when its format comes: pynwb alone takes seconds and 100 MB, and the
# processes that import this module to load plain arrays read no such file.


def _is_csv(start: bytes) -> bool:
    from core.table_files import looks_like_csv

    return looks_like_csv(start)


def _one(
    content: BinaryIO, form: str, mapping: Mapping[str, Any] | None, max_bytes: int, name: str
) -> Reading:
    """One file, and whether its name says something else; refused if it then makes no sense."""
    told = misnamed(name, form) if form == "csv" else ""
    try:
        reading = _READERS[form](content, mapping, max_bytes)
    except Unmapped as unfit:
        named = misnamed(name, _within_hdf5(content, max_bytes) if form == "hdf5" else form)
        if not named:
            raise
        raise Unmapped(f"the file is {named}: {unfit.message}", unfit.key) from None
    except UnreadableFile as refused:
        raise UnreadableFile(f"the file is {told}: {refused}") if told else refused from None
    if told and not has_behaviour(reading.arrays) and not set(A_SESSION) & set(reading.arrays):
        columns = ", ".join(f"`{column.strip()[:50]}`" for column in list(reading.arrays)[:10])
        raise UnreadableFile(
            f"the file is {told}, it has the columns {columns}, none of which is of a session or "
            "of behaviour. Send the file that was meant or, if this is it, a mapping of its columns"
        )
    return _noted(reading, misnamed(name, reading.format))


def _noted(reading: Reading, told: str) -> Reading:
    return replace(reading, notes=(told, *reading.notes)) if told else reading


def _several(content: BinaryIO, mapping: Mapping[str, Any] | None, max_bytes: int) -> Reading:
    """The files of an archive, each read through the same mapping, as one dataset."""
    own = dict(mapping or {})
    by = own.pop("join", "trials")
    if by not in ("trials", "neurons"):
        raise Unmapped(f"{by!r}; several files are joined by trials or by neurons", "join")
    readings: dict[str, Reading] = {}
    for name, file in files_of(content, max_bytes):
        try:
            form = _format(file)
            if form == "npz" and holds_files(file):
                raise UnreadableFile("an archive in an archive; pack the files themselves")
            readings[name] = _one(file, form, own or None, max_bytes, name)
        except Unmapped as unfit:
            raise Unmapped(f"file {name}: {unfit.message}", unfit.key) from None
        except ExperimentError as refused:
            raise UnreadableFile(f"file {name}: {refused}") from None
    arrays, notes = joined({n: each.arrays for n, each in readings.items()}, by, max_bytes)
    told = [f"{name}: {note}" for name, each in readings.items() for note in each.notes]
    return Reading(next(iter(readings.values())).format, arrays, (*notes, *told))


def _npz(content: BinaryIO, mapping: Mapping[str, Any] | None, max_bytes: int) -> Reading:
    return _from_tree("npz", dict(read_npz(content, max_bytes)), mapping)


def _mat(content: BinaryIO, mapping: Mapping[str, Any] | None, max_bytes: int) -> Reading:
    return _from_tree("mat", read_mat(content, max_bytes), mapping)


def _hdf5(content: BinaryIO, mapping: Mapping[str, Any] | None, max_bytes: int) -> Reading:
    from core.hdf5 import opened
    from core.hdf5_tree import read_tree

    with opened(content, max_bytes) as file:
        form = _form_of(file)
        if form == "nwb":
            return _nwb(file, mapping, max_bytes)
        return _from_tree(form, read_tree(file, max_bytes), mapping)


def _within_hdf5(content: BinaryIO, max_bytes: int) -> str:
    """Which of the formats that are HDF5 underneath a file is."""
    from core.hdf5 import opened

    with opened(content, max_bytes) as file:
        return _form_of(file)


def _form_of(file: Any) -> str:
    if "nwb_version" in file.attrs:
        return "nwb"
    return "mat" if file.userblock_size else "hdf5"


def _nwb(file: Any, mapping: Mapping[str, Any] | None, max_bytes: int) -> Reading:
    from core.nwb_counting import read_nwb
    from core.nwb_mapping import NEEDED, NwbMapping

    declared = None if mapping is None else validated(mapping, NwbMapping, NEEDED)
    arrays, notes = read_nwb(file, declared, max_bytes)
    return Reading("nwb", arrays, notes)


def _csv(content: BinaryIO, mapping: Mapping[str, Any] | None, max_bytes: int) -> Reading:
    from core.table_files import read_csv

    return _from_columns("csv", read_csv(content, max_bytes), mapping)


def _parquet(content: BinaryIO, mapping: Mapping[str, Any] | None, max_bytes: int) -> Reading:
    from core.table_files import read_parquet

    return _from_columns("parquet", read_parquet(content, max_bytes), mapping)


def _from_columns(form: str, columns: Arrays, mapping: Mapping[str, Any] | None) -> Reading:
    from core.trial_table import TableMapping, table_arrays

    needed = "a table's mapping names columns, and a list of them or a prefix in `counts`"
    declared = None if mapping is None else validated(mapping, TableMapping, needed)
    return Reading(form, table_arrays(columns, declared))


def _from_tree(form: str, tree: Tree, mapping: Mapping[str, Any] | None) -> Reading:
    arrays = unmapped(tree) if mapping is None else mapped(tree, validated(mapping, ArrayMapping))
    try:
        return Reading(form, with_angles_of_trials(arrays), angles_as_taken(arrays))
    except Unmapped as unfit:  # the arrays may be good for something else
        return Reading(form, arrays, (str(unfit),))


def _storable(reading: Reading) -> Reading:
    """Without arrays whose names cannot be kept, such as columns called `m/s`, and saying so."""
    kept = {name: values for name, values in reading.arrays.items() if may_be_stored(name)}
    if len(kept) > MAX_MEMBERS:
        raise TooLarge(
            f"the file has {len(kept)} arrays; at most {MAX_MEMBERS} are kept: name those that are "
            "needed in a mapping"
        )
    odd = [f"{name[:50]!a}" for name in reading.arrays if name not in kept]
    if not odd:
        return reading
    told = f"{len(odd)} arrays were left out, their names cannot be kept; map them: {odd[0]}"
    return Reading(reading.format, kept, (*reading.notes, told))


_READERS = {"npz": _npz, "mat": _mat, "hdf5": _hdf5, "csv": _csv, "parquet": _parquet}


def _likeness(start: bytes) -> str:
    """What an unknown file looks like."""
    for signature, likeness in _LOOKS_LIKE.items():
        if start.startswith(signature):
            return likeness
    if not start:
        return "an empty file"
    start = start[:128]
    shown = start[:24].decode("ascii", errors="replace")
    if all(32 <= byte < 127 or byte in b"\t\r\n" for byte in start):
        return f"a text file beginning {shown!r}"
    return f"a file of an unknown format beginning {start[:8].hex(' ')}"
