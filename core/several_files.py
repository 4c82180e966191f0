"""Several files of one recording as one dataset: a ZIP archive of files, joined array by array.

Joined by trials, the files are parts of a session one after the other (a file per block, say), of
the same neurons. Joined by neurons, they are recordings of the same trials (a file per probe).
Nothing in an archive is written to disk: each file is read from memory, one at a time.
"""

import io
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray

from core.mapping import Unmapped
from core.npz import BROKEN, TooLarge, UnreadableFile, check_archive, opened
from core.session import (
    BEHAVIOUR,
    MAX_FACTORS,
    MAX_LABEL_LENGTH,
    NEEDED,
    angles_per_target,
    labels_per_trial,
    naturally_sorted,
)

MAX_FILES = 64
Join = Literal["trials", "neurons"]
Arrays = Mapping[str, NDArray[Any]]
_ANGLES = "target_angle_deg"


def holds_files(content: BinaryIO) -> bool:
    """Whether a ZIP archive is one of files rather than of arrays."""
    try:
        with zipfile.ZipFile(content) as archive:
            names = archive.namelist()
    except BROKEN:
        return False  # the reader of arrays says what is wrong
    finally:
        content.seek(0)
    return bool(names) and not any(name.endswith(".npy") for name in names)


def files_of(content: BinaryIO, max_bytes: int) -> Iterator[tuple[str, BinaryIO]]:
    """Name and content of every file in an archive, in its order."""
    with opened(content, "ZIP") as archive:
        members = [m for m in archive.infolist() if not (m.is_dir() or _is_of_macos(m))]
        check_archive(members, max_bytes)
        names = [member.filename.rsplit("/", 1)[-1] for member in members]
        _check_names(names)
        for name, member in zip(names, members, strict=True):
            yield name, io.BytesIO(archive.read(member))


def joined(parts: Mapping[str, Arrays], by: Join, max_bytes: int) -> tuple[Arrays, tuple[str, ...]]:
    """The arrays of all files as those of one, and how they were joined."""
    size = sum(values.nbytes for arrays in parts.values() for values in arrays.values())
    if size > max_bytes:
        raise TooLarge(f"the files have {size} bytes of arrays together; {max_bytes} are read")
    rows = {name: _rows(name, arrays) for name, arrays in parts.items()}
    return _by_neurons(parts, rows) if by == "neurons" else _by_trials(parts, rows)


def _is_of_macos(member: zipfile.ZipInfo) -> bool:
    """What the Finder adds to an archive beside the files."""
    return member.filename.startswith("__MACOSX/")


def _check_names(names: list[str]) -> None:
    if not 1 <= len(names) <= MAX_FILES:
        raise UnreadableFile(f"the archive has {len(names)} files; 1 to {MAX_FILES} are read")
    for name in names:
        if not 1 <= len(name) <= MAX_LABEL_LENGTH or not name.isprintable():
            raise UnreadableFile(
                f"the file name {name[:MAX_LABEL_LENGTH]!a} in the archive is not 1 to "
                f"{MAX_LABEL_LENGTH} printable characters"
            )
        if names.count(name) > 1:
            raise UnreadableFile(f"the archive has two files named {name}; name them apart")


def _rows(file: str, arrays: Arrays) -> int:
    """Trials of one file."""
    for name in (*NEEDED, *BEHAVIOUR):
        if name in arrays and arrays[name].ndim:
            return len(arrays[name])
    has = ", ".join(f"`{name}`" for name in arrays) or "nothing"
    raise Unmapped(f"{file} has neither counts, nor targets, nor behaviour; it has {has}")


def _by_trials(
    parts: Mapping[str, Arrays], rows: Mapping[str, int]
) -> tuple[Arrays, tuple[str, ...]]:
    """One file after the other; the factor `file` says which trial is of which."""
    names = {name: None for arrays in parts.values() for name in arrays}
    common = [name for name in names if all(name in arrays for arrays in parts.values())]
    _check_common(parts, common)
    found: dict[str, NDArray[Any]] = {}
    for name in common:
        if name != _ANGLES and _is_per_trial(parts, rows, name):
            found[name] = _stacked(parts, name)
    if _ANGLES in common and "target" in common:
        found[_ANGLES] = _angles(parts)
    alike = [name for name in common if name not in found and _is_same(parts, name)]
    found |= {name: next(iter(parts.values()))[name] for name in alike}
    left = [name for name in names if name not in found]
    factors = sum(values.dtype.kind == "U" and values.ndim == 1 for values in found.values())
    if "file" not in found and factors < MAX_FACTORS:
        found["file"] = np.repeat(list(parts), list(rows.values()))
    told = ", ".join(f"{name} ({rows[name]} trials)" for name in parts)
    notes = [f"one after the other: {told}; neurons are taken to be the same, by their position"]
    notes += [f"left out, since the files do not agree in it: {', '.join(left)}"] if left else []
    return found, tuple(notes)


def _by_neurons(
    parts: Mapping[str, Arrays], rows: Mapping[str, int]
) -> tuple[Arrays, tuple[str, ...]]:
    """The neurons of all files side by side; every other array must be the same in all."""
    first = next(iter(parts))
    found: dict[str, NDArray[Any]] = {}
    for file, arrays in parts.items():
        if rows[file] != rows[first] or "counts" not in arrays or arrays["counts"].ndim != 2:
            raise Unmapped(
                f"{file} has {rows[file]} trials, {first} has {rows[first]}; joined by neurons, "
                "every file needs counts (trial, neuron) of the same trials in the same order"
            )
        for name, values in arrays.items():
            if name != "counts" and not _equal(found.setdefault(name, values), values):
                raise Unmapped(
                    f"`{name}` of {file} is not that of the files before it; joined by neurons, "
                    "files are of the same trials in the same order"
                )
    found["counts"] = np.concatenate([arrays["counts"] for arrays in parts.values()], axis=1)
    ends = np.cumsum([arrays["counts"].shape[1] for arrays in parts.values()]).tolist()
    starts = [0, *ends[:-1]]
    told = [f"{a} to {b - 1} of {f}" for f, a, b in zip(parts, starts, ends, strict=True)]
    return found, (f"side by side: neurons {', '.join(told)}",)


def _check_common(parts: Mapping[str, Arrays], common: list[str]) -> None:
    """What an analysis needs must be in all files or in none."""
    for needed in (*NEEDED, _ANGLES, *BEHAVIOUR):
        having = [file for file, arrays in parts.items() if needed in arrays]
        if having and needed not in common:
            lacking = next(file for file in parts if file not in having)
            raise Unmapped(f"{having[0]} has `{needed}` and {lacking} has not; all files need it")
    widths = {f: a["counts"].shape[1:] for f, a in parts.items() if "counts" in common}
    if len(set(widths.values())) > 1:
        told = ", ".join(f"{file} {width}" for file, width in widths.items())
        raise Unmapped(
            f"the files do not have the same neurons: counts beyond trials are {told}. Files of "
            'other neurons in the same trials are joined with the mapping {"join": "neurons"}; '
            "recordings of other neurons in other trials are datasets of their own"
        )


def _is_per_trial(parts: Mapping[str, Arrays], rows: Mapping[str, int], name: str) -> bool:
    shapes = {file: arrays[name].shape for file, arrays in parts.items()}
    return (
        all(shape[:1] == (rows[file],) for file, shape in shapes.items())
        and len({shape[1:] for shape in shapes.values()}) == 1
    )


def _stacked(parts: Mapping[str, Arrays], name: str) -> NDArray[Any]:
    values = [arrays[name] for arrays in parts.values()]
    if len({each.dtype.kind == "U" for each in values}) > 1:
        raise Unmapped(f"`{name}` is text in some files and numbers in others")
    if name == "group":  # groups of two files are never the same
        own = (np.char.add(f"{k}:", each.astype(np.str_)) for k, each in enumerate(values))
        return np.concatenate(list(own))
    return np.concatenate(values)


def _angles(parts: Mapping[str, Arrays]) -> NDArray[np.float64]:
    """The angle of every target of any file, in the order of their labels."""
    known: dict[str, float] = {}
    for file, arrays in parts.items():
        target = labels_per_trial("target", arrays["target"], len(arrays["target"]))
        labels = naturally_sorted(set(target.tolist()))
        angles = angles_per_target(arrays[_ANGLES], labels)
        for label, angle in zip(labels, () if angles is None else angles.tolist(), strict=True):
            if known.setdefault(label, angle) != angle:
                raise Unmapped(
                    f"target {label!r} is at {known[label]:g} degrees in a file before {file}, "
                    f"where it is at {angle:g}; each target needs one angle"
                )
    return np.array([known[label] for label in naturally_sorted(known)])


def _is_same(parts: Mapping[str, Arrays], name: str) -> bool:
    first, *others = (arrays[name] for arrays in parts.values())
    return all(_equal(first, other) for other in others)


def _equal(first: NDArray[Any], other: NDArray[Any]) -> bool:
    numbers = first.dtype.kind in "fc" and other.dtype.kind in "fc"
    return bool(np.array_equal(first, other, equal_nan=numbers))
