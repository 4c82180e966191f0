"""A preview has means of what it leaves out, and stays small."""

import numpy as np
import pytest

from core.preview import MAX_NEURONS, MAX_POINTS, MAX_ROWS, preview
from core.synthetic import synthesised
from core.synthetic_spec import SyntheticSpec


def test_condition_means_are_those_of_each_cell() -> None:
    arrays = synthesised(SyntheticSpec(missing_fraction=0.3))
    found = preview(arrays)
    assert found.condition_means is not None
    assert found.condition_means.rows[0] == "(target 0, state control, field FF)"
    own = (arrays["target"] == 0) & (arrays["state"] == "control") & (arrays["field"] == "FF")
    np.testing.assert_allclose(found.condition_means.values[0], arrays["counts"][own].mean(axis=0))


def test_large_sessions_are_thinned_to_means() -> None:
    spec = SyntheticSpec(neurons=300, baseline_trials=500, field_trials=500, washout_trials=500)
    arrays = synthesised(spec)
    found = preview(arrays)
    assert found.activity is not None
    assert found.behaviour is not None
    values = np.array(found.activity.values)
    assert values.shape[0] <= MAX_ROWS
    assert values.shape[1] <= MAX_NEURONS
    assert values[0, 0] == pytest.approx(arrays["counts"][:25, :3].mean())
    assert len(found.behaviour.trials) <= MAX_POINTS
    assert found.behaviour.deviation[0] == pytest.approx(arrays["reach"][:12].mean())


def test_a_point_without_any_seen_trial_is_null() -> None:
    reach = np.array([1.0, np.nan, 3.0])
    found = preview({"perturbation": np.zeros(3), "reach": reach})
    assert found.behaviour is not None
    assert found.behaviour.deviation == (1.0, None, 3.0)
    assert found.activity is None
    assert preview({"x": np.zeros(3)}).cells == ()
