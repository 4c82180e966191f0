"""HDF5 files of strangers: opened only when nothing in them leads out of the file.

External links, external storage and virtual datasets would make the reader open other files of
this machine; a chunk that claims to be huge would exhaust its memory.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import h5py
import numpy as np
from numpy.typing import NDArray

from core.npz import TooLarge, UnreadableFile

MAX_OBJECTS = 100_000
DAMAGE = (OSError, RuntimeError, KeyError, ValueError, TypeError, AttributeError, OverflowError)
"""What h5py raises for a file that is not what its structures promise."""
_TEXTS_AT_ONCE = 10_000


class LeadsElsewhere(UnreadableFile):
    """A file that would have other files opened."""


@contextmanager
def opened(source: BinaryIO | Path, max_bytes: int) -> Iterator[h5py.File]:
    """An HDF5 file after a walk over all its links and datasets."""
    try:
        with h5py.File(source, "r") as file:
            _check(file, max_bytes)
            yield file
    except DAMAGE as broken:
        raise UnreadableFile(
            f"the HDF5 file is damaged, incomplete or unusual: {_first_line(broken)}"
        ) from None


class Budget:
    """How many bytes may still be read."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.left = max_bytes

    def spend(self, size: int) -> None:
        """Take this many bytes; raises `TooLarge` when they are not there."""
        self.left -= size
        if self.left < 0:
            raise TooLarge(f"the file unpacks to more than {self.max_bytes} bytes, the most read")


def values_of(dataset: h5py.Dataset, budget: Budget) -> NDArray[Any]:
    """All of a dataset, its text as unicode; counted before it is read."""
    if h5py.check_string_dtype(dataset.dtype) is not None:
        return _texts(dataset, budget)
    if dataset.dtype.kind not in "biufc":
        raise UnreadableFile(f"`{dataset.name}` holds {dataset.dtype}, which is not read")
    if dataset.shape is None:
        return np.empty(0)
    budget.spend(dataset.size * dataset.dtype.itemsize)
    return np.asarray(dataset[()])


def _texts(dataset: h5py.Dataset, budget: Budget) -> NDArray[np.str_]:
    """Text of any length: many entries may share one long text, so it is counted as it comes."""
    if not dataset.shape:
        return np.array(_decoded(dataset[()]) if dataset.shape == () else "")
    if len(dataset.shape) > 1:
        raise UnreadableFile(
            f"`{dataset.name}` is a table of text {dataset.shape}; one row is read"
        )
    found: list[str] = []
    longest, spent = 1, 0
    for start in range(0, len(dataset), _TEXTS_AT_ONCE):
        found += [_decoded(text) for text in dataset[start : start + _TEXTS_AT_ONCE]]
        longest = max(longest, *map(len, found[start:]))
        budget.spend(4 * longest * len(found) - spent)
        spent = 4 * longest * len(found)
    return np.array(found, dtype=np.str_)


def _decoded(text: Any) -> str:
    return text.decode("utf-8") if isinstance(text, bytes) else str(text)


def _check(file: h5py.File, max_bytes: int) -> None:
    """Walk every hard link once; nothing is followed out of the file."""
    waiting: list[h5py.Group] = [file]
    seen = {_address(file)}
    while waiting:
        group = waiting.pop()
        for name in group:
            link = group.get(name, getlink=True)
            _check_link(group, name, link)
            if not isinstance(link, h5py.HardLink):
                continue
            node = group[name]
            if _address(node) in seen:
                continue
            seen.add(_address(node))
            if len(seen) > MAX_OBJECTS:
                raise TooLarge(f"the file has more than {MAX_OBJECTS} objects, the most read")
            if isinstance(node, h5py.Group):
                waiting.append(node)
            elif isinstance(node, h5py.Dataset):
                _check_dataset(node, max_bytes)


def _check_link(group: h5py.Group, name: str, link: Any) -> None:
    if isinstance(link, h5py.ExternalLink):
        raise LeadsElsewhere(
            f"`{group.name.rstrip('/')}/{name}` is a link to another file, {link.filename!r}; such "
            "links are never followed. Copy what it points to into the file and upload that"
        )


def _check_dataset(dataset: h5py.Dataset, max_bytes: int) -> None:
    if dataset.external or dataset.is_virtual:
        raise LeadsElsewhere(
            f"the values of `{dataset.name}` lie in another file, which is never opened; copy them "
            "into the file and upload that"
        )
    if dataset.chunks is not None:
        size = int(np.prod(dataset.chunks, dtype=object)) * dataset.dtype.itemsize
        if size > max_bytes:
            raise TooLarge(
                f"`{dataset.name}` is packed in pieces of {size} bytes; at most {max_bytes} bytes "
                "are read"
            )


def _address(node: Any) -> int:
    return int(h5py.h5o.get_info(node.id).addr)


def _first_line(broken: BaseException) -> str:
    return str(broken).partition("\n")[0][:200]
