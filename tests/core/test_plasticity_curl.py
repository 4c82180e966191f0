"""The curl of plasticity: closed forms of mixtures, the simulation's networks, refusals."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydantic import ValidationError

from core.curl_descent import SimulationSpec
from core.experiment import silent
from core.kernels.draws import Role, generator
from core.kernels.hebbian_curl import activity_covariance, hebbian_curl_fraction
from core.kinds.plasticity_curl import KIND, rows, run
from core.plasticity import PlasticityCurlSpec
from tests.core.curl_twin import answers, gradients, signs, start

Array = NDArray[np.float64]


def spec(**fields: Any) -> PlasticityCurlSpec:
    return PlasticityCurlSpec.model_validate(fields)


def curl(asked: PlasticityCurlSpec) -> Array:
    return run(asked, {}, silent)["curl_fraction"]


def mixed(neurons: int) -> NDArray[np.bool_]:
    """From none inhibitory to all of them."""
    return np.arange(neurons) < np.arange(neurons + 1)[:, None]


def test_white_activity_has_no_curl_in_any_mixture() -> None:
    assert not curl(spec(correlation={"coefficient": 0.0})).any()


def test_constant_activity_has_that_of_the_mixture() -> None:
    result = run(spec(correlation={"coefficient": 1.0}, replicates=2), {}, silent)
    a = result["inhibitory_fraction"]
    expected = np.tile(np.sqrt(2 * a * (1 - a)), (2, 1))
    np.testing.assert_allclose(result["curl_fraction"], expected, atol=1e-14)


@given(neurons=st.integers(2, 40), coefficient=st.floats(0, 1))
def test_equal_rates_have_a_closed_form(neurons: int, coefficient: float) -> None:
    covariance = activity_covariance(np.ones(neurons), coefficient)
    a = np.arange(neurons + 1) / neurons
    shared = neurons * coefficient**2 / (1 + (neurons - 1) * coefficient**2)
    found = hebbian_curl_fraction(covariance, mixed(neurons))
    np.testing.assert_allclose(found**2, 2 * a * (1 - a) * shared, atol=1e-12)


@given(seed=st.integers(0, 10**6), neurons=st.integers(2, 12), samples=st.integers(1, 30))
def test_no_activity_has_more_curl_than_half_the_energy(
    seed: int, neurons: int, samples: int
) -> None:
    f = np.random.default_rng(seed).lognormal(size=(samples, neurons))
    found = hebbian_curl_fraction(f.T @ f, mixed(neurons))
    assert found[0] == found[-1] == 0
    assert (found <= np.sqrt(0.5) + 1e-12).all()
    swapped = hebbian_curl_fraction(f.T @ f, ~mixed(neurons))
    np.testing.assert_allclose(swapped, found, rtol=1e-12)


def test_it_is_that_of_the_explicit_jacobian_of_the_rule() -> None:
    """dW = <y f^T>, y = (I + W D) f, is linear in W: its columns are differences."""
    rng = np.random.default_rng(1)
    n, f = 5, np.random.default_rng(2).lognormal(size=(40, 5))
    D = np.diag([1.0, -1.0, 1.0, -1.0, -1.0])

    def learned(W: Array) -> Array:
        y = f @ (np.eye(n) + W @ D).T
        return np.asarray(y.T @ f / len(f))

    W = rng.standard_normal((n, n))
    steps = np.eye(n * n).reshape(-1, n, n)
    J = np.stack([(learned(W + step) - learned(W)).ravel() for step in steps], axis=1)
    expected = np.linalg.norm((J - J.T) / 2) / np.linalg.norm(J)
    found = hebbian_curl_fraction(f.T @ f / len(f), np.diag(D)[None] < 0)
    assert found[0] == pytest.approx(expected, rel=1e-10)


def test_fractions_are_those_of_whole_neurons() -> None:
    span = {"from": 0.0, "to": 1.0, "points": 5}
    result = run(spec(neurons=10, inhibitory_fractions=span), {}, silent)
    np.testing.assert_allclose(result["inhibitory_fraction"], [0, 0.2, 0.5, 0.7, 1.0])


def test_a_given_matrix_is_used_as_it_is() -> None:
    matrix = [[2.0, 1.0], [1.0, 3.0]]
    asked = spec(neurons=2, correlation={"type": "given", "matrix": matrix})
    assert rows(asked, run(asked, {}, silent))[0].metrics == {
        "curl_fraction": pytest.approx(np.sqrt(2 / 15)),
        "inhibitory_fraction": 0.5,
    }


def test_a_replicate_is_the_same_whatever_runs_beside_it() -> None:
    lognormal = {"type": "lognormal", "coefficient": 0.3}
    for rest in ({"correlation": lognormal}, {"rule": "curl_descent"}):
        many = curl(spec(replicates=4, **rest))
        later = curl(spec(replicates=2, replicate_offset=2, **rest))
        np.testing.assert_array_equal(many[2:], later)
        assert not np.array_equal(many[0], many[1])


NETWORK: dict[str, Any] = {
    "inputs": 4,
    "hidden": 5,
    "outputs": 2,
    "activation": "tanh",
    "readout_activation": "sigmoid",
    "flips": {"hidden": {"count": 2}, "readout": {"count": 2}},
}


@pytest.mark.parametrize("start_of", ["random", "at_solution"])
@pytest.mark.parametrize("site", ["presynaptic", "postsynaptic"])
@pytest.mark.parametrize(
    "rule", ["gradient_descent", "curl_descent", "feedback_alignment", "curl_feedback_alignment"]
)
def test_a_rule_is_measured_where_its_simulation_starts(
    rule: str, site: str, start_of: str
) -> None:
    network = {**NETWORK, "flips": {**NETWORK["flips"], "site": site}}
    network["student"] = {"start": start_of, "perturbation": 1e-3}
    measured = spec(
        rule=rule, replicates=1, replicate_offset=3, seed=5, network={**network, "samples": 30}
    )
    simulation = SimulationSpec.model_validate(
        {**network, "seed": 5, "data": {"train_size": 30}, "feedback_scale": 1.0}
    )
    expected = _curl_of_simulation(simulation, rule, replicate=3)
    assert curl(measured)[0] == pytest.approx(expected, abs=1e-6)


def _curl_of_simulation(simulation: SimulationSpec, rule: str, replicate: int) -> float:
    """From central differences of the slow twin's update."""
    T1, T2, W1, W2 = start(simulation, replicate)
    shape = (simulation.data.train_size, simulation.inputs)
    x = simulation.data.input_std * generator(simulation.seed, Role.TRAIN_INPUTS).standard_normal(
        shape
    )
    y = answers(simulation, T1, T2, x)
    D = signs(simulation, rule, replicate)
    bound = simulation.feedback_scale / np.sqrt(simulation.hidden)
    drawn = generator(simulation.seed, Role.FEEDBACK, replicate).uniform(-bound, bound, W2.shape)
    feedback = drawn if "feedback" in rule else None

    def update(theta: Array) -> Array:
        first, second = theta[: W1.size].reshape(W1.shape), theta[W1.size :].reshape(W2.shape)
        G1, G2 = gradients(simulation, first, second, x, y, feedback)
        changes = (D[0][:, None] * G1 * D[1], D[2][:, None] * G2 * D[3])
        return np.concatenate([change.ravel() for change in changes])

    theta = np.concatenate([W1.ravel(), W2.ravel()])
    steps = 1e-5 * np.eye(len(theta))
    J = np.stack([(update(theta + h) - update(theta - h)) / 2e-5 for h in steps], axis=1)
    return float(np.linalg.norm((J - J.T) / 2) / np.linalg.norm(J))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"inhibitory_fractions": {"from": 0.6, "to": 0.4}}, "above inhibitory_fractions.to"),
        ({"inhibitory_fractions": {"from": -0.1}}, "-0.1 is no fraction of a layer"),
        ({"neurons": 1}, "greater than or equal to 2"),
        ({"correlation": {"coefficient": 1.5}}, "less than or equal to 1"),
        ({"correlation": {"type": "given"}}, "a matrix is needed for type given"),
        ({"correlation": {"matrix": [[1.0]]}}, "a matrix is needed for type given"),
        ({"correlation": {"type": "given", "matrix": [[1.0, 0.0]]}}, "as many numbers"),
        ({"correlation": {"type": "given", "matrix": [[0.0]]}}, "all activity is zero"),
        (
            {"correlation": {"type": "given", "matrix": [[1.0, 0.2], [0.1, 1.0]]}},
            "not symmetric",
        ),
        (
            {"correlation": {"type": "given", "matrix": [[1.0, 2.0], [2.0, 1.0]]}},
            "negative eigenvalue, -1",
        ),
        (
            {"correlation": {"type": "given", "matrix": [[1.0, 0.2], [0.2, 1.0]]}},
            "100 is not the 2 rows",
        ),
        ({"rule": "backpropagation"}, "hebbian_ei"),
        ({"network": {"flips": {"readout": {"count": 30}}}}, "more than the 20 neurons"),
        ({"network": {"samples": 10**6}}, "less than or equal to 20000"),
        (
            {"network": {"teacher": {"hidden": 7}, "student": {"start": "at_solution"}}},
            "must equal hidden, 20",
        ),
    ],
)
def test_bad_input_is_refused_in_words_of_the_field(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        spec(**fields)


def test_a_rule_that_the_network_lacks_has_no_column_of_it() -> None:
    recurrent = KIND.parameters(spec())
    learning = KIND.parameters(spec(rule="curl_descent", network={"inputs": 5}))
    assert recurrent["compression_ratio"] is None
    assert learning["compression_ratio"] == 5 / 20
    assert learning["readout_fraction"] == 1 / 20


@pytest.mark.parametrize(("rule", "told"), [("curl_descent", True), ("gradient_descent", False)])
def test_flipping_the_only_output_is_explained(rule: str, told: bool) -> None:
    flips = {"readout": {"count": 1}, "site": "postsynaptic"}
    spec = KIND.spec.model_validate({"rule": rule, "network": {"flips": flips}})
    assert any("all of W2 climbs" in text for text in KIND.run(spec, {}, silent).warnings) is told
