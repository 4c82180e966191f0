"""A session written as NWB is valid, and comes back as it was."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from nwbinspector import Importance, inspect_nwbfile

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


def test_the_inspector_finds_nothing_critical(tmp_path: Path) -> None:
    write(session(), tmp_path / "s.nwb")
    found = list(inspect_nwbfile(tmp_path / "s.nwb"))
    grave = (Importance.CRITICAL, Importance.ERROR, Importance.PYNWB_VALIDATION)
    assert not [message for message in found if message.importance in grave]


@pytest.mark.parametrize("value", [0.5, -1.0])
def test_rates_are_not_written_as_spikes(tmp_path: Path, value: float) -> None:
    arrays = session()
    arrays["counts"] = arrays["counts"].astype(float)
    arrays["counts"][3, 1] = value
    with pytest.raises(NotWritable, match=r"at trial 3, neuron 1; NWB holds spikes, .* as NPZ"):
        write(arrays, tmp_path / "s.nwb")
