"""Tangent maps against finite differences of the kernels, exponents against closed forms."""

from math import log
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from core.curl_descent import SimulationSpec
from core.experiment import silent
from core.kernels import lyapunov
from core.kernels.activations import ACTIVATIONS
from core.kernels.curl_fraction import UpdateField
from core.kernels.draws import Role, generator
from core.kernels.stack import CONSTRAINTS, Constraint
from core.kernels.tangent_map import carried
from core.kinds.curl_descent_simulation import KIND
from tests.core.curl_stacks import Small
from tests.core.test_curl_learning import SITES, small
from tests.core.test_curl_twin import RULES, spec_of

Array = NDArray[np.float64]
Pair = tuple[Array, Array]
ETA = 0.3


def field_of(network: Small, site: str) -> UpdateField:
    post1, pre1, post2, pre2 = network.signs
    return UpdateField(
        W1=network.W1,
        W2=network.W2,
        X=network.x,
        Y=network.y,
        D1=pre1 if site == "presynaptic" else post1,
        D2=pre2 if site == "presynaptic" else post2,
        site="presynaptic" if site == "presynaptic" else "postsynaptic",
        phi=network.activation,
        psi=network.readout_activation,
        raw_error=network.raw_error,
        feedback=network.feedback,
    )


def numerically_carried(network: Small, V: Pair) -> Pair:
    """Central differences of one update of the kernel; the norms to keep stay as they are."""
    moved = []
    for step in (1e-6, -1e-6):
        near = Small(**{**vars(network), "W1": network.W1 + step * V[0]})
        near.W2, near.norms_of = network.W2 + step * V[1], network
        moved.append(near.after(1, ETA))
    return (moved[0][0] - moved[1][0]) / 2e-6, (moved[0][1] - moved[1][1]) / 2e-6


@pytest.mark.parametrize("constraint", CONSTRAINTS)
@pytest.mark.parametrize("readout", ACTIVATIONS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_tangent_map_is_the_derivative_of_the_kernels_update(
    activation: str, readout: str, constraint: Constraint
) -> None:
    rng = np.random.default_rng(5)
    for site in SITES:
        for rule in ("tied", "aligned", "raw"):
            network = small(4, activation, readout, site)
            network.norm_constraint, network.raw_error = constraint, rule == "raw"
            network.feedback = rng.standard_normal((3, 7)) if rule == "aligned" else None
            V1, V2 = rng.standard_normal((2, 7, 5)), rng.standard_normal((2, 3, 7))
            step = ETA / len(network.x)
            got = carried(field_of(network, site), step, constraint, V1, V2)
            for k in range(2):
                expected = numerically_carried(network, (V1[k], V2[k]))
                for layer in range(2):
                    np.testing.assert_allclose(got[layer][k], expected[layer], atol=3e-8)


def test_samples_enter_the_tangent_map_some_at_a_time_or_all_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(6)
    field = field_of(small(4, "tanh", "sigmoid", "presynaptic"), "presynaptic")
    V1, V2 = rng.standard_normal((2, 7, 5)), rng.standard_normal((2, 3, 7))
    whole, ticks = carried(field, 0.01, "layer", V1, V2), []
    monkeypatch.setattr("core.kernels.tangent_map._TERMS_AT_ONCE", 600)
    parts = carried(field, 0.01, "layer", V1, V2, lambda: ticks.append(1))
    assert len(ticks) > 5
    for layer in range(2):
        np.testing.assert_allclose(parts[layer], whole[layer], rtol=1e-12)


def test_exponents_of_a_linear_map_are_the_logarithms_of_its_eigenvalues() -> None:
    rng = np.random.default_rng(1)
    rates, basis = np.array([1.2, 1.0, 0.6, 0.3]), rng.standard_normal((4, 4))
    matrix = basis @ np.diag(rates) @ np.linalg.inv(basis)
    vectors = lyapunov.tangent_vectors(rng, 4, 4)
    blocks = np.zeros((20, 4))
    for epoch in range(-100, 400):
        vectors, growth = lyapunov.carried_on(
            vectors, (1, 3), lambda V1, V2: _through(matrix, V1, V2)
        )
        if epoch >= 0:
            blocks[epoch // 20] += growth / 20
    mean, error = lyapunov.exponents(lyapunov.ordered(blocks))
    np.testing.assert_allclose(mean, np.log(rates), atol=1e-10)
    assert lyapunov.first_nonzero(mean, error, 400) == pytest.approx(log(1.2))


def _through(matrix: Array, V1: Array, V2: Array) -> Pair:
    moved = np.concatenate([V1.reshape(-1, 3), V2.reshape(-1, 1)], axis=1) @ matrix.T
    return moved[:, :3].reshape(V1.shape), moved[:, 3:].reshape(V2.shape)


def test_the_first_exponent_that_is_not_zero_is_beyond_error_and_powers_of_time() -> None:
    mean = np.array([[1e-4, -0.2], [0.05, -0.2], [0.0, 0.0], [np.nan, np.nan]])
    error = np.array([[1e-6, 0.01], [0.02, 0.01], [0.0, 0.0], [np.nan, np.nan]])
    found = lyapunov.first_nonzero(mean, error, 1000)
    np.testing.assert_array_equal(found, [-0.2, -0.2, np.nan, np.nan])


def test_chaos_takes_a_positive_exponent_and_moving_weights() -> None:
    largest = np.array([0.1, 0.1, 0.1, -0.1, 1e-4])
    error = np.array([0.01, 0.04, 0.01, 0.001, 1e-6])
    q = np.array([1e-3, 1e-3, 1e-9, 1e-3, 1e-3])
    assert lyapunov.chaotic(largest, error, q, 300).tolist() == [True, *[False] * 4]


def test_a_linear_network_at_its_solution_has_the_exponents_of_the_jacobian() -> None:
    """With one input and output, (||W1||^2 + ||W2||^2) <x^2> is the only rate of the manifold."""
    spec = spec_of(
        inputs=1,
        hidden=3,
        outputs=1,
        activation="linear",
        rules=["gradient_descent"],
        flips={"hidden": {"count": 0}},
        training={"epochs": 400, "batch_size": "full", "learning_rate": 2.0},
        data={"train_size": 20, "test_size": 3},
        student={"start": "at_solution", "perturbation": 1e-12},
        record={"points": 2, "lyapunov_exponents": 6, "lyapunov_window": 400, "weights": "final"},
    )
    result = KIND.run(spec, {}, silent)
    x = generator(spec.seed, Role.TRAIN_INPUTS).standard_normal(20) * np.sqrt(0.5)
    W1, W2 = result["W1"][0], result["W2"][0]
    rate = np.mean(x**2) * ((W1**2).sum(axis=(1, 2)) + (W2**2).sum(axis=(1, 2)))
    found = result["lyapunov_exponents"][0]
    closed = np.log(np.abs(1 - 2.0 * rate))
    np.testing.assert_allclose(found.sum(axis=1), closed, rtol=1e-10)
    np.testing.assert_allclose(found[:, -1], closed, rtol=1e-5)
    np.testing.assert_allclose(found[:, :-1], 0.0, atol=1e-6)


def test_a_converged_network_has_no_exponent_above_zero() -> None:
    """Eight samples cannot fix 81 weights: the rest is a manifold along which nothing moves."""
    spec = spec_of(
        activation="relu",
        rules=["gradient_descent"],
        training={"epochs": 1500, "batch_size": "full", "learning_rate": 0.1},
        data={"train_size": 8, "test_size": 3},
        record={"points": 3, "lyapunov_exponents": 3, "order_parameter_window": 100},
    )
    for row in KIND.rows(spec, KIND.run(spec, {}, silent)):
        largest = row.metrics["lyapunov_max"]
        assert largest is not None
        assert abs(largest) < 2e-4
        assert row.metrics["lyapunov_first_nonzero"] is None
        assert row.metrics["chaotic"] is False


def unsettled(**changes: Any) -> SimulationSpec:
    """Half of the inputs flipped in a compressive network with constrained norms."""
    training = {
        "epochs": 1200,
        "batch_size": "full",
        "learning_rate": 1.0,
        "norm_constraint": "layer",
        **changes.pop("training", {}),
    }
    return spec_of(
        inputs=12,
        hidden=4,
        activation="tanh",
        readout_activation="tanh",
        output_error="raw",
        rules=["curl_descent"],
        flips={"hidden": {"fraction": 0.5}, "readout": {"count": 0}},
        training=training,
        replicates=1,
        **changes,
    )


def test_a_network_that_never_settles_is_chaotic() -> None:
    record = {"points": 3, "lyapunov_exponents": 2, "order_parameter_window": 500}
    spec = unsettled(record=record)
    (row,) = KIND.rows(spec, KIND.run(spec, {}, silent))
    assert row.metrics["chaotic"] is True
    assert row.metrics["lyapunov_first_nonzero"] == row.metrics["lyapunov_max"]


def test_the_exponent_is_the_rate_at_which_two_networks_part() -> None:
    """By brute force, over the same 220 epochs: networks that start 1e-12 apart.

    They need not point the same way at first, which costs a factor near 1 once.
    """
    one, other = ({at: _weights_after(at, apart) for at in (180, 400)} for apart in (0.0, 1e-12))
    distance = {at: float(np.linalg.norm(one[at] - other[at])) for at in one}
    assert 1e-11 < distance[180] < distance[400] < 1e-2
    record = {"points": 2, "lyapunov_exponents": 1, "lyapunov_window": 250}
    spec = unsettled(student=_start(0.0), record=record, training={"epochs": 400})
    found = KIND.run(spec, {}, silent)["lyapunov_exponents"].item()
    assert log(distance[400] / distance[180]) / 220 == pytest.approx(found, rel=0.08)


def _start(apart: float) -> dict[str, Any]:
    return {"start": "at_solution", "perturbation": 0.3 + apart}


def _weights_after(epochs: int, apart: float) -> Array:
    record = {"points": 2, "weights": "final"}
    spec = unsettled(student=_start(apart), record=record, training={"epochs": epochs})
    result = KIND.run(spec, {}, silent)
    return np.concatenate([result[name].ravel() for name in ("W1", "W2")])


@pytest.mark.parametrize("rule", RULES)
def test_looking_changes_no_bit_of_what_is_learned(rule: str) -> None:
    training = {"epochs": 60, "batch_size": "full"}
    record = {
        "points": 5,
        "lyapunov_exponents": 2,
        "conservation": True,
        "curl_fraction": "records",
        "hidden_dimensionality": True,
        "trajectory_window": 30,
        "weights": "snapshots",
        "probe_size": 3,
    }
    plain = KIND.run(spec_of(rules=[rule], training=training, record={"points": 5}), {}, silent)
    watched = KIND.run(spec_of(rules=[rule], training=training, record=record), {}, silent)
    assert plain["test_error"].tobytes() == watched["test_error"].tobytes()
