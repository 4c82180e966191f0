"""The stepping kernels against finite differences, conservation laws and an exact solution."""

from math import atan2, hypot, pi, sqrt

import numpy as np
import pytest
from numpy.typing import NDArray

from core.kernels.activations import ACTIVATIONS
from tests.core.curl_stacks import Signs, Small, random_signs
from tests.core.curl_twin import phi

Array = NDArray[np.float64]
SITES = ("presynaptic", "postsynaptic")


def small(
    seed: int, activation: str = "linear", readout: str = "linear", site: str | None = None
) -> Small:
    """Five inputs, seven hidden neurons, three outputs, 23 samples."""
    rng = np.random.default_rng(seed)
    M, N, K, P = 5, 7, 3, 23
    post1, pre1, post2, pre2 = random_signs(rng, N, M, K)
    if site == "presynaptic":
        post1, post2 = np.ones(N), np.ones(K)
    if site == "postsynaptic":
        pre1, pre2 = np.ones(M), np.ones(N)
    return Small(
        W1=rng.standard_normal((N, M)) / 2,
        W2=rng.standard_normal((K, N)) / 2,
        x=rng.standard_normal((P, M)),
        y=rng.standard_normal((P, K)),
        signs=(post1, pre1, post2, pre2),
        activation=activation,
        readout_activation=readout,
    )


def numerical_gradients(network: Small) -> tuple[Array, Array]:
    """Central differences of C = 1/(2P) sum ||psi(W2 phi(W1 x)) - y||^2."""

    def cost(W1: Array, W2: Array) -> float:
        hidden = phi(network.activation, network.x @ W1.T)
        error = phi(network.readout_activation, hidden @ W2.T) - network.y
        return float(np.sum(error**2) / (2 * len(network.x)))

    slopes = [np.zeros_like(network.W1), np.zeros_like(network.W2)]
    for layer, gradient in enumerate(slopes):
        for place in np.ndindex(gradient.shape):
            costs = []
            for step in (1e-5, -1e-5):
                weights = [network.W1.copy(), network.W2.copy()]
                weights[layer][place] += step
                costs.append(cost(*weights))
            gradient[place] = (costs[0] - costs[1]) / 2e-5
    return slopes[0], slopes[1]


@pytest.mark.parametrize("site", SITES)
@pytest.mark.parametrize("readout", ACTIVATIONS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_an_update_is_the_numerical_gradient_up_to_the_signs(
    activation: str, readout: str, site: str
) -> None:
    network = small(3, activation, readout, site)
    eta = 1e-3
    W1, W2 = network.after(1, eta)
    post1, pre1, post2, pre2 = network.signs
    G1, G2 = numerical_gradients(network)
    np.testing.assert_allclose((network.W1 - W1) / eta, post1[:, None] * G1 * pre1, atol=2e-9)
    np.testing.assert_allclose((network.W2 - W2) / eta, post2[:, None] * G2 * pre2, atol=2e-9)


def conserved(W1: Array, W2: Array, signs: Signs) -> Array:
    """Q_i of section 6, for both sites at once: the other site's signs are all one."""
    post1, pre1, post2, pre2 = signs
    return np.asarray(post1 * (W1**2 @ pre1) - pre2 * (post2 @ W2**2))


@pytest.mark.parametrize("site", SITES)
@pytest.mark.parametrize(
    ("activation", "readout", "by_covariance"),
    [("linear", "linear", True), ("linear", "tanh", False), ("relu", "linear", False)],
)
def test_the_drift_of_the_conserved_quantity_halves_with_the_step(
    activation: str, readout: str, by_covariance: bool, site: str
) -> None:
    network = small(5, activation, readout, site)
    before = conserved(network.W1, network.W2, network.signs)
    drifts = []
    for halvings in range(3):
        eta = 4e-4 / 2**halvings
        W1, W2 = network.after(round(0.4 / eta), eta, by_covariance=by_covariance)
        drifts.append(conserved(W1, W2, network.signs) - before)
        assert np.abs(W1 - network.W1).max() > 0.02
    assert np.abs(drifts[0]).max() < 2e-3
    np.testing.assert_allclose(drifts[0] / 2, drifts[1], atol=0.02 * np.abs(drifts[1]).max())
    np.testing.assert_allclose(drifts[1] / 2, drifts[2], atol=0.02 * np.abs(drifts[2]).max())


def test_the_law_fails_for_tanh() -> None:
    network = small(5, "tanh", "linear", "presynaptic")
    before = conserved(network.W1, network.W2, network.signs)
    W1, W2 = network.after(4000, 1e-4)
    assert np.abs(conserved(W1, W2, network.signs) - before).max() > 1e-3


@pytest.mark.parametrize("by_covariance", [False, True])
@pytest.mark.parametrize("rho_squared", [0.5, 1.0, 1.7])
def test_the_flipped_toy_rotates_with_its_exact_period(
    rho_squared: float, by_covariance: bool
) -> None:
    """w1' = -w2 e, w2' = +w1 e, e = w1 w2 - 1: period 2 pi / sqrt(1 - rho^4 / 4)."""
    start = 0.3
    rho, ones = sqrt(rho_squared), np.ones(1)
    toy = Small(
        W1=np.array([[rho * np.cos(start)]]),
        W2=np.array([[rho * np.sin(start)]]),
        x=np.array([[1.0], [-1.0]]),
        y=np.array([[1.0], [-1.0]]),
        signs=(ones, ones, ones, -ones),
    )
    period = 2 * pi / sqrt(1 - rho_squared**2 / 4)
    misses = []
    for steps in (100_000, 200_000):
        W1, W2 = toy.after(steps, period / steps, by_covariance=by_covariance)
        w1, w2 = W1.item(), W2.item()
        misses.append(hypot(atan2(w2, w1) - start, hypot(w1, w2) - rho))
    assert misses[0] < 1e-2
    assert misses[1] == pytest.approx(misses[0] / 2, rel=0.02)


@pytest.mark.parametrize("constraint", ["none", "layer", "row"])
@pytest.mark.parametrize("aligned", [False, True])
def test_the_covariance_path_equals_the_samples(constraint: str, aligned: bool) -> None:
    network = small(11)
    network.y = network.x @ np.random.default_rng(1).standard_normal((5, 3))
    network.norm_constraint = constraint
    if aligned:
        network.feedback = np.random.default_rng(2).standard_normal(network.W2.shape)
    direct, short = (network.after(50, 1e-2, by_covariance=path) for path in (False, True))
    assert np.abs(direct[0] - network.W1).max() > 0.05
    np.testing.assert_allclose(short[0], direct[0], atol=1e-11)
    np.testing.assert_allclose(short[1], direct[1], atol=1e-11)


@pytest.mark.parametrize("activation", ["tanh", "linear"])
@pytest.mark.parametrize("by_covariance", [False, True])
def test_norms_stay_what_they_were(activation: str, by_covariance: bool) -> None:
    for constraint, axis in (("layer", None), ("row", 1)):
        network = small(13, activation)
        network.norm_constraint = constraint
        by_covariance = by_covariance and activation == "linear"
        W1, W2 = network.after(200, 5e-2, by_covariance=by_covariance)
        for old, new in ((network.W1, W1), (network.W2, W2)):
            assert np.abs(new - old).max() > 0.01
            kept = [np.linalg.norm(W, axis=axis) for W in (old, new)]
            np.testing.assert_allclose(kept[1], kept[0], rtol=1e-14)
