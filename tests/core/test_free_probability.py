"""Edges, atoms and density against the specification's formulas, moments, and sampled networks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.kernels.critical_lines import Floats
from core.kernels.free_probability import Ensemble, atoms, left_edge, right_edge
from core.kernels.networks import FlipCounts, Layers
from core.kernels.spectral_density import density, density_points, pieces, support
from core.kernels.stability_sampling import Sampled, sampled_eigenvalues
from tests.core.free_probability_twin import REFERENCE, edge_scale, maximum, moments

ratios = st.floats(-2, 2).map(lambda x: 10**x)
kappas = st.floats(-1, 1).map(lambda x: 10**x)
fractions = st.sampled_from([0.0, 1.0]) | st.floats(0.01, 0.99)
Parameters = tuple[float, float, float, float]


def random_parameters(seed: int) -> Parameters:
    """c from 0.1 to 5, kappa from 1/3 to 3; every fourth with no flips in one of the layers."""
    rng = np.random.default_rng(seed)
    c, kappa = 10 ** rng.uniform(-1, 0.7), 3 ** rng.uniform(-1, 1)
    alpha_h, alpha_r = rng.uniform(0.05, 0.95, 2)
    return (
        float(c),
        0.0 if seed % 4 == 1 else float(alpha_h),
        0.0 if seed % 4 == 2 else float(alpha_r),
        float(kappa),
    )


def quadrature(parameters: Parameters, points: int = 200) -> tuple[Floats, Floats]:
    """Nodes and weights for all moments of the law, atoms included."""
    ensemble = Ensemble(*parameters)
    intervals = pieces(ensemble)
    x = density_points(intervals, points)
    sines = np.sin(np.pi * np.arange(points, 0, -1) / (points + 1))
    half = np.diff(intervals, axis=1) / 2
    weights = np.pi * half / (points + 1) * sines * density(ensemble, x).reshape(len(half), -1)
    found = atoms(ensemble)
    return np.append(x, found[:, 0]), np.append(weights, found[:, 1])


@pytest.mark.parametrize("row", REFERENCE["left_edge"], ids=str)
def test_the_left_edge_has_its_check_values(row: dict[str, float]) -> None:
    ensemble = Ensemble(float(row["c"]), row["alpha_h"], row["alpha_r"], row["kappa"])
    assert left_edge(ensemble) == pytest.approx(row["edge"], abs=1e-9)


@given(ratios, fractions, fractions, kappas)
def test_the_left_edge_is_the_maximum_that_golden_section_finds(
    c: float, alpha_h: float, alpha_r: float, kappa: float
) -> None:
    found = float(left_edge(Ensemble(c, alpha_h, alpha_r, kappa)))
    # The search meets a supremum at infinity only up to its last w.
    assert found == pytest.approx(maximum(c, alpha_h, alpha_r, kappa)[0], abs=1e-5 * (1 + 1 / c))


def test_edges_broadcast_over_arrays() -> None:
    alpha_h, alpha_r = np.linspace(0, 1, 5)[:, None], np.linspace(0, 1, 4)
    grid = left_edge(Ensemble(0.4, alpha_h, alpha_r, 1.5))
    for i, j in np.ndindex(5, 4):
        single = Ensemble(0.4, float(alpha_h[i, 0]), float(alpha_r[j]), 1.5)
        assert grid[i, j] == left_edge(single)


@given(ratios, fractions, fractions, kappas)
def test_more_flips_never_raise_an_edge(
    c: float, alpha_h: float, alpha_r: float, kappa: float
) -> None:
    for edge in (left_edge, right_edge):
        few = edge(Ensemble(c, alpha_h, alpha_r, kappa))
        for more in (
            Ensemble(c, (1 + alpha_h) / 2, alpha_r, kappa),
            Ensemble(c, alpha_h, (1 + alpha_r) / 2, kappa),
        ):
            assert edge(more) <= few + 1e-9 * (1 + kappa + 1 / c)


@pytest.mark.parametrize("seed", range(20))
def test_density_and_atoms_have_the_moments_of_the_free_sum(seed: int) -> None:
    parameters = random_parameters(seed)
    x, weights = quadrature(parameters)
    for power, moment in enumerate(moments(*parameters)):
        assert (weights * x**power).sum() == pytest.approx(moment, rel=5e-4, abs=5e-4)


@given(ratios, fractions, fractions, kappas)
def test_the_density_fills_what_the_atoms_leave(
    c: float, alpha_h: float, alpha_r: float, kappa: float
) -> None:
    _, weights = quadrature((c, alpha_h, alpha_r, kappa), points=100)
    # Near a cusp the rule of integration converges slowly.
    assert weights.sum() == pytest.approx(1, abs=0.02)


@given(ratios, fractions, fractions, kappas)
def test_support_and_atoms_reach_from_edge_to_edge(
    c: float, alpha_h: float, alpha_r: float, kappa: float
) -> None:
    ensemble = Ensemble(c, alpha_h, alpha_r, kappa)
    places = np.append(support(ensemble), atoms(ensemble)[:, 0])
    scale = 1 + kappa + 1 / c
    assert places.min() == pytest.approx(float(left_edge(ensemble)), abs=1e-6 * scale)
    assert places.max() == pytest.approx(float(right_edge(ensemble)), abs=1e-6 * scale)


@pytest.mark.parametrize("c", [0.2, 0.7, 3.0])
def test_without_flips_the_density_is_that_of_marchenko_and_pastur(c: float) -> None:
    kappa, rate = 0.8, 1 / c
    ensemble = Ensemble(c, 0.0, 0.0, kappa)
    ends = kappa + np.array([(1 - np.sqrt(rate)) ** 2, (1 + np.sqrt(rate)) ** 2])
    np.testing.assert_allclose(support(ensemble), [ends], atol=1e-12)
    x = density_points(support(ensemble), 50)
    law = np.sqrt(4 * rate - (x - kappa - 1 - rate) ** 2) / (2 * np.pi * (x - kappa))
    np.testing.assert_allclose(density(ensemble, x), law, rtol=1e-8)
    assert atoms(ensemble)[:, 1].sum() == pytest.approx(max(0.0, 1 - rate))


def test_flipping_all_neurons_of_both_layers_mirrors_the_spectrum() -> None:
    few, many = Ensemble(0.6, 0.2, 0.3, 1.4), Ensemble(0.6, 0.8, 0.7, 1.4)
    np.testing.assert_allclose(support(few), -support(many)[::-1, ::-1], atol=1e-12)
    x = density_points(support(few), 30)
    np.testing.assert_allclose(density(few, x), density(many, -x), rtol=1e-9)


def test_a_law_with_an_infinite_density_still_has_its_support() -> None:
    np.testing.assert_allclose(support(Ensemble(1.0, 0.0, 0.0, 1.0)), [[1, 5]], atol=1e-12)
    (interval,) = support(Ensemble(1.0, 0.5, 0.5, 1.0))  # zero at the origin, but only there
    np.testing.assert_allclose(interval, [-interval[1], interval[1]], atol=1e-12)


def sampled(parameters: Parameters, inputs: int, draws: int) -> tuple[Parameters, list[Floats]]:
    """Rates of sampled networks, and the parameters they really have."""
    c, alpha_h, alpha_r, kappa = parameters
    hidden = round(inputs / c)
    flips = FlipCounts(int(alpha_h * inputs), int(alpha_r * hidden), postsynaptic=False)
    networks = Sampled(Layers(inputs, hidden, 1), kappa, seed=7)
    real = (inputs / hidden, flips.hidden / inputs, flips.readout / hidden, kappa)
    return real, [sampled_eigenvalues(networks, flips, draw) for draw in range(draws)]


@pytest.mark.parametrize("seed", range(20))
def test_sampled_left_edges_scatter_about_the_theory_as_tracy_and_widom_say(seed: int) -> None:
    inputs, draws = 300, 4
    real, rates = sampled(random_parameters(seed), inputs, draws)
    edge = float(left_edge(Ensemble(*real)))
    lowest = float(np.mean([each[0] for each in rates]))
    if real[2] == 0 and 1 / real[0] <= real[1]:
        assert lowest == pytest.approx(edge, abs=1e-9)  # an atom is there at every size
        return
    scale = edge_scale(*real, inputs)
    # Mean 1.21, standard error 1.27 / sqrt(draws); corrections of higher order count as one more.
    assert abs((lowest - edge) / scale - 1.21) < 4 * 1.27 / np.sqrt(draws) + 1


@pytest.mark.parametrize("seed", [0, 1, 2, 5])
def test_sampled_rates_are_spread_like_the_density(seed: int) -> None:
    inputs = 500
    real, (rates,) = sampled(random_parameters(seed), inputs, 1)
    x, weights = quadrature(real)
    order = np.argsort(x)
    law = np.cumsum(weights[order])
    found = np.searchsorted(rates, x[order] + 1e-9, side="right") / inputs
    # Eigenvalues repel: their number below any point has a standard error near
    # sqrt(log(inputs)) / pi = 0.8, however many there are.
    assert np.abs(found - law).max() * inputs < 6
