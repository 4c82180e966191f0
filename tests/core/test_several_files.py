"""Several files of one recording are read one by one and joined."""

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.experiment import ExperimentError
from core.npz import TooLarge, written_npz
from core.reading import read_arrays
from core.summary import summarise
from tests.core.test_nwb_writing import session, write

Arrays = dict[str, Any]
PER_TRIAL = ("counts", "target", "state", "field", "perturbation", "reach")


def packed(files: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return content.getvalue()


def npz(**arrays: Any) -> bytes:
    return written_npz({name: np.asarray(values) for name, values in arrays.items()})


def of_state(arrays: Arrays, state: str) -> Arrays:
    own = arrays["state"] == state
    return {name: v[own] if name in PER_TRIAL else v for name, v in arrays.items()}


def nwb(arrays: Arrays, folder: Path) -> bytes:
    write(arrays, folder / "part.nwb")
    return (folder / "part.nwb").read_bytes()


def test_two_nwb_files_of_one_session_give_what_one_file_gives(tmp_path: Path) -> None:
    whole = session(mean_count=2.0)
    parts = {s: nwb(of_state(whole, s), tmp_path) for s in ("control", "hfs")}
    together = read_arrays(packed({f"{s}.nwb": content for s, content in parts.items()}))
    assert together.format == "nwb"
    for name in (*PER_TRIAL, "target_angle_deg"):
        np.testing.assert_array_equal(together.arrays[name], whole[name])
    assert together.arrays["file"].tolist() == [f"{s}.nwb" for s in whole["state"].tolist()]
    summary = summarise(together.arrays, together.format, together.notes)
    assert summary.factors["file"] == {"control.nwb": 32, "hfs.nwb": 32}
    assert "control.nwb (32 trials), hfs.nwb (32 trials)" in summary.warnings[0]


def test_two_nwb_files_of_the_same_trials_lie_side_by_side(tmp_path: Path) -> None:
    whole = session(neurons=5, mean_count=2.0)
    probes = [whole | {"counts": whole["counts"][:, columns]} for columns in ([0, 1], [2, 3, 4])]
    files = {f"{k}.nwb": nwb(probe, tmp_path) for k, probe in enumerate(probes)}
    together = read_arrays(packed(files), {"join": "neurons"})
    for name in PER_TRIAL:
        np.testing.assert_array_equal(together.arrays[name], whole[name])
    assert together.notes == ("side by side: neurons 0 to 1 of 0.nwb, 2 to 4 of 1.nwb",)


def test_one_mapping_reads_every_file() -> None:
    files = {f"{k}.npz": npz(spikes=np.full((8, 3), k), goal=np.tile([0, 1], 4)) for k in range(3)}
    mapping = {"counts": "spikes", "target": "goal", "join": "trials"}
    arrays = read_arrays(packed(files), mapping).arrays
    assert arrays["counts"].mean(axis=1).tolist() == [0.0] * 8 + [1.0] * 8 + [2.0] * 8


def test_tables_of_behaviour_are_joined_and_targets_of_any_file_keep_their_angle() -> None:
    head = "target,target_angle_deg,reach,perturbation"
    first = "\n".join([head, *("2,90,1.5,0",) * 3])
    second = "\n".join([head, *("1,45,2.5,1",) * 2])
    arrays = read_arrays(packed({"a.csv": first.encode(), "b.csv": second.encode()})).arrays
    assert arrays["reach"].tolist() == [1.5] * 3 + [2.5] * 2
    assert arrays["target_angle_deg"].tolist() == [45.0, 90.0]


def test_groups_of_two_files_are_never_one_group() -> None:
    part = npz(counts=np.ones((4, 2)), target=[0, 1, 0, 1], group=[0, 0, 1, 1])
    arrays = read_arrays(packed({"a.npz": part, "b.npz": part})).arrays
    assert len(np.unique(arrays["group"])) == 4


def test_what_the_files_do_not_share_is_left_out_and_told() -> None:
    base = {"counts": np.ones((4, 2)), "target": [0, 1, 0, 1], "depth": [3.0, 4.0]}
    files = {"a.npz": npz(**base, speed=np.ones(4), note=1), "b.npz": npz(**base, note=2)}
    reading = read_arrays(packed(files))
    assert set(reading.arrays) == {"counts", "target", "depth", "file"}
    assert "left out, since the files do not agree in it: " in reading.notes[1]
    assert {"speed", "note"} == set(reading.notes[1].rpartition(": ")[2].split(", "))


COUNTS = {"counts": np.ones((4, 2)), "target": np.array([0, 1, 0, 1])}
OTHER: dict[str, tuple[Arrays, Arrays, str]] = {
    "other neurons": ({"counts": np.ones((4, 3))}, {}, r"a.npz \(2,\), b.npz \(3,\)"),
    "text and numbers": ({"target": np.array(list("xyxy"))}, {}, "`target` is text in some files"),
    "other trials": (
        {"target": np.array([1, 0, 1, 0])},
        {"join": "neurons"},
        "`target` of b.npz is not that of the files before it",
    ),
    "fewer trials": (
        {"counts": np.ones((3, 2)), "target": np.arange(3)},
        {"join": "neurons"},
        "b.npz has 3 trials, a.npz has 4",
    ),
    "an unknown way": ({}, {"join": "days"}, "'days'; several files are joined by trials or by"),
}


@pytest.mark.parametrize("case", OTHER)
def test_files_that_do_not_fit_are_refused_in_words(case: str) -> None:
    changes, mapping, message = OTHER[case]
    files = packed({"a.npz": npz(**COUNTS), "b.npz": npz(**COUNTS | changes)})
    with pytest.raises(ExperimentError, match=message):
        read_arrays(files, mapping or None)


def test_a_target_has_one_angle_and_what_is_needed_is_in_every_file() -> None:
    left, right = (npz(**COUNTS, target_angle_deg=[0.0, angle]) for angle in (90.0, 180.0))
    with pytest.raises(ExperimentError, match=r"'1' is at 90 degrees in a file before b.npz"):
        read_arrays(packed({"a.npz": left, "b.npz": right}))
    with pytest.raises(ExperimentError, match=r"a.npz has `target_angle_deg` and b.npz has not"):
        read_arrays(packed({"a.npz": left, "b.npz": npz(**COUNTS)}))
    with pytest.raises(ExperimentError, match=r"b.npz has neither counts, nor targets"):
        read_arrays(packed({"a.npz": left, "b.npz": npz(x=[1])}))


def test_hostile_archives_are_refused() -> None:
    part = npz(**COUNTS)
    with pytest.raises(ExperimentError, match=r"b.zip: an archive in an archive"):
        read_arrays(packed({"a.npz": part, "b.zip": packed({"c.npz": part})}))
    with pytest.raises(ExperimentError, match=r"b.npz: the NPZ archive is damaged"):
        read_arrays(packed({"a.npz": part, "b.npz": part[:-30]}))
    with pytest.raises(ExperimentError, match=r"two files named a.npz"):
        read_arrays(packed({"one/a.npz": part, "two/a.npz": part}))
    with pytest.raises(ExperimentError, match="the archive has 65 files; 1 to 64 are read"):
        read_arrays(packed({f"{k}.npz": part for k in range(65)}))
    with pytest.raises(ExperimentError, match="the archive has 0 files"):
        read_arrays(packed({"empty/": b""}))
    with pytest.raises(TooLarge, match="unpacks to"):
        read_arrays(packed({"a.npz": part, "b.npz": part}), max_bytes=len(part))
    with pytest.raises(TooLarge, match="bytes of arrays together"):
        read_arrays(
            packed({f"{k}.csv": b"x,reach\n" + b"1,2\n" * 50 for k in range(3)}), max_bytes=900
        )


def test_what_the_finder_adds_to_an_archive_is_passed_over() -> None:
    files = {"__MACOSX/._a.npz": b"rubbish", "a.npz": npz(**COUNTS)}
    assert read_arrays(packed(files)).arrays["file"].tolist() == ["a.npz"] * 4
