"""NPZ archives of plain arrays, written and read without pickles.

Nothing a header declares is believed before it is checked: sizes are compared with a limit and with
the bytes that are there before an array is allocated, and object arrays are refused by name.
"""

import io
import math
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any, BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from core.experiment import ExperimentError

MAX_MEMBERS = 1000
MAX_NAME_LENGTH = 100
_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
BROKEN = (
    *(zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError),
    *(OSError, ValueError, OverflowError),
)
"""What the library raises for a damaged ZIP; the last three for places and names that cannot be."""
_MOMENT = (1980, 1, 1, 0, 0, 0)  # a fixed time stamp: the same arrays give the same bytes


class UnreadableFile(ExperimentError):
    """A file that is not what it should be; the message says what was found."""


class PickledArray(UnreadableFile):
    """An array of Python objects: reading it could run code."""


class TooLarge(UnreadableFile):
    """A file that would need more memory than is allowed."""


def in_silence() -> None:
    """Nobody waits for a sign of life."""


def read_npz(
    content: BinaryIO, max_bytes: int, still_here: Callable[[], None] = in_silence
) -> dict[str, NDArray[Any]]:
    """The named arrays of an NPZ archive whose arrays need at most `max_bytes` together.

    `still_here` is called all the while: to unpack gigabytes takes longer than the lease of a run.
    """
    with opened(content, "NPZ") as archive:
        members = archive.infolist()
        _check_members(members, max_bytes)
        return {_key(member): _array(archive, member, still_here) for member in members}


class _Heard:
    """A file that says with every piece that is read of it that the reader is still there."""

    def __init__(self, packed: IO[bytes], still_here: Callable[[], None]) -> None:
        self._packed, self._still_here = packed, still_here

    def read(self, size: int = -1) -> bytes:
        self._still_here()
        return self._packed.read(size)


@contextmanager
def opened(content: BinaryIO, form: str) -> Iterator[zipfile.ZipFile]:
    """An archive to read; what is damaged in it is said of that form of archive."""
    try:
        with zipfile.ZipFile(content) as archive:
            yield archive
    except BROKEN as broken:
        raise UnreadableFile(f"the {form} archive is damaged or incomplete: {broken}") from None


def written_npz(arrays: Mapping[str, NDArray[Any]], *, compressed: bool = True) -> bytes:
    """The arrays as an NPZ archive, the same bytes for the same arrays."""
    content = io.BytesIO()
    method = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
    with zipfile.ZipFile(content, "w", method) as archive:
        for name in sorted(arrays):
            with archive.open(zipfile.ZipInfo(f"{name}.npy", _MOMENT), "w") as member:
                npy.write_array(member, np.asanyarray(arrays[name]), allow_pickle=False)
    return content.getvalue()


def may_be_stored(name: str) -> bool:
    """Whether an archive that holds an array of this name can be read again."""
    try:
        _check_name(f"{name}.npy")
    except UnreadableFile:
        return False
    return True


def checked_header(key: str, packed: IO[bytes], size: int) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and type of a `.npy` file of `size` bytes that may be read; raises for any other."""
    version = npy.read_magic(packed)
    if version not in _HEADERS:
        raise UnreadableFile(f"the array `{key}` is in .npy format {version}; 1.0 and 2.0 are read")
    shape, _, dtype = _HEADERS[version](packed)
    if dtype.hasobject:
        raise PickledArray(
            f"the array `{key}` holds pickled Python objects, which are never opened because they "
            "can run code; save it again as numbers, or as text with .astype(str)"
        )
    if dtype.names is not None:
        raise UnreadableFile(f"the array `{key}` is a table of fields; save each field by itself")
    declared = math.prod(shape) * dtype.itemsize
    if min(shape, default=0) < 0 or declared != size - packed.tell():
        raise UnreadableFile(
            f"the array `{key}` declares {declared} bytes but {size - packed.tell()} are there"
        )
    return shape, dtype


def check_archive(members: list[zipfile.ZipInfo], max_bytes: int) -> None:
    """Refuse entries that are encrypted or named twice, and those that unpack to too much."""
    for member in members:
        if member.flag_bits & 1:
            raise UnreadableFile(f"`{member.filename}` is encrypted")
    names = [member.filename for member in members]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UnreadableFile(f"the archive has two entries named {_quoted(twice)}")
    unpacked = sum(member.file_size for member in members)
    if unpacked > max_bytes:
        raise TooLarge(
            f"the archive unpacks to {unpacked} bytes; at most {max_bytes} bytes are read"
        )


def _check_members(members: list[zipfile.ZipInfo], max_bytes: int) -> None:
    if len(members) > MAX_MEMBERS:
        raise TooLarge(f"the archive has {len(members)} entries; at most {MAX_MEMBERS} are read")
    for member in members:
        _check_name(member.orig_filename)
    check_archive(members, max_bytes)


def _check_name(name: str) -> None:
    key = name.removesuffix(".npy")
    if any(mark in key for mark in ("/", "\\", "\0", ":")) or key.startswith("."):
        raise UnreadableFile(f"the entry {name!r} is a path; array names may not be paths")
    if len(key) > MAX_NAME_LENGTH or not key.isprintable():
        raise UnreadableFile(
            f"the array name {key[:MAX_NAME_LENGTH]!a} is not 1 to {MAX_NAME_LENGTH} printable "
            "characters"
        )
    if key == name or not key:
        raise UnreadableFile(
            f"the entry {name!r} is not a .npy array: this is a ZIP file, but not an NPZ archive"
        )


def _key(member: zipfile.ZipInfo) -> str:
    return member.filename.removesuffix(".npy")


def _array(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, still_here: Callable[[], None]
) -> NDArray[Any]:
    key = _key(member)
    try:
        with archive.open(member) as packed:
            checked_header(key, packed, member.file_size)
        with archive.open(member) as packed:
            values = npy.read_array(_Heard(packed, still_here), allow_pickle=False)
            return np.asarray(values, order="C")
    except (ValueError, RuntimeError) as broken:
        raise UnreadableFile(f"the array `{key}` cannot be read: {broken}") from None


def _quoted(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
