"""Whole simulations against the slow twin: every rule, every way of batching."""

from typing import Any

import numpy as np
import pytest

from core.curl_descent import SimulationSpec
from core.experiment import Result, silent
from core.kinds.curl_descent_simulation import KIND
from tests.core.curl_twin import learned_slowly

RULES = ["gradient_descent", "curl_descent", "feedback_alignment", "curl_feedback_alignment"]


def spec_of(**changes: Any) -> SimulationSpec:
    """A small simulation of all four rules, flipped in both layers."""
    document: dict[str, Any] = {
        "inputs": 7,
        "hidden": 9,
        "outputs": 2,
        "rules": RULES,
        "flips": {"hidden": {"count": 2}, "readout": {"fraction": 0.25}},
        "student": {"scale": 1.5},
        "data": {"train_size": 33, "test_size": 12},
        "training": {"epochs": 40, "batch_size": 10, "learning_rate": 0.02},
        "record": {"points": 12},
        "replicates": 2,
        "replicate_offset": 4,
        "seed": 17,
    }
    for name, value in changes.items():
        nested = isinstance(document.get(name), dict)
        document[name] = {**document[name], **value} if nested else value
    return SimulationSpec.model_validate(document)


def assert_same(spec: SimulationSpec, result: Result, rtol: float) -> None:
    for arm, rule in enumerate(spec.rules):
        for r in range(spec.replicates):
            twin = learned_slowly(spec, rule, spec.replicate_offset + r)
            for name, curve in (("train", twin.train_error), ("test", twin.test_error)):
                got = result[f"{name}_error"][arm, r]
                np.testing.assert_allclose(got, curve, rtol=rtol, err_msg=f"{rule} {r} {name}")


BATCHING: dict[str, dict[str, Any]] = {
    "minibatch": {},
    "one_sample": {"training": {"epochs": 10, "batch_size": 1}},
    "larger_batch": {"training": {"epochs": 40, "batch_size": 23}},
    "full": {"training": {"epochs": 40, "batch_size": "full"}},
    "online": {"data": {"train_size": 33, "test_size": 12, "online": True}},
    "online_large": {
        "data": {"train_size": 33, "test_size": 12, "online": True},
        "training": {"epochs": 15, "batch_size": 14},
    },
    "per_update": {
        "training": {"epochs": 20, "batch_size": 10, "learning_rate_scaling": "per_update"}
    },
}


@pytest.mark.parametrize("batching", BATCHING)
@pytest.mark.parametrize("activation", ["tanh", "linear"])
def test_every_way_of_batching_agrees_with_the_twin(batching: str, activation: str) -> None:
    spec = spec_of(activation=activation, **BATCHING[batching])
    assert_same(spec, KIND.run(spec, {}, silent), rtol=1e-9)


@pytest.mark.parametrize("constraint", ["none", "layer", "row"])
@pytest.mark.parametrize("batch_size", [10, "full"])
@pytest.mark.parametrize("activation", ["linear", "sigmoid"])
def test_every_norm_constraint_agrees_with_the_twin(
    constraint: str, batch_size: int | str, activation: str
) -> None:
    training = {"epochs": 40, "batch_size": batch_size, "norm_constraint": constraint}
    spec = spec_of(activation=activation, training=training)
    assert_same(spec, KIND.run(spec, {}, silent), rtol=1e-9)


@pytest.mark.parametrize("constraint", ["none", "layer", "row"])
@pytest.mark.parametrize("batching", ["minibatch", "one_sample", "full", "online"])
def test_tall_linear_networks_agree_with_the_twin(batching: str, constraint: str) -> None:
    changes = BATCHING[batching]
    training = {**changes.get("training", {}), "norm_constraint": constraint}
    tall = {"inputs": 3, "hidden": 21, "activation": "linear"}
    spec = spec_of(**{**tall, **changes, "training": training})
    assert_same(spec, KIND.run(spec, {}, silent), rtol=1e-9)


@pytest.mark.parametrize("output_error", ["exact", "raw"])
@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid"])
def test_nonlinear_readouts_agree_with_the_twin(activation: str, output_error: str) -> None:
    spec = spec_of(activation=activation, readout_activation=activation, output_error=output_error)
    assert_same(spec, KIND.run(spec, {}, silent), rtol=1e-9)


@pytest.mark.parametrize("batch_size", [10, "full"])
def test_postsynaptic_flips_agree_with_the_twin(batch_size: int | str) -> None:
    flips = {"hidden": {"count": 3}, "readout": {"count": 1}, "site": "postsynaptic"}
    for activation in ("linear", "tanh"):
        spec = spec_of(
            activation=activation,
            flips=flips,
            training={"epochs": 40, "batch_size": batch_size},
        )
        assert_same(spec, KIND.run(spec, {}, silent), rtol=1e-9)


def test_a_teacher_of_another_width_agrees_with_the_twin() -> None:
    spec = spec_of(teacher={"hidden": 14, "distribution": "normal"})
    assert_same(spec, KIND.run(spec, {}, silent), rtol=1e-9)


def test_a_start_at_the_solution_agrees_with_the_twin() -> None:
    student = {"start": "at_solution", "perturbation": 1e-3, "perturbation_layer": "W2"}
    spec = spec_of(student=student)
    assert_same(spec, KIND.run(spec, {}, silent), rtol=1e-7)


@pytest.mark.parametrize("batching", ["minibatch", "full", "online"])
@pytest.mark.parametrize(("activation", "hidden"), [("linear", 9), ("linear", 35), ("tanh", 9)])
def test_float32_agrees_with_the_twin_to_its_own_rounding(
    activation: str, hidden: int, batching: str
) -> None:
    changes = BATCHING[batching]
    training = {**changes.get("training", {}), "norm_constraint": "layer"}
    network = {"activation": activation, "hidden": hidden, "precision": "float32"}
    spec = spec_of(**{**network, **changes, "training": training})
    assert_same(spec, KIND.run(spec, {}, silent), rtol=2e-4)


@pytest.mark.parametrize("batching", ["minibatch", "full", "online"])
@pytest.mark.parametrize("activation", ["linear", "tanh"])
def test_exact_extrema_are_those_of_every_epoch(activation: str, batching: str) -> None:
    training = {"epochs": 40, "learning_rate": 0.4, "norm_constraint": "layer"}
    changes = {**BATCHING[batching], "activation": activation}
    changes["training"] = {**changes.get("training", {}), **training}
    sparse = spec_of(**changes, record={"points": 3})
    spec = spec_of(**changes, record={"points": 3, "exact_extrema": True})
    every = spec_of(**changes, record={"points": 10_000})
    result = KIND.run(spec, {}, silent)
    assert result["test_error"].tobytes() == KIND.run(sparse, {}, silent)["test_error"].tobytes()
    missed = False
    for row in KIND.rows(spec, result):
        twin = learned_slowly(every, row.arm, row.replicate)
        for name, curve in (("train", twin.train_error), ("test", twin.test_error)):
            assert row.metrics[f"min_{name}_error"] == pytest.approx(min(curve), rel=1e-7)
            assert row.metrics[f"max_{name}_error"] == pytest.approx(max(curve), rel=1e-7)
        climb = np.max(twin.train_error - np.minimum.accumulate(twin.train_error))
        assert row.metrics["loss_ascent"] == pytest.approx(climb, rel=1e-6, abs=1e-12)
        missed |= min(twin.test_error) not in (twin.test_error[0], twin.test_error[-1])
    assert missed


@pytest.mark.parametrize("batch_size", [10, "full"])
@pytest.mark.parametrize(("activation", "hidden"), [("linear", 9), ("linear", 21), ("tanh", 9)])
def test_the_order_parameter_is_that_of_the_stored_trajectory(
    activation: str, hidden: int, batch_size: int | str
) -> None:
    spec = spec_of(
        activation=activation,
        hidden=hidden,
        training={"epochs": 40, "batch_size": batch_size, "norm_constraint": "layer"},
        record={"points": 12, "order_parameter_window": 17},
    )
    result = KIND.run(spec, {}, silent)
    for arm, rule in enumerate(spec.rules):
        for r in range(spec.replicates):
            twin = learned_slowly(spec, rule, spec.replicate_offset + r)
            weights = np.array(twin.trajectory[-17:])
            q = weights.var(axis=0).mean() / weights.mean(axis=0).var()
            assert result["order_parameter_q"][arm, r] == pytest.approx(q, rel=1e-7)
