"""The curl fraction without a Jacobian against explicit Jacobians, Hessians and special cases."""

import tracemalloc
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.kernels.activations import ACTIVATIONS
from core.kernels.curl_fraction import UpdateField, curl_fraction, memory_bytes
from core.kernels.derivatives import derivatives

Array = NDArray[np.float64]
Complex = NDArray[Any]


def random_field(seed: int, samples: int = 17, site: str = "presynaptic") -> UpdateField:
    """Four inputs, five hidden neurons, three outputs, signs at random."""
    rng = np.random.default_rng(seed)
    M, N, K = 4, 5, 3
    before, after = (M, N) if site == "presynaptic" else (N, K)
    return UpdateField(
        W1=rng.standard_normal((N, M)),
        W2=rng.standard_normal((K, N)),
        X=rng.standard_normal((samples, M)),
        Y=rng.standard_normal((samples, K)),
        D1=rng.choice([-1.0, 1.0], before),
        D2=rng.choice([-1.0, 1.0], after),
        site="presynaptic" if site == "presynaptic" else "postsynaptic",
    )


def unflipped(field: UpdateField) -> UpdateField:
    return replace(field, D1=np.ones_like(field.D1), D2=np.ones_like(field.D2))


def response(activation: str, a: Complex) -> tuple[Complex, Complex]:
    """phi(a) and phi'(a), analytic in a."""
    if activation == "tanh":
        return np.tanh(a), 1 - np.tanh(a) ** 2
    if activation == "sigmoid":
        h = 1 / (1 + np.exp(-a))
        return h, h * (1 - h)
    if activation == "relu":
        return a * (a.real > 0), (a.real > 0) + 0j
    return a, np.ones_like(a)


def update(field: UpdateField, theta: Complex) -> Complex:
    """F at other weights, by the equations of section 2."""
    N, M = field.W1.shape
    W1, W2 = theta[: N * M].reshape(N, M), theta[N * M :].reshape(field.W2.shape)
    h, slope = response(field.phi, field.X @ W1.T)
    y, psi_slope = response(field.psi, h @ W2.T)
    delta2 = (y - field.Y) * (1 if field.raw_error else psi_slope)
    delta1 = (delta2 @ (W2 if field.feedback is None else field.feedback)) * slope
    presynaptic = field.site == "presynaptic"
    D1, D2 = (D[None, :] if presynaptic else D[:, None] for D in (field.D1, field.D2))
    change1, change2 = D1 * (delta1.T @ field.X), D2 * (delta2.T @ h)
    return -np.concatenate([change1.ravel(), change2.ravel()]) / len(field.X)


def jacobian(field: UpdateField) -> Array:
    """dF / d theta, column by column: an imaginary step has no rounding error."""
    theta = np.concatenate([field.W1.ravel(), field.W2.ravel()]).astype(complex)
    columns = []
    for i in range(len(theta)):
        stepped = theta.copy()
        stepped[i] += 1e-30j
        columns.append(update(field, stepped).imag / 1e-30)
    return np.stack(columns, axis=1)


def explicit(field: UpdateField) -> float:
    J = jacobian(field)
    return float(np.linalg.norm((J - J.T) / 2) / np.linalg.norm(J))


@pytest.mark.parametrize("site", ["presynaptic", "postsynaptic"])
@pytest.mark.parametrize("phi", ACTIVATIONS)
@pytest.mark.parametrize("psi", ACTIVATIONS)
def test_it_is_that_of_the_explicit_jacobian(phi: str, psi: str, site: str) -> None:
    for raw, aligned in product((False, True), repeat=2):
        field = random_field(seed=3, site=site)
        feedback = np.random.default_rng(4).standard_normal(field.W2.shape)
        field = replace(
            field, phi=phi, psi=psi, raw_error=raw, feedback=feedback if aligned else None
        )
        assert curl_fraction(field) == pytest.approx(explicit(field), abs=1e-12)


def test_samples_in_several_parts_count_as_one_set() -> None:
    field = replace(random_field(seed=5, samples=700), phi="tanh")
    assert curl_fraction(field) == pytest.approx(explicit(field), abs=1e-12)


@pytest.mark.parametrize("phi", ["linear", "tanh", "sigmoid"])
def test_its_square_is_the_share_of_the_hessian_between_opposite_signs(phi: str) -> None:
    field = replace(random_field(seed=6), phi=phi)
    N, M = field.W1.shape
    theta = np.concatenate([field.W1.ravel(), field.W2.ravel()])

    def cost(weights: Array) -> float:
        W1, W2 = weights[: N * M].reshape(N, M), weights[N * M :].reshape(field.W2.shape)
        error = derivatives(phi, field.X @ W1.T)[0] @ W2.T - field.Y
        return float(np.sum(error**2)) / (2 * len(field.X))

    step, n = 1e-4 * np.eye(len(theta)), len(theta)
    H = np.array(
        [
            [
                sum(
                    a * b * cost(theta + a * step[i] + b * step[j])
                    for a, b in product((1, -1), repeat=2)
                )
                / 4e-8
                for j in range(n)
            ]
            for i in range(n)
        ]
    )
    signs = np.concatenate([np.tile(field.D1, N), np.tile(field.D2, len(field.W2))])
    opposite = np.sum(H**2, where=np.outer(signs, signs) < 0)
    assert curl_fraction(field) ** 2 == pytest.approx(opposite / np.sum(H**2), rel=1e-5)


@pytest.mark.parametrize("raw", [False, True])
@pytest.mark.parametrize("phi", ACTIVATIONS)
@pytest.mark.parametrize("psi", ACTIVATIONS)
def test_gradient_descent_has_none_whatever_its_output_error(phi: str, psi: str, raw: bool) -> None:
    field = replace(unflipped(random_field(seed=11)), phi=phi, psi=psi, raw_error=raw)
    assert curl_fraction(field) == 0.0
    ascent = replace(field, D1=-field.D1, D2=-field.D2)
    assert curl_fraction(ascent) == 0.0


@given(seed=st.integers(0, 10**6), site=st.sampled_from(["presynaptic", "postsynaptic"]))
def test_it_is_a_fraction_that_no_relabelling_changes(seed: int, site: str) -> None:
    field = replace(random_field(seed, site=site), phi="tanh", psi="sigmoid")
    found = curl_fraction(field)
    assert 0 <= found <= 1
    order = np.random.default_rng(seed).permutation(len(field.W1))
    moved = replace(field, W1=field.W1[order], W2=field.W2[:, order])
    if site == "presynaptic":
        moved = replace(moved, D2=field.D2[order])
    else:
        moved = replace(moved, D1=field.D1[order])
    assert curl_fraction(moved) == pytest.approx(found, abs=1e-7)
    doubled = replace(field, X=np.tile(field.X, (2, 1)), Y=np.tile(field.Y, (2, 1)))
    assert curl_fraction(doubled) == pytest.approx(found, abs=1e-7)
    reversed_signs = replace(field, D1=-field.D1, D2=-field.D2)
    assert curl_fraction(reversed_signs) == pytest.approx(found, abs=1e-7)


def two_synapses(w1: float, w2: float, readout: float) -> UpdateField:
    """w1' = -w2 e, w2' = -readout w1 e, e = w1 w2 - 1."""
    one = np.ones((1, 1))
    return UpdateField(w1 * one, w2 * one, one, one, np.ones(1), readout * np.ones(1))


def test_two_synapses_turn_around_the_origin_and_nothing_else() -> None:
    assert curl_fraction(two_synapses(0.0, 0.0, readout=-1.0)) == 1.0
    assert curl_fraction(two_synapses(0.0, 0.0, readout=1.0)) == 0.0


@given(w1=st.floats(-3, 3), w2=st.floats(-3, 3))
def test_two_synapses_have_the_curl_of_their_equations(w1: float, w2: float) -> None:
    off = 2 * w1 * w2 - 1
    H = np.array([[w2**2, off], [off, w1**2]])
    expected = np.sqrt(2) * abs(off) / np.linalg.norm(H)
    assert curl_fraction(two_synapses(w1, w2, -1.0)) == pytest.approx(expected, abs=1e-7)


def test_where_no_weight_changes_the_field_there_is_no_number() -> None:
    field = random_field(seed=8)
    assert np.isnan(curl_fraction(replace(field, X=np.zeros_like(field.X))))


def test_a_large_network_needs_no_gigabyte() -> None:
    """Its Jacobian would take 1.2 GB."""
    rng = np.random.default_rng(9)
    M = N = 110
    P = 250
    field = UpdateField(
        W1=rng.standard_normal((N, M)) / np.sqrt(M),
        W2=rng.standard_normal((1, N)) / np.sqrt(N),
        X=rng.standard_normal((P, M)),
        Y=rng.standard_normal((P, 1)),
        D1=np.ones(M),
        D2=np.where(np.arange(N) < 11, -1.0, 1.0),
        phi="tanh",
    )
    tracemalloc.start()
    found = curl_fraction(field)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert 0 < found < 1
    assert peak < memory_bytes(P, M, N, 1) < 50e6


def test_a_measurement_nobody_wants_any_more_stops() -> None:
    def unwanted() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        curl_fraction(random_field(seed=10), unwanted)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_derivatives_are_those_of_finite_differences(activation: str) -> None:
    a = np.linspace(-3, 3, 40)  # without 0, where relu has a corner
    h = 1e-5
    value, slope, curvature = derivatives(activation, a)
    above, below = (derivatives(activation, a + step) for step in (h, -h))
    np.testing.assert_allclose(slope, (above[0] - below[0]) / (2 * h), atol=1e-9)
    np.testing.assert_allclose(curvature, (above[1] - below[1]) / (2 * h), atol=1e-9)
    assert [x.item() for x in derivatives("relu", np.zeros(1))] == [0, 0, 0]
    assert value.shape == a.shape


@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
def test_saturated_units_have_no_slope_left(activation: str) -> None:
    value, slope, curvature = derivatives(activation, np.array([-1e4, 1e4]))
    np.testing.assert_allclose(value, [-1 if activation == "tanh" else 0, 1], atol=1e-300)
    np.testing.assert_allclose([slope, curvature], 0, atol=1e-300)
