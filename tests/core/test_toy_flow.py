"""The closed forms of the two-synapse network against integration, quadrature and conservation."""

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.integrate import quad, solve_ivp

from core.kernels.toy_flow import (
    FLIPPED_SIGNS,
    Floats,
    Signs,
    error,
    escape_time,
    field,
    flow,
    half_square,
)
from core.kernels.toy_outcomes import OUTCOMES, Outcomes, outcomes

GRADIENT, READOUT = FLIPPED_SIGNS["none"], FLIPPED_SIGNS["readout"]
TOLERANCE = 1e-3

every_rule = pytest.mark.parametrize("signs", FLIPPED_SIGNS.values(), ids=list(FLIPPED_SIGNS))
weights = st.floats(-3, 3).filter(lambda w: w == 0 or abs(w) > 1e-6)


def starts(count: int = 30, seed: int = 0) -> Floats:
    return 1.3 * np.random.default_rng(seed).standard_normal((count, 2))


def integrated(signs: Signs, start: Floats, times: Floats) -> Floats:
    """The same trajectory by an adaptive integrator."""

    def velocity(_: float, w: Floats) -> Floats:
        return field(signs, w)

    span = (0.0, float(times[-1]))
    options: dict[str, Any] = {"rtol": 1e-12, "atol": 1e-12, "method": "DOP853"}
    return np.asarray(solve_ivp(velocity, span, start, t_eval=times, **options).y.T)


def fate(signs: Signs, *start: float) -> Outcomes:
    return outcomes(signs, np.array([start]), TOLERANCE)


@every_rule
def test_trajectories_are_those_of_an_adaptive_integrator(signs: Signs) -> None:
    for start in starts():
        ends = min(4.0, 0.9 * float(escape_time(start[None])[0])) if signs == (-1, -1) else 4.0
        times = np.linspace(0, ends, 9)
        exact = flow(signs, start[None], times)[0]
        np.testing.assert_allclose(exact, integrated(signs, start, times), rtol=1e-9, atol=1e-9)


@every_rule
@given(w1=weights, w2=weights, time=st.floats(0, 50))
def test_its_quantity_is_conserved(signs: Signs, w1: float, w2: float, time: float) -> None:
    start = np.array([[w1, w2]])
    assume(signs != (-1, -1) or time < 0.9 * escape_time(start)[0])
    conserved = np.array([signs[0], -signs[1]])
    end = flow(signs, start, np.array([time]))[0, 0]
    scale = 1 + np.abs(end).max() ** 2
    assert end**2 @ conserved == pytest.approx(start[0] ** 2 @ conserved, abs=1e-12 * scale)


@given(w1=weights, w2=weights)
def test_flips_of_the_hidden_neuron_mirror_those_of_the_readout(w1: float, w2: float) -> None:
    times = np.linspace(0, 10, 11)
    hidden = flow(FLIPPED_SIGNS["hidden"], np.array([[w1, w2]]), times)
    readout = flow(READOUT, np.array([[w2, w1]]), times)
    np.testing.assert_array_equal(hidden, readout[..., ::-1])


@given(radius=st.floats(0.01, 1.40), angle=st.floats(0, 6.3))
def test_within_the_disc_a_start_comes_back_after_its_period(radius: float, angle: float) -> None:
    start = radius * np.array([[np.cos(angle), np.sin(angle)]])
    period = outcomes(READOUT, start, TOLERANCE).period
    after = flow(READOUT, start, np.array([period[0] / 2, period[0]]))[0]
    np.testing.assert_allclose(after[1], start[0], atol=1e-8)
    np.testing.assert_allclose(after[0], -start[0], atol=1e-8)  # half a turn: no shorter period


@pytest.mark.parametrize("rho_squared", [0.02, 0.5, 1.0, 1.7, 1.99])
def test_the_period_is_the_time_of_one_turn(rho_squared: float) -> None:
    period = fate(READOUT, np.sqrt(rho_squared), 0.0).period[0]
    turn, _ = quad(
        lambda angle: 1 / (1 - rho_squared / 2 * np.sin(2 * angle)), 0, 2 * np.pi, epsabs=1e-11
    )
    assert period == pytest.approx(2 * np.pi / np.sqrt(1 - rho_squared**2 / 4), rel=1e-12)
    assert period == pytest.approx(turn, rel=1e-8)


@pytest.mark.parametrize("signs", [GRADIENT, READOUT], ids=["none", "readout"])
@given(w1=weights, w2=weights)
def test_the_error_stays_within_tolerance_from_the_convergence_time_on(
    signs: Signs, w1: float, w2: float
) -> None:
    start = np.array([[w1, w2]])
    time = outcomes(signs, start, TOLERANCE).convergence_time[0]
    assume(0 < time < 1e3)
    around = flow(signs, start, time * np.array([1 - 1e-6, 1.0, 1.01, 2.0, 10.0]))[0]
    e = np.abs(error(around))
    assert e[1] == pytest.approx(TOLERANCE, rel=1e-6)
    assert e[0] > TOLERANCE
    assert (e[2:] < TOLERANCE).all()


@every_rule
def test_times_ascents_and_limits_are_those_seen_along_the_way(signs: Signs) -> None:
    times = np.linspace(0, 60, 60_001)
    found = starts(60, seed=1)
    exact = outcomes(signs, found, TOLERANCE)
    for n, path in enumerate(flow(signs, found, times)):
        if signs == (-1, -1):
            assert np.isnan(path[-1]).all()
            assert np.isinf(exact.ascent[n])
            continue
        loss = error(path) ** 2 / 2
        climbed = np.max(loss - np.minimum.accumulate(loss))
        assert exact.ascent[n] == pytest.approx(climbed, rel=1e-3, abs=1e-4)
        outside = np.flatnonzero(np.abs(error(path)) > TOLERANCE)
        if exact.convergence_time[n] < 50:
            last = times[outside[-1] + 1] if len(outside) else 0.0
            assert exact.convergence_time[n] == pytest.approx(last, abs=1.1e-3)
            np.testing.assert_allclose(path[-1], exact.destination[n], atol=1e-3)
        elif np.isinf(exact.convergence_time[n]):
            assert outside[-1] > 0.75 * len(times)


def test_gradient_descent_never_climbs_and_always_converges() -> None:
    exact = outcomes(GRADIENT, starts(1000), TOLERANCE)
    assert np.isfinite(exact.convergence_time).all()
    assert not exact.ascent.any()


@given(w1=weights, w2=weights)
def test_curl_descent_converges_exactly_outside_the_disc(w1: float, w2: float) -> None:
    start = np.array([[w1, w2]])
    assume(abs(half_square(start)[0] - 1) > 1e-9 and abs(error(start)[0]) > 1e-9)
    exact = outcomes(READOUT, start, TOLERANCE)
    assert np.isfinite(exact.convergence_time[0]) == (w1**2 + w2**2 > 2)
    if w1**2 + w2**2 > 2:
        end = exact.destination[0]
        assert end[0] * end[1] == pytest.approx(1)
        assert abs(end[1]) > abs(end[0])
        assert end @ end == pytest.approx(w1**2 + w2**2)


@pytest.mark.parametrize(
    ("flipped", "start", "outcome", "time", "end"),
    [
        ("none", (1.0, -1.0), "origin", np.inf, (0, 0)),  # the way into the saddle
        ("none", (2.0, 0.5), "converges", 0.0, (2, 0.5)),
        ("readout", (0.0, 0.0), "origin", np.inf, (0, 0)),
        ("readout", (2.0, 0.5), "unstable", np.inf, (2, 0.5)),
        ("readout", (0.5, 2.0), "converges", 0.0, (0.5, 2)),
        ("readout", (1.0, 1.0), "marginal", 0.0, (1, 1)),
        ("readout", (1.0, -1.0), "marginal", np.sqrt(2 / TOLERANCE - 1) / 2, (-1, -1)),
        ("hidden", (0.5, 2.0), "unstable", np.inf, (0.5, 2)),
        ("both", (0.5, 2.0), "unstable", np.inf, (0.5, 2)),
        ("both", (0.5, 0.5), "origin", np.inf, (0, 0)),
    ],
)
def test_starts_of_measure_zero_are_told_apart(
    flipped: str, start: tuple[float, float], outcome: str, time: float, end: tuple[float, float]
) -> None:
    exact = fate(FLIPPED_SIGNS[flipped], *start)
    assert OUTCOMES[int(exact.code[0])] == outcome
    assert exact.convergence_time[0] == pytest.approx(time)
    np.testing.assert_allclose(exact.destination[0], end, atol=1e-12)
    path = flow(FLIPPED_SIGNS[flipped], np.array([start]), np.array([30.0, 3000.0]))[0]
    np.testing.assert_allclose(path[1], end, atol=1e-3)


def test_a_marginal_start_approaches_as_one_over_time() -> None:
    path = flow(READOUT, np.array([[-1.0, 1.0]]), np.array([1e3, 2e3]))[0]
    away = np.linalg.norm(path - 1.0, axis=1)
    assert away[0] / away[1] == pytest.approx(2, rel=2e-3)


def test_gradient_ascent_escapes_at_the_time_told() -> None:
    for start in starts(10, seed=2):
        time = escape_time(start[None])
        near = flow((-1, -1), start[None], np.array([time[0] * (1 - 1e-9), time[0]]))[0]
        assert np.abs(near[0]).max() > 1e3
        assert np.isnan(near[1]).all()
