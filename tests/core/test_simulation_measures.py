"""What a simulation measures on request, against its slow twin and brute force."""

import tracemalloc
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from core.curl_descent import SimulationSpec
from core.experiment import Result, silent
from core.figures import rendered, themed
from core.kernels import conservation, effective_dimension
from core.kernels.costs import COMPILED_BYTES
from core.kernels.curl_fraction import UpdateField, curl_fraction
from core.kernels.draws import Role, generator
from core.kinds.curl_descent_simulation import KIND
from store.results import prepare
from tests.core.curl_twin import answers, learned_slowly, signs, start
from tests.core.test_curl_learning import conserved
from tests.core.test_curl_twin import RULES, spec_of

FULL = {"epochs": 40, "batch_size": "full"}


def run(spec: SimulationSpec) -> Result:
    return KIND.run(spec, {}, silent)


def brute_participation_ratio(points: np.ndarray) -> float:
    eigenvalues = np.linalg.eigvalsh(np.cov(points.T))
    return float(eigenvalues.sum() ** 2 / (eigenvalues**2).sum())


@pytest.mark.parametrize("constraint", ["none", "layer", "row"])
def test_recorded_weights_are_those_of_the_slow_twin(constraint: str) -> None:
    spec = spec_of(record={"weights": "snapshots"}, training={"norm_constraint": constraint})
    result = run(spec)
    for arm, rule in enumerate(RULES):
        twin = learned_slowly(spec, rule, 4)
        np.testing.assert_allclose(result["W1"][arm, 0, -1], twin.W1, rtol=1e-8)
        np.testing.assert_allclose(result["W2"][arm, 0, -1], twin.W2, rtol=1e-8)
    _, _, W1, W2 = start(spec, 5)
    assert (result["W1"][:, 1, 0] == W1).all()
    assert (result["W2"][:, 1, 0] == W2).all()
    final = run(
        spec.model_copy(update={"record": spec.record.model_copy(update={"weights": "final"})})
    )
    assert final["W1"].tobytes() == result["W1"][:, :, -1].tobytes()


def test_hidden_activity_is_that_of_the_recorded_weights_on_the_first_test_inputs() -> None:
    spec = spec_of(record={"weights": "snapshots", "probe_size": 5})
    result = run(spec)
    x = generator(spec.seed, Role.TEST_INPUTS).standard_normal((12, 7)) * np.sqrt(0.5)
    expected = np.tanh(x[:5] @ np.swapaxes(result["W1"], -1, -2))
    np.testing.assert_allclose(result["hidden_activity"], expected, rtol=1e-12)
    assert result.arrays["hidden_activity"].axes == (
        "arm",
        "replicate",
        "record",
        "probe",
        "hidden",
    )


def test_hidden_dimensionality_is_the_participation_ratio_of_the_activity() -> None:
    spec = spec_of(record={"probe_size": 12, "hidden_dimensionality": True})
    result = run(spec)
    for place in np.ndindex(4, 2, len(result["epoch"])):
        expected = brute_participation_ratio(result["hidden_activity"][place])
        assert result["hidden_dimensionality"][place] == pytest.approx(expected, rel=1e-9)
    row = KIND.rows(spec, result)[0]
    assert row.metrics["hidden_dimensionality"] == result["hidden_dimensionality"][0, 0, -1]


def test_trajectory_dimensionality_is_that_of_the_twins_path() -> None:
    spec = spec_of(record={"trajectory_window": 30, "points": 31})
    result = run(spec)
    for arm, rule in enumerate(RULES):
        path = np.array(learned_slowly(spec, rule, 4).trajectory[9:])
        expected = brute_participation_ratio(path)
        assert result["trajectory_dimensionality"][arm, 0] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("activation", ["linear", "tanh"])
def test_the_curl_fraction_is_that_of_the_recorded_weights(activation: str) -> None:
    record = {"weights": "final", "curl_fraction": "final", "points": 3}
    spec = spec_of(activation=activation, record=record, training=FULL)
    result = run(spec)
    x = generator(spec.seed, Role.TRAIN_INPUTS).standard_normal((33, 7)) * np.sqrt(0.5)
    T1, T2, _, _ = start(spec, 4)
    for arm, rule in enumerate(RULES[:2]):
        _, D1, _, D2 = signs(spec, rule, 4)
        W1, W2 = result["W1"][arm, 0], result["W2"][arm, 0]
        field = UpdateField(W1, W2, x, answers(spec, T1, T2, x), D1, D2, phi=activation)
        expected = curl_fraction(field)
        assert result["curl_fraction"][arm, 0] == pytest.approx(expected, abs=1e-7)
    assert result["curl_fraction"][0, 0] < 1e-6
    assert result["curl_fraction"][1, 0] > 0.05


@pytest.mark.parametrize("site", ["presynaptic", "postsynaptic"])
def test_the_conserved_quantity_is_that_of_the_slow_twin(site: str) -> None:
    spec = spec_of(flips={"site": site, "readout": {"count": 1}})
    _, _, W1, W2 = start(spec, 4)
    D = signs(spec, "curl_descent", 4)
    D1, D2 = (D[1], D[3]) if site == "presynaptic" else (D[0], D[2])
    none = np.zeros((1, 1))
    field = UpdateField(W1, W2, none, none, D1, D2, site=spec.flips.site)
    np.testing.assert_allclose(conservation.conserved(field), conserved(W1, W2, D), rtol=1e-12)
    ones = replace(field, D1=np.ones_like(D1), D2=-np.ones_like(D2), W2=W2)
    np.testing.assert_allclose(
        conservation.magnitude(field), conservation.conserved(ones), rtol=1e-12
    )


@pytest.mark.parametrize("activation", ["linear", "relu"])
def test_conservation_drift_halves_with_the_step_at_a_fixed_time(activation: str) -> None:
    drifts = []
    for eta, epochs in ((0.02, 20), (0.01, 40)):
        training = {"epochs": epochs, "batch_size": "full", "learning_rate": eta}
        spec = spec_of(
            activation=activation,
            rules=RULES[:2],
            training=training,
            record={"points": 2, "conservation": True},
        )
        result = run(spec)
        assert (result["conservation_drift"][..., 0] == 0).all()
        drifts.append(result["conservation_drift"][..., -1])
    np.testing.assert_allclose(drifts[0] / drifts[1], 2.0, rtol=0.05)


@pytest.mark.parametrize(
    "changes",
    [
        {"activation": "tanh"},
        {"activation": "relu", "training": {"norm_constraint": "layer"}},
        {"activation": "relu", "rules": ["feedback_alignment"]},
    ],
    ids=["tanh", "constrained", "aligned"],
)
def test_where_nothing_is_conserved_drift_is_null_and_a_warning_says_why(
    changes: dict[str, Any],
) -> None:
    spec = spec_of(record={"conservation": True}, **changes)
    result = run(spec)
    assert all(row.metrics["conservation_drift"] is None for row in KIND.rows(spec, result))
    assert any("conservation_drift is null" in warning for warning in result.warnings)


def test_networks_that_diverge_have_no_measures() -> None:
    record = {
        "conservation": True,
        "curl_fraction": "final",
        "hidden_dimensionality": True,
        "trajectory_window": 20,
        "lyapunov_exponents": 2,
        "order_parameter_window": 10,
        "weights": "final",
    }
    training = {"epochs": 60, "batch_size": "full", "learning_rate": 1000.0}
    spec = spec_of(activation="relu", training=training, record=record)
    result = run(spec)
    assert np.isnan(result["W1"]).all()
    for row in KIND.rows(spec, result):
        for name in ("lyapunov_max", "chaotic", "curl_fraction", "trajectory_dimensionality"):
            assert row.metrics[name] is None
    for figure in KIND.figures.values():
        assert rendered(themed(figure.draw(spec, result)), "svg").startswith(b"<svg")


@pytest.mark.parametrize("shape", [(40, 6), (6, 40)])
def test_dimensions_are_those_of_the_covariance_spectrum(shape: tuple[int, int]) -> None:
    points = np.random.default_rng(2).standard_normal(shape) * np.arange(1, shape[1] + 1) + 3
    found = effective_dimension.spectrum(points)
    expected = np.linalg.eigvalsh(np.cov(points.T, bias=True))[::-1][: len(found)]
    np.testing.assert_allclose(found, np.maximum(expected, 0), atol=1e-10 * expected[0])
    expected_ratio = brute_participation_ratio(points)
    assert effective_dimension.participation_ratio(points) == pytest.approx(expected_ratio)
    assert effective_dimension.participation_ratio_of(found) == pytest.approx(expected_ratio)


def test_equal_variances_fill_as_many_dimensions_as_there_are() -> None:
    corners = np.concatenate([np.eye(5), -np.eye(5)])
    eigenvalues = effective_dimension.spectrum(corners)
    assert effective_dimension.participation_ratio(corners) == pytest.approx(5)
    assert effective_dimension.entropy_dimension(eigenvalues) == pytest.approx(5)
    assert effective_dimension.n90(eigenvalues) == 5
    assert effective_dimension.n90(np.array([9.0, 1.0, 0.0])) == 1
    assert effective_dimension.entropy_dimension(np.array([1.0, 1.0, 0.0])) == pytest.approx(2)


def test_points_that_do_not_vary_fill_no_dimension() -> None:
    still = np.full((7, 3), 0.1)
    assert np.isnan(effective_dimension.participation_ratio(still))
    eigenvalues = effective_dimension.spectrum(still)
    assert (eigenvalues == 0).all()
    for measure in (effective_dimension.entropy_dimension, effective_dimension.n90):
        assert np.isnan(measure(eigenvalues))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"record": {"lyapunov_exponents": 1}}, "2?1 cannot be measured: an update on a random"),
        (
            {"record": {"lyapunov_exponents": 82}, "training": FULL},
            "82 is more than the 81 directions",
        ),
        (
            {"record": {"lyapunov_exponents": 1, "lyapunov_window": 41}, "training": FULL},
            "41 must be from 40 to the 40 epochs",
        ),
        ({"record": {"trajectory_window": 41}}, "41 must be 0, or from 2 to the 40 epochs"),
        ({"record": {"probe_size": 13}}, "13 is more than the 12 test inputs"),
    ],
)
def test_what_cannot_be_measured_is_refused_in_words(
    changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValidationError, match=sentence):
        spec_of(**changes)


def test_memory_of_recorded_weights_stays_within_a_fifth_of_the_estimate() -> None:
    """Up to the moment in which the result is ready for the database."""
    spec = spec_of(
        inputs=50,
        hidden=40,
        replicates=5,
        training={"epochs": 60, "batch_size": "full"},
        record={"points": 60, "weights": "snapshots", "probe_size": 12},
    )
    run(spec)
    tracemalloc.start()
    try:
        prepare("id", KIND, spec, run(spec), {})
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak == pytest.approx(KIND.estimate(spec, {}).memory_bytes - COMPILED_BYTES, rel=0.2)


def test_memory_of_exponents_stays_within_a_fifth_of_the_estimate() -> None:
    spec = spec_of(
        inputs=60,
        hidden=50,
        replicates=5,
        data={"train_size": 200},
        training={"epochs": 40, "batch_size": "full"},
        record={"points": 3, "lyapunov_exponents": 10},
    )
    run(spec)
    tracemalloc.start()
    try:
        run(spec)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak == pytest.approx(KIND.estimate(spec, {}).memory_bytes - COMPILED_BYTES, rel=0.2)
