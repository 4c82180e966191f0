"""Spikes of NWB files are counted in the windows that a mapping names, and no others."""

import json
from typing import Any

import numpy as np
import pytest

from core.experiment import ExperimentError
from core.kernels.window_counts import observed, window_counts
from core.reading import read_arrays
from core.summary import summarise
from tests.core.hdf5_files import nwb_file, recording, written

TARGETS: dict[str, Any] = {
    "direction": ["left", "right"] * 3,
    "angle": [180.0, 0.0] * 3,
    "go": [1.25, 2.25, 3.25, float("nan"), 5.25, 6.25],
    "correct": [True, True, True, True, False, True],
}
CONTENT = written(recording(**TARGETS))
LABELS = {"target": "direction", "target_angle_deg": "angle"}


def test_counts_are_those_of_a_loop_over_spikes() -> None:
    rng = np.random.default_rng(0)
    spikes = np.sort(rng.uniform(0, 10, 500)).round(2)
    start = rng.uniform(0, 9, 40).round(2)
    stop = start + 0.5
    slow = [sum(a <= t < b for t in spikes) for a, b in zip(start, stop, strict=True)]
    assert window_counts(spikes, start, stop).tolist() == slow


def test_a_window_is_observed_within_one_interval_or_pieces_that_touch() -> None:
    intervals = np.array([[5.0, 6.0], [0.0, 1.0], [1.0, 2.0], [0.5, 0.7]])
    start, stop = np.array([0.2, 1.5, 5.0, 4.9, 0.9]), np.array([1.8, 2.1, 6.0, 5.5, 5.5])
    assert observed(intervals, start, stop).tolist() == [True, False, True, False, False]
    assert observed(np.empty((0, 2)), start, stop).tolist() == [False] * 5


def test_without_a_mapping_whole_trials_are_counted() -> None:
    reading = read_arrays(CONTENT)
    assert reading.format == "nwb"
    assert reading.arrays["counts"].tolist() == [[2, 1]] * 6
    assert reading.arrays["direction"].tolist() == ["left", "right"] * 3
    assert reading.notes == ()


def test_a_window_is_placed_around_a_named_moment_and_its_end_is_not_in_it() -> None:
    window = {"align": "go", "start": -0.125, "stop": 0.125}
    reading = read_arrays(CONTENT, {**LABELS, "counts": window})
    assert reading.arrays["counts"].tolist() == [[1, 1]] * 5
    assert reading.arrays["target_angle_deg"].tolist() == [180.0, 0.0]
    assert reading.notes == ("1 trials were left out: their window has no beginning or no end",)
    assert summarise(reading.arrays, "nwb").targets == ("left", "right")


def test_a_baseline_is_subtracted_for_as_long_a_window() -> None:
    mapping = {
        **LABELS,
        "counts": {"start": 0.0, "stop": 0.5},
        "baseline": {"start": 0.0625, "stop": 0.3125},
        "only": {"correct": True},
    }
    arrays = read_arrays(CONTENT, mapping).arrays
    np.testing.assert_allclose(arrays["counts"], [[2 - 1 / 0.25 * 0.5, 1 - 1 / 0.25 * 0.5]] * 5)


def test_several_windows_make_rows_that_know_their_trial() -> None:
    windows = {"early": {"stop": 0.15}, "late": {"start": 0.15, "stop": 0.5}}
    arrays = read_arrays(CONTENT, {**LABELS, "counts": windows}).arrays
    assert arrays["counts"][::6].tolist() == [[1, 0], [1, 1]]
    assert arrays["window"].tolist() == ["early"] * 6 + ["late"] * 6
    assert arrays["group"].tolist() == [*range(6), *range(6)]


def test_a_sliding_window_counts_every_spike_as_often_as_windows_cover_it() -> None:
    sliding = {"start": 0.0, "stop": 0.4, "width": 0.2, "step": 0.1}
    arrays = read_arrays(CONTENT, {**LABELS, "counts": sliding}).arrays
    assert np.unique(arrays["window"]).tolist() == ["0", "0.1", "0.2"]
    assert arrays["counts"][::6].tolist() == [[1, 0], [1, 1], [1, 1]]


def test_windows_outside_obs_intervals_are_left_out() -> None:
    content = written(recording(intervals=([[0.0, 3.0], [3.9, 5.6]], [[0.0, 10.0]])))
    reading = read_arrays(content)
    assert len(reading.arrays["counts"]) == 4
    assert "2 trials were left out: their window is not within every unit's" in reading.notes[0]
    other = read_arrays(content, {"unobserved": "leave_out_units"})
    assert other.arrays["counts"].tolist() == [[1]] * 6
    assert "1 units were left out" in other.notes[0]


def without_trials() -> bytes:
    nwb = nwb_file()
    nwb.add_epoch(0.0, 10.0, ["a"])
    nwb.add_unit(spike_times=[1.0, 2.0])
    return written(nwb)


def test_a_file_without_trials_is_told_what_was_looked_for_and_what_it_has() -> None:
    message = (
        r"no trials: looked for the table of intervals `trials` .* The file has 1 units "
        r"\(`spike_times`\) and, of intervals, `epochs` with 1 rows \(`start_time`, `stop_time`; "
        r"without one plain value per row: `tags`\)\. Add trials with nwbfile.add_trial"
    )
    with pytest.raises(ExperimentError, match=message) as refused:
        read_arrays(without_trials())
    assert "name another table" not in str(refused.value)


def test_a_table_is_suggested_only_with_a_column_that_can_be_read() -> None:
    nwb = nwb_file()
    nwb.add_epoch_column("goal", "g")
    nwb.add_epoch(0.0, 5.0, ["a"], goal="left")
    nwb.add_epoch(5.0, 10.0, ["a"], goal="right")
    nwb.add_unit(spike_times=[1.0, 2.0])
    content = written(nwb)
    with pytest.raises(
        ExperimentError, match=r"name another table .*, such as (\{.*\})"
    ) as refused:
        read_arrays(content)
    suggested = json.loads(str(refused.value).rpartition("such as ")[2])
    assert suggested == {"table": "epochs", "target": "goal"}
    assert read_arrays(content, suggested).arrays["target"].tolist() == ["left", "right"]


@pytest.mark.parametrize("mapping", [{"counts": "spikes"}, {"counts": None}, {"baseline": 3}])
def test_what_is_no_window_is_answered_with_one(mapping: dict[str, Any]) -> None:
    with pytest.raises(ExperimentError, match=r"mapping (counts|baseline): .* is no") as refused:
        read_arrays(CONTENT, mapping)
    shown = str(refused.value).partition("a window is ")[2].partition("}")[0] + "}"
    assert len(read_arrays(CONTENT, {"counts": json.loads(shown)}).arrays["counts"]) == 6


def test_a_file_without_units_serves_behaviour() -> None:
    nwb = nwb_file()
    nwb.add_trial_column("perturbation", "p")
    nwb.add_trial_column("reach", "d")
    nwb.add_trial(0.0, 1.0, perturbation=0.0, reach=1.0)
    reading = read_arrays(written(nwb))
    assert summarise(reading.arrays, "nwb").behaviour is not None
    assert "there are no spike times to count. The file has no units" in reading.notes[0]


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        (
            {"target": "dir"},
            r"mapping target: there is no column 'dir'; the table has `start",
        ),
        ({"counts": {"align": "cue"}}, r"looked for the moments of trials in the column 'cue'"),
        ({"counts": {"align": "direction"}}, r"column 'direction' \(numbers, in seconds\)"),
        ({"counts": {"start": 1, "stop": 0}}, r"mapping counts.*: stop is 0; it must be after"),
        ({"counts": {"from": 0}}, r"mapping counts.from: there is no such field.*; an NWB"),
        ({"only": {"rewarded": True}}, r"mapping only: the trials have no column 'rewarded'"),
        ({"only": {"direction": "up"}}, r"mapping only: none of the 6 trials has"),
        ({"counts": {"align": "go", "start": 5, "stop": None}}, r"0 trials and 2 units are left"),
        (
            {"counts": {"start": 0, "stop": 9, "width": 0.1, "step": 0.1}},
            r"90 windows of 0.1 s fit; 1 to 20 may be used",
        ),
        (
            {"reach": "angle", "counts": {"a": {"stop": 0.1}, "b": {"stop": 0.2}}},
            r"several windows give several rows per trial, but `reach` is one number per trial",
        ),
    ],
)
def test_a_mapping_that_does_not_fit_says_what_the_file_has(
    mapping: dict[str, Any], message: str
) -> None:
    with pytest.raises(ExperimentError, match=message):
        read_arrays(CONTENT, mapping)
