"""A session written as NWB is valid, and comes back as it was."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from nwbinspector import Importance, inspect_nwbfile
from pynwb import NWBHDF5IO

from core.nwb_writing import NotWritable, write_nwb
from core.reading import read_arrays
from core.synthetic import synthesised
from core.synthetic_spec import SyntheticSpec

SMALL = {"targets": 4, "neurons": 3, "baseline_trials": 16, "field_trials": 16, "washout_trials": 0}


def session(**spec: Any) -> dict[str, Any]:
    return synthesised(SyntheticSpec.model_validate({**SMALL, **spec}))


def write(arrays: dict[str, Any], path: Path) -> None:
    write_nwb(arrays, path, name="s", identifier="id", made=datetime(2020, 1, 1, tzinfo=UTC))


def test_a_synthetic_session_comes_back_from_nwb_as_it_was(tmp_path: Path) -> None:
    arrays = session(missing_fraction=0.2, clamp_fraction=0.3, mean_count=2.0)
    write(arrays, tmp_path / "s.nwb")
    back = read_arrays(tmp_path / "s.nwb")
    assert back.notes == ()
    for name in ("counts", "target", "target_angle_deg", "state", "field", "reach", "clamp"):
        np.testing.assert_array_equal(back.arrays[name], arrays[name])


def test_the_inspector_finds_nothing_but_suggestions(tmp_path: Path) -> None:
    write(session(), tmp_path / "s.nwb")
    found = list(inspect_nwbfile(tmp_path / "s.nwb"))
    suggested = Importance.BEST_PRACTICE_SUGGESTION
    assert [message for message in found if message.importance != suggested] == []


def test_the_truth_of_a_synthetic_session_is_in_scratch_and_notes(tmp_path: Path) -> None:
    arrays = session()
    write(arrays, tmp_path / "s.nwb")
    with NWBHDF5IO(tmp_path / "s.nwb", "r") as file:
        nwb = file.read()
        np.testing.assert_array_equal(nwb.get_scratch("truth_rates"), arrays["truth_rates"])
        assert nwb.get_scratch("truth_cells").astype(str).tolist() == arrays["truth_cells"].tolist()
        assert nwb.notes == arrays["truth"].item()
        first = nwb.units["spike_times"][0]
        assert 0 < nwb.units.resolution <= np.diff(first).min()


@pytest.mark.parametrize("value", [0.5, -1.0])
def test_rates_are_not_written_as_spikes(tmp_path: Path, value: float) -> None:
    arrays = session()
    arrays["counts"] = arrays["counts"].astype(float)
    arrays["counts"][3, 1] = value
    with pytest.raises(NotWritable, match=r"at trial 3, neuron 1; NWB holds spikes, .* as NPZ"):
        write(arrays, tmp_path / "s.nwb")
