"""Files are recognised by content, never trusted, and refused in words."""

import io
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.io
from numpy.typing import NDArray

from core.examples import EXAMPLES, GOLUB_BCI
from core.experiment import ExperimentError
from core.mapping import blamed
from core.npz import PickledArray, TooLarge, UnreadableFile, written_npz
from core.reading import load_arrays, read_arrays, save_arrays

MAT = Path(__file__).parents[1] / "data" / "golub_bci_example.mat"
CELLS = {
    "counts": {
        "before": "beforeLearning.clouds.spikes",
        "after": "afterLearning.clouds.spikes",
    },
    "axes": ["target", "neuron", "trial"],
    "target_angle_deg": "beforeLearning.clouds.angles",
}


def npz(**arrays: Any) -> bytes:
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    return content.getvalue()


def mat(**variables: Any) -> bytes:
    content = io.BytesIO()
    scipy.io.savemat(content, variables, do_compression=True)
    return content.getvalue()


def zipped(**members: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return content.getvalue()


def npy(values: NDArray[Any]) -> bytes:
    content = io.BytesIO()
    np.save(content, values)
    return content.getvalue()


def test_the_matlab_original_gives_the_same_arrays_as_the_bundled_archive() -> None:
    bundled, original = read_arrays(GOLUB_BCI.path), read_arrays(MAT, CELLS)
    assert (bundled.format, original.format) == ("npz", "mat")
    assert set(original.arrays) == set(bundled.arrays)
    for name, values in bundled.arrays.items():
        np.testing.assert_array_equal(original.arrays[name], values)


def test_bundled_examples_have_fixed_ids() -> None:
    assert [each.dataset_id for each in EXAMPLES] == [
        "d6d17bc5-669e-541d-8bb3-9ba2a9685c56",
        "e0455177-338e-541c-9f34-1b8160b6a006",
    ]


def test_saved_arrays_come_back_the_same_and_have_the_same_bytes(tmp_path: Path) -> None:
    arrays = {
        "counts": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "target": np.array(["left", "größer"]),
        "file": np.array(3),
    }
    save_arrays(arrays, tmp_path / "a.npz")
    loaded = load_arrays(tmp_path / "a.npz")
    for name, values in arrays.items():
        np.testing.assert_array_equal(loaded[name], values)
        assert (loaded[name].shape, loaded[name].dtype) == (values.shape, values.dtype)
        assert not loaded[name].flags.writeable
    assert (tmp_path / "a.npz").read_bytes() == written_npz(dict(reversed(arrays.items())))


def test_objects_are_never_saved() -> None:
    with pytest.raises(ValueError, match="Object arrays cannot be saved"):
        written_npz({"x": np.array([{}], dtype=object)})


def test_matlab_vectors_text_and_flat_matrices_need_no_mapping() -> None:
    counts, angle = np.arange(12.0).reshape(4, 3), np.array([0.0, 180.0])
    content = mat(
        counts=counts,
        target=np.array([[1], [1], [2], [2]]),
        block=np.array([["pre"], ["pre"], ["post"], ["post"]], dtype=object),
        target_angle_deg=angle,
        field=["NF", "NF", "curl", "curl"],
    )
    arrays = read_arrays(content).arrays
    np.testing.assert_array_equal(arrays["counts"], counts)
    assert arrays["target"].tolist() == [1, 1, 2, 2]
    assert arrays["block"].tolist() == ["pre", "pre", "post", "post"]
    assert arrays["field"].tolist() == ["NF", "NF", "curl", "curl"]
    assert arrays["target_angle_deg"].shape == (2,)


def test_a_struct_array_is_a_cell_array_of_its_field() -> None:
    trials = np.zeros((1, 2), dtype=[("spikes", object)])
    trials["spikes"][0, 0], trials["spikes"][0, 1] = np.ones((3, 4)), np.zeros((2, 4))
    mapping = {"counts": "d.spikes", "axes": ["target", "trial", "neuron"]}
    arrays = read_arrays(mat(d=trials), mapping).arrays
    assert arrays["counts"].shape == (5, 4)
    assert arrays["target"].tolist() == [0, 0, 0, 1, 1]


def test_a_mapping_renames_turns_and_stacks() -> None:
    x = np.arange(24.0).reshape(2, 3, 4)
    content = npz(a=x[0], b=x[1], ta=np.arange(4), tb=np.arange(4), error=np.arange(8.0))
    mapping = {
        "counts": {"one": "a", "two": "b"},
        "target": {"one": "ta", "two": "tb"},
        "error": "error",
        "axes": ["neuron", "trial"],
    }
    arrays = read_arrays(content, mapping).arrays
    np.testing.assert_array_equal(arrays["counts"], np.concatenate([x[0].T, x[1].T]))
    assert arrays["block"].tolist() == ["one"] * 4 + ["two"] * 4
    assert arrays["target"].tolist() == [0, 1, 2, 3] * 2
    assert arrays["error"].shape == (8,)


def test_angles_of_trials_are_taken_as_those_of_their_targets() -> None:
    target = np.array(["up", "left", "up", "left"])
    own = {"counts": np.ones((4, 2)), "target": target, "target_angle_deg": [90.0, 180, 90, 180]}
    assert read_arrays(npz(**own)).arrays["target_angle_deg"].tolist() == [180, 90]
    mapping = {"counts": "counts", "target": "target", "target_angle_deg": "target_angle_deg"}
    assert read_arrays(npz(**own), mapping).arrays["target_angle_deg"].tolist() == [180, 90]
    numbers = {**own, "target": [1.0, 2.0, 1.0, 2.0]}
    assert read_arrays(mat(**numbers)).arrays["target_angle_deg"].tolist() == [90, 180]


def test_angles_of_targets_that_are_words_are_told_with_their_targets() -> None:
    """Somebody who writes E, N, W, S for 0 to 270 degrees would else have W and S exchanged."""
    own = {"counts": np.ones((8, 2)), "target_angle_deg": [0.0, 90, 180, 270]}
    (note,) = read_arrays(npz(**own, target=list("ENWSENWS"))).notes
    assert "alphabetical order of the targets: E 0, N 90, S 180, W 270; if" in note
    for target in (np.arange(8) % 4, list("01230123")):
        assert read_arrays(npz(**own, target=target)).notes == ()
    of_trials = {**own, "target_angle_deg": [0.0, 90, 180, 270] * 2}
    assert read_arrays(npz(**of_trials, target=list("ENWSENWS"))).notes == ()


def test_angles_that_may_be_of_targets_stay_and_those_that_differ_are_told() -> None:
    each = {"counts": np.ones((3, 2)), "target": [2, 0, 1], "target_angle_deg": [0.0, 90, 180]}
    assert read_arrays(npz(**each)).arrays["target_angle_deg"].tolist() == [0, 90, 180]
    apart = {**each, "target": [0, 0, 1]}
    reading = read_arrays(npz(**apart))
    assert reading.notes == ("target 0 has several angles, [0.0, 90.0]; each target needs one",)
    assert reading.arrays["target_angle_deg"].tolist() == [0, 90, 180]


def test_bins_of_time_are_summed_over_a_window() -> None:
    box = np.arange(2 * 3 * 5).reshape(5, 2, 3)
    mapping = {"counts": "x", "axes": ["time", "trial", "neuron"], "window": [1, 4]}
    arrays = read_arrays(npz(x=box), mapping).arrays
    np.testing.assert_array_equal(arrays["counts"], box[1] + box[2] + box[3])


def test_a_box_of_targets_takes_labels_per_target() -> None:
    box = np.arange(24).reshape(2, 3, 4)
    mapping = {"counts": "x", "target": "t", "axes": ["neuron", "target", "trial"]}
    arrays = read_arrays(npz(x=box, t=np.array(["a", "b", "c"])), mapping).arrays
    assert arrays["target"].tolist() == list("aaaabbbbcccc")
    np.testing.assert_array_equal(arrays["counts"][4:8], box[:, 1].T)


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        (
            {"counts": "spikes"},
            r"`spikes` is not there. The file has `y` \(an array \(2, 3, 4\)\), `w` \(an",
        ),
        ({"counts": "x.y"}, r"`x.y` is not there"),
        ({"counts": "y"}, r"`y` is an array \(2, 3, 4\), but axes say \(trial, neuron\)"),
        ({"target": "x"}, r"mapping counts: Field required; give a path of the file"),
        ({"counts": 3}, r"mapping counts: .* or one path per block label"),
        ({"counts": "x", "axes": ["trial", "trial"]}, r"mapping axes: .*each once"),
        ({"counts": "x", "axes": ["bin"]}, r"mapping axes: Input should be 'target', 'neuron'"),
        (
            {"counts": "y", "axes": ["trial", "neuron", "time"]},
            r"mapping axes: axes and window go together: counts with an axis `time` need a window",
        ),
        (
            {"counts": "y", "axes": ["trial", "neuron", "time"], "window": [2, 5]},
            r"mapping window: \[2, 5\] is not within the 4 time bins of `y`",
        ),
        ({"counts": "x", "../up": "x"}, r"mapping \.\./up: String should match pattern"),
        (
            {"counts": {"a": "x", "b": "x"}, "target": {"a": "x"}},
            r"mapping target: names blocks \['a'\], counts \['a', 'b'\]",
        ),
        ({"counts": {"a": "x", "b": "w"}}, r"the blocks have \[4, 5\] neurons; they must agree"),
        (
            {"counts": "y", "target": "x", "axes": ["target", "trial", "neuron"]},
            r"mapping target: 2 targets, but its shape is \(3, 4\)",
        ),
    ],
)
def test_a_mapping_that_does_not_fit_says_what_the_file_has(
    mapping: dict[str, Any], message: str
) -> None:
    content = npz(x=np.ones((3, 4)), y=np.ones((2, 3, 4)), w=np.ones((3, 5)))
    with pytest.raises(ExperimentError, match=message):
        read_arrays(content, mapping)


@pytest.mark.parametrize(
    ("refusal", "told"),
    [
        ("mapping counts.a: there: is", ("counts.a", "there: is")),
        ("mapping: two\nlines", ("", "two\nlines")),
        ("the NPZ archive is damaged: mapping x: y", (None, None)),
        ("file mapping x: damaged", (None, None)),
    ],
)
def test_a_refusal_tells_which_key_of_the_mapping_it_is_about(
    refusal: str, told: tuple[str | None, str | None]
) -> None:
    assert blamed(refusal) == (told[0], told[1] or refusal)


def test_a_file_of_several_is_named_after_the_key() -> None:
    content = zipped(**{"a.npz": npz(x=np.ones((3, 4)))})
    with pytest.raises(ExperimentError, match=r"^mapping counts: file a.npz: `y` is not there"):
        read_arrays(content, {"counts": "y"})


def test_a_cell_array_without_target_among_the_axes_is_refused() -> None:
    with pytest.raises(ExperimentError, match=r"is a cell array; say so with `target` first"):
        read_arrays(MAT, {"counts": "beforeLearning.clouds.spikes"})


def test_a_file_of_structs_needs_a_mapping_and_lists_its_paths() -> None:
    message = r"give a mapping. The file has `beforeLearning.clouds.spikes` \(a cell array of 8\)"
    with pytest.raises(ExperimentError, match=message):
        read_arrays(MAT)


def test_a_pickled_array_is_refused_by_name() -> None:
    with pytest.raises(PickledArray, match=r"the array `target` holds pickled Python objects"):
        read_arrays(npz(counts=np.ones((4, 2)), target=np.array(["a", None], dtype=object)))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "this is an empty file"),
        (b"counts target\n1 2\n", r"this is a text file beginning 'counts target"),
        (npy(np.ones(3)), r"a single .npy array; put it in an archive with numpy.savez"),
        (b"\x80\x04\x95abc", "a Python pickle, which is never opened"),
        (b"%PDF-1.7", "a PDF document"),
        (bytes(range(200)), "a file of an unknown format beginning 00 01 02"),
    ],
)
def test_other_formats_are_named_beside_those_that_are_read(content: bytes, message: str) -> None:
    with pytest.raises(UnreadableFile, match=message) as refusal:
        read_arrays(content)
    assert "NWB and other HDF5 files, NPZ archives, MATLAB files, and tables" in str(refusal.value)


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.9, 0.99])
def test_a_truncated_archive_is_refused(kept: float) -> None:
    content = GOLUB_BCI.path.read_bytes()
    with pytest.raises(UnreadableFile, match="damaged or incomplete"):
        read_arrays(content[: int(kept * len(content))])


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.99])
def test_a_truncated_mat_file_is_refused(kept: float) -> None:
    content = MAT.read_bytes()
    with pytest.raises(UnreadableFile, match=r"incomplete: \d+ bytes are missing"):
        read_arrays(content[: int(kept * len(content))], CELLS)


def test_a_damaged_mat_file_is_refused() -> None:
    content = bytearray(MAT.read_bytes())
    content[3000:3100] = bytes(100)
    with pytest.raises(UnreadableFile, match="damaged"):
        read_arrays(bytes(content), CELLS)


def test_a_flipped_byte_in_an_archive_is_refused() -> None:
    content = bytearray(npz(counts=np.random.default_rng(0).random((50, 5))))
    content[200] ^= 0xFF
    with pytest.raises(UnreadableFile):
        read_arrays(bytes(content))


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    zeros = np.zeros(10_000_000, dtype=np.uint8)
    with pytest.raises(
        TooLarge, match=r"unpacks to 10000\d+ bytes; at most 1000000 bytes are read"
    ):
        read_arrays(npz(counts=zeros), max_bytes=1_000_000)
    with pytest.raises(TooLarge, match="unpacks to more than 1000000 bytes"):
        read_arrays(mat(counts=zeros), max_bytes=1_000_000)


def test_a_header_that_promises_more_than_is_there_allocates_nothing() -> None:
    header = npy(np.zeros(8)).replace(b"(8,)", b"(" + b"8" * 12 + b",)")
    lying = zipped(**{"counts.npy": header})
    with pytest.raises(
        UnreadableFile, match=r"the array `counts` (declares \d+ bytes|cannot be r)"
    ):
        read_arrays(lying)


def test_too_many_entries_are_refused() -> None:
    with pytest.raises(TooLarge, match="the archive has 1001 entries; at most 1000 are read"):
        read_arrays(zipped(**{f"a{n}.npy": b"" for n in range(1001)}))


@pytest.mark.parametrize("name", ["../counts.npy", "/etc/x.npy", "a\\b.npy", "c:x.npy", ".x.npy"])
def test_names_that_are_paths_are_refused(name: str) -> None:
    with pytest.raises(UnreadableFile, match="is a path; array names may not be paths"):
        read_arrays(zipped(**{name: npy(np.ones(3))}))


def test_a_zip_file_of_other_things_is_refused() -> None:
    with pytest.raises(UnreadableFile, match=r"'notes.txt' is not a .npy array: this is a ZIP"):
        read_arrays(zipped(**{"x.npy": npy(np.ones(3)), "notes.txt": b"hello"}))
    with pytest.raises(UnreadableFile, match=r"notes.txt: NWB .* are read; this is a text file"):
        read_arrays(zipped(**{"notes.txt": b"hello"}))


def test_a_table_of_fields_is_refused() -> None:
    table = np.zeros(3, dtype=[("a", float)])
    with pytest.raises(UnreadableFile, match=r"the array `table` is a table of fields"):
        read_arrays(npz(table=table))


def test_two_entries_of_one_name_are_refused() -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("xa.npy", npy(np.ones(3)))
        archive.writestr("xb.npy", npy(np.ones(3)))
    with pytest.raises(UnreadableFile, match=r"two entries named `xa.npy`"):
        read_arrays(content.getvalue().replace(b"xb.npy", b"xa.npy"))


def test_a_sparse_matrix_is_refused() -> None:
    with pytest.raises(UnreadableFile, match=r"sparse matrix; store it with full"):
        read_arrays(mat(counts=scipy.sparse.eye(5, format="csc")))


def test_a_compressed_element_of_rubbish_is_refused() -> None:
    header = b"MATLAB 5.0 MAT-file".ljust(124) + b"\0\1IM"
    rubbish = zlib.compress(b"\xff" * 64)
    content = header + struct.pack("<II", 15, len(rubbish)) + rubbish
    with pytest.raises(UnreadableFile, match="damaged"):
        read_arrays(content)
