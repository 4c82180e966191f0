"""Networks that converged to rounding rest; nobody else notices."""

from typing import Any

import numpy as np
import pytest

from core.curl_descent import SimulationSpec
from core.experiment import Result, silent
from core.kernels.retirement import at_rest, target_size
from core.kinds.curl_descent_simulation import KIND
from tests.core.test_curl_twin import spec_of

EPSILON = float(np.finfo(np.float64).eps)


def run(spec: SimulationSpec) -> Result:
    return KIND.run(spec, {}, silent)


def learning(**changes: Any) -> SimulationSpec:
    """Gradient descent converges within 600 epochs; with all inputs flipped nothing does."""
    training = {"epochs": 2000, "learning_rate": 0.5, "norm_constraint": "layer"}
    base = {
        "inputs": 3,
        "hidden": 9,
        "outputs": 1,
        "activation": "linear",
        "student": {"scale": 1.0},
        "rules": ["gradient_descent", "curl_descent"],
        "flips": {"hidden": {"fraction": 1.0}, "readout": {"count": 9}},
        "record": {"points": 100},
        "replicates": 3,
        **changes,
    }
    return spec_of(**{**base, "training": {**training, **changes.get("training", {})}})


def test_rest_is_rounding_that_came_from_above_and_falls_no_longer() -> None:
    epoch = np.array([0, 10, 88, 98, 100])
    curves = {
        "arrived": ([1.0, 1e-5, 1e-30, 1e-30, 1e-30], True),
        "not rounding": ([1.0, 1e-5, 1e-20, 1e-20, 1e-20], False),
        "small from the start": ([1e-30, 1e-30, 1e-31, 1e-31, 1e-31], False),
        "still falling": ([1.0, 1e-5, 1e-28, 1e-31, 1e-31], False),
        "diverged": ([1.0, np.inf, np.inf, np.nan, np.nan], False),
    }
    error = np.array([curve for curve, _ in curves.values()])
    rests = at_rest(epoch, error, np.ones(len(curves)), EPSILON)
    assert dict(zip(curves, rests.tolist(), strict=True)) == {
        name: expected for name, (_, expected) in curves.items()
    }


def test_the_target_is_the_error_of_a_silent_network() -> None:
    y = np.random.default_rng(1).standard_normal((2, 5, 3))
    expected = [float(np.sum(of_one**2)) / 10 for of_one in y]
    np.testing.assert_allclose(target_size(y, 5), expected, rtol=1e-14)


PATHS: dict[str, dict[str, Any]] = {
    "rows": {"training": {"batch_size": "full"}},
    "tall": {"hidden": 21, "training": {"batch_size": "full"}},
    "minibatch": {"training": {"batch_size": 10}},
    "float32": {"precision": "float32", "training": {"batch_size": "full"}},
    "online": {
        "data": {"train_size": 33, "test_size": 12, "online": True},
        "training": {"batch_size": 10},
    },
}


@pytest.mark.parametrize("path", PATHS)
def test_a_network_at_rest_has_a_flat_curve_at_rounding(path: str) -> None:
    spec = learning(**PATHS[path])
    result = run(spec)
    retired, epoch = result["retired_at_epoch"], result["epoch"]
    assert (retired[0] > 0).all()
    floor = 1e-11 if path == "float32" else 1e-27
    for r, at in enumerate(retired[0]):
        for name in ("train_error", "test_error"):
            rest = result[name][0, r, epoch >= at]
            assert rest.size > 10
            assert (rest == rest[0]).all()
            assert rest[0] < floor
    assert (retired[1] == -1).all()
    assert result.warnings[0].startswith("3 of 6 networks converged to rounding")


@pytest.mark.parametrize("path", PATHS)
def test_the_others_keep_their_bits_when_a_network_rests(path: str) -> None:
    resting = run(learning(**PATHS[path]))
    training = {**PATHS[path]["training"], "retire": False}
    stepped = run(learning(**{**PATHS[path], "training": training}))
    assert (stepped["retired_at_epoch"] == -1).all()
    assert resting["train_error"][1].tobytes() == stepped["train_error"][1].tobytes()
    for r, at in enumerate(resting["retired_at_epoch"][0]):
        before = resting["epoch"] <= at
        for name in ("train_error", "test_error"):
            assert (resting[name][0, r, before] == stepped[name][0, r, before]).all()
            end = stepped[name][0, r, -1]
            assert resting[name][0, r, -1] == pytest.approx(end, abs=20 * max(end, 1e-32))


def test_a_start_beside_an_unstable_solution_is_not_taken_for_rest() -> None:
    student = {"start": "at_solution", "perturbation": 1e-14}
    result = run(learning(student=student, training={"batch_size": "full"}))
    assert result["train_error"][1, :, 0].max() < 1e-26
    assert result["train_error"][1].max() > 1e-3
    assert (result["retired_at_epoch"][1] == -1).all()


def test_a_network_at_rest_is_stepped_again_for_the_order_parameter() -> None:
    record = {"points": 100, "order_parameter_window": 50}
    q = {}
    for retire in (True, False):
        training = {"batch_size": "full", "retire": retire}
        result = run(learning(record=record, training=training))
        assert (result["retired_at_epoch"][0] > 0).all() == retire
        q[retire] = result["order_parameter_q"]
    assert (q[True][0] < 1e-25).all()
    assert (q[False][0] < 1e-25).all()
    assert q[True][1].tobytes() == q[False][1].tobytes()


def test_none_begins_to_rest_at_the_last_record() -> None:
    for epochs in range(256, 268):  # networks 0 and 1 come to rest in one of these
        result = run(learning(training={"batch_size": "full", "epochs": epochs}))
        assert (result["retired_at_epoch"] < epochs).all()


def test_none_begins_to_rest_in_the_window_of_the_order_parameter() -> None:
    record = {"points": 100, "order_parameter_window": 1900}
    result = run(learning(training={"batch_size": "full"}, record=record))
    assert result["train_error"][0, :, -1].max() < 1e-27
    assert (result["retired_at_epoch"] == -1).all()
    assert not result.warnings


@pytest.mark.parametrize("window", [0, 2000])
def test_a_diverged_network_says_where_it_was_left(window: int) -> None:
    training = {"batch_size": "full", "norm_constraint": "none", "retire": False}
    record = {"points": 100, "order_parameter_window": window}
    result = run(learning(training=training, record=record))
    lost = ~np.isfinite(result["train_error"][1])
    assert lost[:, -1].all()
    for r, at in enumerate(result["retired_at_epoch"][1]):
        assert not np.isfinite(result["train_error"][1, r, result["epoch"] >= at]).any()
        assert at > 0
