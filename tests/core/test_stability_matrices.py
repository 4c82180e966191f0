"""The rates against Jacobians of the flow itself, by finite differences, at sizes that allow it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.kernels.critical_lines import Floats
from core.kernels.networks import FlipCounts, Layers
from core.kernels.stability_matrices import (
    eigenvalues,
    one_layer_verdicts,
    postsynaptic_matrices,
    presynaptic_matrices,
    signed_gram,
)
from core.kernels.stability_sampling import (
    Sampled,
    power_law_root,
    sampled_eigenvalues,
    sampled_verdicts,
)

SHAPES = [(3, 5, 1), (5, 3, 1), (3, 5, 2), (4, 3, 2), (4, 4, 3)]


def network(shape: tuple[int, int, int], seed: int) -> tuple[Floats, Floats]:
    M, N, K = shape
    rng = np.random.default_rng(seed)
    return rng.standard_normal((N, M)), rng.standard_normal((K, N))


def signs(size: int, seed: int) -> Floats:
    return np.where(np.random.default_rng(seed).uniform(size=size) < 0.4, -1.0, 1.0)


def covariance(inputs: int, seed: int) -> Floats:
    A = np.random.default_rng(seed).standard_normal((inputs, inputs + 2))
    return np.asarray(A @ A.T / inputs)


def root_of(S: Floats) -> Floats:
    return np.asarray(np.linalg.cholesky(S), np.float64)


def flow(
    W1: Floats, W2: Floats, D1: Floats, D2: Floats, S: Floats, *, postsynaptic: bool
) -> Callable[[Floats], Floats]:
    """The curl gradient flow of both layers, as a field over all weights; zero at W1, W2."""
    teacher = W2 @ W1

    def field(weights: Floats) -> Floats:
        V1, V2 = weights[: W1.size].reshape(W1.shape), weights[W1.size :].reshape(W2.shape)
        ES = (V2 @ V1 - teacher) @ S
        down1, down2 = -V2.T @ ES, -ES @ V1.T
        if postsynaptic:
            return np.concatenate([(D1[:, None] * down1).ravel(), (D2[:, None] * down2).ravel()])
        return np.concatenate([(down1 * D1).ravel(), (down2 * D2).ravel()])

    return field


def jacobian_rates(field: Callable[[Floats], Floats], weights: Floats, count: int) -> Floats:
    """The `count` eigenvalues of -J farthest from zero; the others lie along the manifold."""
    h = 1e-5
    J = np.array(
        [
            (field(weights + step) - field(weights - step)) / (2 * h)
            for step in h * np.eye(len(weights))
        ]
    ).T
    rates = np.linalg.eigvals(-J)
    kept = rates[np.argsort(-np.abs(rates))][:count]
    assert np.abs(kept.imag).max() < 1e-6
    return np.sort(kept.real)


@pytest.mark.parametrize("postsynaptic", [False, True])
@pytest.mark.parametrize("white", [True, False])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_rates_are_those_of_the_flows_own_jacobian(
    shape: tuple[int, int, int], white: bool, postsynaptic: bool
) -> None:
    M, N, K = shape
    W1, W2 = network(shape, 1)
    before, after = (N, K) if postsynaptic else (M, N)
    D1, D2 = signs(before, 2), signs(after, 3)
    S = np.eye(M) if white else covariance(M, 4)
    root = None if white else root_of(S)
    matrices = postsynaptic_matrices if postsynaptic else presynaptic_matrices
    rates = eigenvalues(matrices(W1, W2, D1, D2, root))
    field = flow(W1, W2, D1, D2, S, postsynaptic=postsynaptic)
    weights = np.concatenate([W1.ravel(), W2.ravel()])
    np.testing.assert_allclose(rates, jacobian_rates(field, weights, K * M), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("postsynaptic", [False, True])
def test_white_inputs_are_a_covariance_like_any_other(postsynaptic: bool) -> None:
    M, N, K = 5, 7, 3
    W1, W2 = network((M, N, K), 5)
    D1, D2 = (signs(N, 6), signs(K, 7)) if postsynaptic else (signs(M, 6), signs(N, 7))
    matrices = postsynaptic_matrices if postsynaptic else presynaptic_matrices
    plain, whole = (eigenvalues(matrices(W1, W2, D1, D2, R)) for R in (None, np.eye(M)))
    np.testing.assert_allclose(plain, whole, atol=1e-10)


@given(st.integers(0, 10_000))
def test_a_covariance_changes_no_sign_of_presynaptic_rates(seed: int) -> None:
    W1, W2 = network((6, 8, 1), seed)
    D1, D2 = signs(6, seed + 1), signs(8, seed + 2)
    root = root_of(covariance(6, seed + 3))
    white, coloured = (eigenvalues(presynaptic_matrices(W1, W2, D1, D2, R)) for R in (None, root))
    assert np.count_nonzero(white > 0) == np.count_nonzero(coloured > 0)


@given(st.integers(1, 9), st.integers(1, 9), st.floats(0.1, 10), st.integers(0, 10_000))
def test_verdicts_from_the_smaller_layer_are_those_of_all_eigenvalues(
    inputs: int, hidden: int, strength: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    W1 = rng.standard_normal((hidden, inputs)) / np.sqrt(inputs)
    orders = rng.permutation(inputs), rng.permutation(hidden)
    counts = range(inputs + 1), range(hidden + 1)
    found = one_layer_verdicts(W1, strength, orders, counts)
    for layer in range(2):
        for count in counts[layer]:
            D = [np.ones(inputs), np.ones(hidden)]
            D[layer][orders[layer][:count]] = -1
            A = strength * np.diag(D[0]) + W1.T @ (D[1][:, None] * W1)
            assert found[layer][count] == bool(np.linalg.eigvalsh(A)[0] > 0)


def test_a_signed_gram_matrix_in_parts_is_the_whole_one() -> None:
    W, D = np.random.default_rng(0).standard_normal((3000, 200)), signs(3000, 1)
    np.testing.assert_allclose(signed_gram(W, D), W.T @ np.diag(D) @ W, atol=1e-9)


def test_the_root_of_a_power_law_has_its_spectrum_and_mean_one() -> None:
    root = power_law_root(np.random.default_rng(0), 40, 1.5)
    variances = np.linalg.eigvalsh(root @ root.T)[::-1]
    np.testing.assert_allclose(
        variances, 40 * np.arange(1, 41) ** -1.5 / (np.arange(1, 41) ** -1.5).sum()
    )
    assert np.trace(root @ root.T) == pytest.approx(40)


def test_a_draw_is_the_same_network_however_many_are_drawn() -> None:
    sampled, flips = Sampled(Layers(30, 50, 1), 1.0, 3), FlipCounts(9, 5, postsynaptic=False)
    alone = sampled_eigenvalues(sampled, flips, 4)
    among = [sampled_eigenvalues(sampled, flips, draw) for draw in range(5)]
    assert among[4].tobytes() == alone.tobytes()
    assert len({each.tobytes() for each in among}) == 5


@pytest.mark.parametrize("layers", [Layers(30, 45, 1), Layers(45, 30, 1)], ids=str)
def test_verdicts_are_about_the_networks_whose_rates_are_sampled(layers: Layers) -> None:
    sampled, counts = Sampled(layers, 1.3, 0), ([0, 3, 12, 30], [0, 1, 6, 30])
    for draw in range(3):
        found = sampled_verdicts(sampled, counts, draw)
        for layer in range(2):
            for count, stable in zip(counts[layer], found[layer], strict=True):
                flips = FlipCounts(*((count, 0), (0, count))[layer], postsynaptic=False)
                assert stable == bool(sampled_eigenvalues(sampled, flips, draw)[0] > 0)


def test_the_readout_has_the_norm_that_kappa_says() -> None:
    rates: Any = sampled_eigenvalues(Sampled(Layers(60, 20, 1), 1.7, 0), FlipCounts(0, 0, False), 0)
    # Forty inputs reach no hidden neuron: their rate is ||W2||^2 alone.
    np.testing.assert_allclose(rates[:40], 1.7, atol=1e-12)
    assert rates[40] > 1.7 + 1e-3
