"""MATLAB 7.3 files have the tree of version 5, and nothing in an HDF5 file leads out of it."""

import io
from collections.abc import Callable
from typing import Any

import h5py
import numpy as np
import pytest
import scipy.io

from core.examples import GOLUB_BCI
from core.experiment import ExperimentError
from core.matfile import read_mat
from core.npz import TooLarge, UnreadableFile
from core.reading import read_arrays
from tests.core.hdf5_files import mat73
from tests.core.test_reading import CELLS, MAT

LIMIT = 2**31


def h5(write: Callable[[h5py.File], Any]) -> bytes:
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        write(file)
    return content.getvalue()


def test_a_recording_saved_as_7_3_gives_the_same_arrays_as_the_bundled_archive() -> None:
    with MAT.open("rb") as content:
        reading = read_arrays(mat73(read_mat(content, LIMIT)), CELLS)
    assert reading.format == "mat"
    for name, values in read_arrays(GOLUB_BCI.path).arrays.items():
        np.testing.assert_array_equal(reading.arrays[name], values)


def test_both_matlab_versions_have_one_tree() -> None:
    variables: dict[str, Any] = {
        "counts": np.arange(12.0).reshape(4, 3),
        "target": np.array([[1.0], [1.0], [2.0], [2.0]]),
        "block": ["pre", "pre", "post", "größer"],
        "clamp": np.array([[True, False, False, True]]),
        "s": [{"x": np.ones((2, 3)), "y": "a"}, {"x": np.zeros((3, 3)), "y": "b"}],
    }
    content = io.BytesIO()
    cells = {**variables, "block": np.array([[b] for b in variables["block"]], dtype=object)}
    scipy.io.savemat(content, cells)
    old, new = read_arrays(content.getvalue()).arrays, read_arrays(mat73(variables)).arrays
    assert set(old) == set(new) == {"counts", "target", "block", "clamp"}
    for name, values in old.items():
        np.testing.assert_array_equal(new[name], values)
    mapping = {"counts": "s.x", "axes": ["target", "trial", "neuron"]}
    first = read_arrays(mat73(variables), mapping).arrays
    assert first["counts"].shape == (5, 3)


def test_arrays_in_groups_are_named_by_their_path() -> None:
    def write(file: h5py.File) -> None:
        file["day1/counts"] = np.ones((4, 2))
        file["day1/labels"] = np.array([b"a", b"b", b"a", "ü".encode()])
        file["loop"] = h5py.SoftLink("/day1")
        file["nowhere"] = h5py.SoftLink("/absent")

    arrays = read_arrays(h5(write), {"counts": "day1.counts", "target": "day1.labels"}).arrays
    assert arrays["target"].tolist() == ["a", "b", "a", "ü"]


def elsewhere(file: h5py.File) -> None:
    file["counts"] = h5py.ExternalLink("/etc/passwd", "/")


def deeper(file: h5py.File) -> None:
    file.create_group("a/b")["counts"] = h5py.ExternalLink("other.h5", "/x")


def stored_outside(file: h5py.File) -> None:
    file.create_dataset("counts", (4,), "u1", external=[("/etc/passwd", 0, 4)])


def virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((4,), "f8")
    layout[:] = h5py.VirtualSource("other.h5", "x", shape=(4,))
    file.create_virtual_dataset("counts", layout)


def bomb(file: h5py.File) -> None:
    file.create_dataset("counts", (2**31, 4), "f8", chunks=(2**12, 4), compression="gzip")


def huge_chunk(file: h5py.File) -> None:
    file.create_dataset("counts", (2**30, 1), "u2", chunks=(2**30, 1), compression="gzip")


def nested(file: h5py.File) -> None:
    file.create_group("/".join("g" * 30))


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (elsewhere, r"`/counts` is a link to another file, '/etc/passwd'; such links are never"),
        (deeper, r"`/a/b/counts` is a link to another file, 'other.h5'"),
        (stored_outside, r"the values of `/counts` lie in another file, which is never opened"),
        (virtual, r"the values of `/counts` lie in another file"),
        (bomb, r"unpacks to more than 2147483648 bytes, the most read"),
        (nested, r"lies more than 20 groups deep"),
        (lambda file: file.create_group("a"), r"no plain array at its top"),
    ],
)
def test_hostile_structures_are_refused_in_words(
    write: Callable[[h5py.File], Any], message: str
) -> None:
    with pytest.raises(ExperimentError, match=message):
        read_arrays(h5(write), max_bytes=LIMIT)


def test_a_piece_that_unpacks_beyond_the_limit_is_refused_with_the_limit() -> None:
    with pytest.raises(TooLarge, match=r"in pieces of 2147483648 bytes; at most 1000000 bytes"):
        read_arrays(h5(huge_chunk), max_bytes=1_000_000)


def test_a_text_that_many_entries_share_counts_for_each() -> None:
    def write(file: h5py.File) -> None:
        file["texts"] = np.array(["a" * 10_000] * 200, dtype=object)

    with pytest.raises(TooLarge, match="unpacks to more than 100000 bytes"):
        read_arrays(h5(write), max_bytes=100_000)


@pytest.mark.parametrize("kept", [0.1, 0.3, 0.8])
def test_a_truncated_file_is_refused(kept: float) -> None:
    content = mat73({"counts": np.random.default_rng(0).random((40, 50)), "target": np.arange(40)})
    with pytest.raises(UnreadableFile, match="damaged, incomplete or unusual"):
        read_arrays(content[: int(kept * len(content))])


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"MATLAB_object_decode": 3, "MATLAB_class": b"string"}, "a MATLAB string, which only"),
        ({"MATLAB_sparse": 4, "MATLAB_class": b"double"}, r"sparse matrix; store it with full"),
    ],
)
def test_what_only_matlab_can_read_is_refused_with_a_way_out(
    attributes: dict[str, Any], message: str
) -> None:
    def write(file: h5py.File) -> None:
        file["x"] = np.zeros((1, 6), dtype=np.uint32)
        for name, value in attributes.items():
            file["x"].attrs[name] = value

    with pytest.raises(UnreadableFile, match=message):
        read_arrays(h5(write))
