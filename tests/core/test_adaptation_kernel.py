"""The filter, its fits and intervals, against brute force, another library and known truth."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from statsmodels.stats.diagnostic import acorr_ljungbox
from statsmodels.tsa.statespace.mlemodel import MLEModel

from core.adaptation import AdaptationSpec, series_of, used_trials
from core.kernels.adaptation import (
    fit_adaptation,
    intervals,
    likelihood_ratio_p,
    whiteness_p,
)
from core.kernels.adaptation_estimates import estimates, standardised, two_state_estimates
from core.kernels.adaptation_filter import Floats, Movements, Regimes, predictions
from core.kernels.adaptation_models import (
    RETENTION,
    asymptote,
    falling_generalization,
    generalization,
    of_parts,
    one_state,
    parts_of,
    separations,
    two_state,
)
from core.kernels.adapting_hand import compensation
from core.kernels.adapting_hand import generalization as generalized
from core.kernels.fisher_scoring import optimum
from core.kernels.two_states import fit_two_states
from core.session_spec import Comparison
from core.synthetic import synthesised
from core.synthetic_spec import SyntheticSpec
from tests.core.adaptation_twin import SCHEDULE, series, simulated

PRIOR = 50.0
POINT = {"a": 0.9, "b": 0.2, "q": 1.5, "r": 9.0}


def one_part(a: float, b: float, q: float, r: float) -> Regimes:
    shape = (1, 1, 1)
    return Regimes(
        retention=np.full(shape, a),
        learning=np.full(shape, b),
        readout=np.ones((1, 1)),
        planning_variance=np.full((1, 1), q),
        motor_variance=np.full((1, 1), r),
        unknown=np.ones(1),
    )


def log_likelihood(movements: Movements, regimes: Regimes) -> float:
    mean, variance = predictions(movements, regimes, np.zeros(regimes.readout.shape[1]), PRIOR)
    seen = movements.observed
    v, F = movements.compensation[seen] - mean[0, seen], variance[0, seen]
    return float(-0.5 * np.sum(np.log(2 * np.pi * F) + v**2 / F))


def movements_with_gaps() -> Movements:
    rng = np.random.default_rng(1)
    perturbation = np.r_[np.zeros(4), np.full(8, 10.0)]
    clamp = np.isin(np.arange(12), [5, 9])
    y = simulated(perturbation, rng, **POINT, clamp=clamp)
    y[[2, 6, 7, 9]] = np.nan
    return series(y, perturbation, clamp=clamp)


def brute_force(movements: Movements, a: float, b: float, q: float, r: float) -> float:
    """The density of all seen movements as one Gaussian vector.

    Given what was seen, all is linear in z_0, w and v: the rows of A carry those, c the rest.
    """
    n = len(movements.compensation)
    A, c = np.zeros((n, 2 * n)), np.zeros(n)
    state, offset = np.zeros(2 * n), 0.0
    state[0] = 1.0
    variances = np.r_[PRIOR, np.full(n - 1, q), np.full(n, r)]
    for t in range(n):
        A[t], c[t] = state, offset
        A[t, n + t] += 1.0
        y, p = movements.compensation[t], movements.perturbation[t]
        state, offset = a * state, a * offset
        if not movements.clamp[t] and np.isnan(y):
            state, offset = state - b * A[t], offset + b * (p - c[t])
        elif not movements.clamp[t]:
            offset += b * (p - y)
        if t < n - 1:
            state[1 + t] += 1.0
    seen = movements.observed
    covariance = (A[seen] * variances) @ A[seen].T
    return float(multivariate_normal(c[seen], covariance).logpdf(movements.compensation[seen]))


def test_the_filter_is_the_gaussian_density_of_all_movements_with_gaps_and_clamps() -> None:
    movements = movements_with_gaps()
    expected = brute_force(movements, **POINT)
    assert log_likelihood(movements, one_part(**POINT)) == pytest.approx(expected, abs=1e-10)


def test_a_second_start_forgets_the_first_run() -> None:
    movements = movements_with_gaps()
    twice = Movements(
        *(
            np.concatenate([getattr(movements, name)] * 2)
            for name in ("compensation", "perturbation", "clamp", "start", "regime")
        )
    )
    once = log_likelihood(movements, one_part(**POINT))
    assert log_likelihood(twice, one_part(**POINT)) == pytest.approx(2 * once, abs=1e-10)


class Peer(MLEModel):  # type: ignore[misc]
    """The same model in statsmodels' state space; the felt errors enter as a known intercept."""

    def __init__(self, movements: Movements, states: int) -> None:
        super().__init__(movements.compensation, k_states=states, k_posdef=states)
        self.felt = np.where(movements.clamp, 0.0, movements.perturbation - movements.compensation)
        self.initialize_known(np.zeros(states), PRIOR * np.diag(np.arange(states) == 0))

    def log_likelihood(self, a: Floats, b: Floats, q: float, r: float) -> float:
        states = len(a)
        self["design"], self["selection"] = np.ones((1, states)), np.eye(states)
        self["transition"], self["state_cov"] = np.diag(a), q * np.eye(states)
        self["obs_cov"] = np.array([[r]])
        self["state_intercept"] = np.asarray(b)[:, None] * self.felt
        return float(self.ssm.loglike())


def test_the_filter_agrees_with_statsmodels_on_one_and_two_parts() -> None:
    movements = series(simulated(SCHEDULE, np.random.default_rng(2)))
    for a, b in (([0.9], [0.2]), ([0.99, 0.6], [0.03, 0.2])):
        kept, learnt = np.array(a), np.array(b)
        regimes = Regimes(
            kept[None, None],
            learnt[None, None],
            np.ones((1, len(a))),
            np.full((1, 1), 1.5),
            np.full((1, 1), 9.0),
            np.eye(len(a))[0],
        )
        expected = Peer(movements, len(a)).log_likelihood(kept, learnt, 1.5, 9.0)
        assert log_likelihood(movements, regimes) == pytest.approx(expected, abs=1e-8)


def test_a_target_s_own_state_is_one_state_where_all_targets_learn_alike() -> None:
    y = simulated(SCHEDULE, np.random.default_rng(3))
    y[10:14] = np.nan
    movements = series(y)
    _, which = separations(np.array([0.0, 90.0, 180.0, 270.0]))
    model, target = generalization(which), np.arange(len(y)) % 4
    local = np.array([0.9, 0.2, 0.2, 0.2, np.log(1.5), np.log(9.0)])
    many = model.regimes(local[None, None])
    mean, variance = predictions(replace(movements, regime=target), many, np.zeros(4), PRIOR)
    expected = predictions(movements, one_part(**POINT), np.zeros(1), PRIOR)
    np.testing.assert_allclose(mean, expected[0], atol=1e-8)
    np.testing.assert_allclose(variance, expected[1], atol=1e-8)


ANGLES: Floats = np.linspace(0.0, 315.0, 8)


def at_targets(seed: int, width_deg: float | None) -> Movements:
    """640 trials at eight targets in random order, from the generator's equations."""
    rng = np.random.default_rng(seed)
    p = np.tile(np.repeat([0.0, 30.0, 0.0], [80, 160, 80]), 2)
    target, never = rng.integers(8, size=len(p)), np.zeros(len(p), dtype=np.bool_)
    G = generalized(ANGLES, width_deg)
    y = compensation(rng, p, clamp=never, target=target, G=G, a=0.95, b=0.15, q=2.0, r=16.0)
    return Movements(y, p, never, np.arange(len(p)) == 0, target)


def test_the_behavioural_generalization_function_is_recovered() -> None:
    """Mean of six series; each value has a standard error of .02 or less."""
    distinct, which = separations(ANGLES)
    fits = [fit_adaptation(at_targets(k, 60.0), generalization(which), 1) for k in range(6)]
    expected = 0.15 * np.exp(-((distinct / 60.0) ** 2) / 2)
    found = np.mean([fit.local[0, 1:-2] for fit in fits], axis=0)
    np.testing.assert_allclose(found, expected, atol=0.03)
    whole = [whiteness_p(np.array(standardised(fit))) for fit in fits]
    assert min(whole) > 0.001


@pytest.mark.parametrize("width_deg", [None, 60.0])
def test_a_state_per_target_fits_no_worse_than_one_state(width_deg: float | None) -> None:
    movements = at_targets(9, width_deg)
    _, which = separations(ANGLES)
    several = [
        fit_adaptation(movements, model, 1).log_likelihood
        for model in (generalization(which), falling_generalization(ANGLES))
    ]
    alike = replace(movements, regime=np.zeros_like(movements.regime))
    one = fit_adaptation(alike, one_state(), 1).log_likelihood
    assert several[0] >= several[1] - 1e-6 >= one - 1e-5
    assert (several[1] - one < 3.0) is (width_deg is None)


def test_the_state_before_a_run_is_one_number_for_all_targets() -> None:
    """So the first movement, to one target, tells what to expect at the opposite one."""
    once, never = np.zeros(2), np.zeros(2, dtype=np.bool_)
    two = Movements(
        np.array([25.0, np.nan]), once, ~never, np.array([True, False]), np.array([0, 4])
    )
    local = np.array([1.0, 0.1, 0.5, np.log(1e-9), np.log(1e-6)])
    regimes = falling_generalization(ANGLES).regimes(local[None, None])
    mean, _ = predictions(two, regimes, np.zeros(8), PRIOR)
    assert mean[0, 1] == pytest.approx(25.0, abs=1e-4)


@pytest.mark.parametrize(("r", "missing"), [(16.0, 0.0), (36.0, 0.0), (16.0, 0.25)])
def test_error_sensitivity_is_recovered_whatever_the_motor_noise_and_with_missing_trials(
    r: float, missing: float
) -> None:
    """60 runs of 164 trials; the standard error of the mean is .003 to .004."""
    found = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        y = simulated(SCHEDULE, rng, r=r)
        y[rng.random(len(y)) < missing] = np.nan
        found.append(fit_adaptation(series(y), one_state(), 1).local[0, :2])
    mean = np.mean(found, axis=0)
    assert mean[0] == pytest.approx(0.95, abs=0.01)
    assert mean[1] == pytest.approx(0.15, abs=0.02)


def test_the_interval_ends_where_the_profile_has_risen_by_the_quantile() -> None:
    fit = fit_adaptation(series(simulated(SCHEDULE, np.random.default_rng(0))), one_state(), 1)
    ends, found = intervals(fit, lambda share: None)
    assert found.all()
    grid = np.linspace(-3, 3, 41)
    for end in ends[0, 1]:
        held = [
            min(
                fit.problem.deviance(np.array([a, end, q, v]))
                for a in fit.best.point[0] + 0.02 * grid
                for q in fit.best.point[2] + 0.6 * grid[::2]
            )
            for v in fit.best.point[3] + 0.1 * grid[::4]
        ]
        assert min(held) - fit.best.deviance == pytest.approx(3.841, abs=0.1)


def test_intervals_follow_the_unit_of_the_movements() -> None:
    y = simulated(SCHEDULE, np.random.default_rng(5))
    one, tenth = (
        estimates(fit_adaptation(series(y * k, SCHEDULE * k), one_state(), 1), lambda share: None)
        for k in (1.0, 0.1)
    )
    np.testing.assert_allclose(tenth.error_sensitivity, one.error_sensitivity, rtol=1e-4)
    np.testing.assert_allclose(
        tenth.motor_variance_interval * 100, one.motor_variance_interval, rtol=1e-2
    )


def test_two_arms_apart_are_fitted_as_each_alone_and_tests_find_what_differs() -> None:
    rng = np.random.default_rng(6)
    y = np.r_[simulated(SCHEDULE, rng), simulated(SCHEDULE, rng, b=0.05, r=36.0)]
    both = series(y, np.r_[SCHEDULE, SCHEDULE], arms=2)
    whole = fit_adaptation(both, one_state(), 2)
    alone = [fit_adaptation(series(half), one_state(), 1) for half in np.split(y, 2)]
    for arm, fit in enumerate(alone):
        np.testing.assert_allclose(whole.local[arm, :2], fit.local[0, :2], atol=1e-3)
    same_b, same_r = (fit_adaptation(both, one_state(), 2, shared=(k,)) for k in (1, 3))
    assert same_b.local[0, 1] == same_b.local[1, 1]
    assert likelihood_ratio_p(whole, same_b) < 0.05
    assert likelihood_ratio_p(whole, same_r) < 0.01


def test_a_fast_and_a_slow_part_keep_their_order_and_are_recovered() -> None:
    rng = np.random.default_rng(7)
    a, b, z, y = np.array([0.992, 0.6]), np.array([0.03, 0.25]), np.zeros(2), np.empty(164)
    for t, p in enumerate(SCHEDULE):
        y[t] = z.sum() + rng.standard_normal()
        z = a * z + b * (p - y[t]) + 0.2 * rng.standard_normal(2)
    found = two_state_estimates(fit_two_states(series(y), 1), lambda share: None)
    slow, fast = found.retention[0]
    assert slow > fast
    assert found.error_sensitivity[0, 1] > found.error_sensitivity[0, 0]
    for values, ends, truth in (
        (found.retention, found.retention_interval, a),
        (found.error_sensitivity, found.error_sensitivity_interval, b),
    ):
        widths = np.nan_to_num(ends[0, :, 1] - ends[0, :, 0], nan=0.2)
        assert (np.abs(values[0] - truth) < widths).all()


def movements_of(session: SyntheticSpec) -> Movements:
    """Of both states of a synthetic session."""
    spec = AdaptationSpec(
        dataset="00000000-0000-0000-0000-000000000000",
        block=Comparison(factor="state", compare=("control", "hfs")),
        model="two_state",
    )
    return series_of(spec, *used_trials(spec, dict(synthesised(session))))[1]


@pytest.fixture(scope="module")
def block_session() -> Movements:
    """Two arms on which a search from the model's own starts ends in local optima."""
    return movements_of(SyntheticSpec(neurons=5, seed=4))


def test_two_states_end_in_one_optimum_in_both_kinds_of_parameters(
    block_session: Movements,
) -> None:
    """And that is no worse than any model within it, nor than what other starts reach."""
    fits = fit_two_states(block_session, 2)
    whole = fits.outer.best.deviance
    assert fits.inner.best.deviance == pytest.approx(whole, abs=1e-3)
    for outer, inner in zip(
        parts_of("outer", fits.outer.local), parts_of("inner", fits.inner.local), strict=True
    ):
        np.testing.assert_allclose(outer, inner, atol=0.01)
    assert whole <= min(fit.best.deviance for fit in (*fits.nested, fits.simple))
    rng = np.random.default_rng(0)
    for _ in range(6):
        kept, learnt = np.sort(rng.uniform(0, (1, 0.3), (2, 2, 2)).T, axis=2)
        start = of_parts("outer", kept[:, ::-1], learnt, rng.uniform((-6, -2), (-2, 0), (2, 2)))
        assert optimum(fits.outer.problem, start.ravel()).deviance > whole - 0.01


def test_what_arms_share_is_fitted_from_the_best_of_the_whole_too() -> None:
    """Its own starts and an earlier point of the whole left it 3.6 of the deviance above."""
    short = {"baseline_trials": 40, "field_trials": 84, "washout_trials": 40, "targets": 4}
    movements = movements_of(SyntheticSpec.model_validate({"neurons": 2, "seed": 1, **short}))
    fits = fit_two_states(movements, 2)
    for fit, shared in zip(fits.nested, fits.outer.model.compared, strict=True):
        again = fit_adaptation(
            movements, two_state("outer"), 2, shared=shared, also=[fits.outer.local]
        )
        assert again.best.deviance > fit.best.deviance - 0.01
        assert fits.outer.best.deviance <= fit.best.deviance


def test_no_interval_of_two_states_ends_at_its_estimate(block_session: Movements) -> None:
    """As it does where a profile is followed from a local optimum instead of the best."""
    found = two_state_estimates(fit_two_states(block_session, 2), lambda share: None)
    for name in ("error_sensitivity", "motor_variance"):
        value, ends = getattr(found, name), getattr(found, f"{name}_interval")
        apart = np.abs(ends - value[..., None]) / value[..., None]
        assert (apart[np.isfinite(ends)] > 0.05).all()


def test_the_starts_of_two_states_alone_are_not_enough(block_session: Movements) -> None:
    """So that the test above is of something."""
    alone = fit_adaptation(block_session, two_state("outer"), 2).best.deviance
    assert alone > fit_two_states(block_session, 2).outer.best.deviance + 0.1


@pytest.mark.parametrize("anchor", ["outer", "inner", "total"])
def test_parts_stay_in_their_order_and_their_box(anchor: str) -> None:
    model = two_state(anchor)
    corners = np.random.default_rng(0).integers(2, size=(64, len(model.names)))
    for local in (np.where(corners, model.high, model.low), model.starts):
        kept, learnt = parts_of(anchor, local)
        assert (RETENTION[1] + 1e-12 >= kept[:, 0]).all()
        assert (kept[:, 0] >= kept[:, 1]).all()
        assert (kept[:, 1] >= RETENTION[0] - 1e-12).all()
        assert (learnt[:, 1] >= learnt[:, 0]).all()
    if anchor == "total":
        np.testing.assert_allclose(learnt.sum(axis=1), model.starts[:, 2], atol=1e-12)
    again = of_parts(anchor, kept, learnt, model.starts[:, -2:])
    np.testing.assert_allclose(again, model.starts, atol=1e-12)


def two_runs(rng: np.random.Generator, a: Floats, b: Floats) -> Movements:
    """Two runs of the schedule, by as many parts as a and b have, each from 0."""
    n, y, z = len(SCHEDULE), [], np.zeros(len(a))
    for t in range(2 * n):
        z = z * (t % n > 0)
        y.append(z.sum() + 2.5 * rng.standard_normal())
        z = a * z + b * (SCHEDULE[t % n] - y[t]) + 0.5 * rng.standard_normal(len(a))
    both = series(np.array(y), np.r_[SCHEDULE, SCHEDULE], arms=2)
    return replace(both, regime=np.zeros_like(both.regime))


@pytest.mark.parametrize("parts", [1, 2])
def test_what_a_second_state_gains_does_not_hang_on_the_breadth_of_the_prior(
    parts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is 0 or little for one state, and much for two."""
    a, b = (np.array(x)[-parts:] for x in ((0.75, 0.992), (0.12, 0.03)))
    movements = two_runs(np.random.default_rng(0), a, b)
    gains = []
    for broad in (3.0, 10.0, 1000.0):
        monkeypatch.setattr("core.kernels.adaptation.BROAD", broad)
        gains.append(fit_two_states(movements, 1).gain)
    np.testing.assert_allclose(gains, gains[1], atol=0.05)
    assert min(gains) > -1e-3
    assert (max(gains) > 6) is (parts == 2)


def test_whiteness_is_the_test_of_ljung_and_box() -> None:
    residual = np.random.default_rng(8).standard_normal(120)
    peer = acorr_ljungbox(residual, lags=[10], model_df=2)["lb_pvalue"].iloc[0]
    assert whiteness_p(residual) == pytest.approx(peer, abs=1e-10)


def test_the_asymptote_is_where_learning_and_forgetting_balance() -> None:
    z = 0.0
    for _ in range(2000):
        z = 0.95 * z + 0.15 * (30.0 - z)
    assert 30 * asymptote(np.array([0.95]), np.array([0.15])) == pytest.approx(z)
    assert asymptote(np.array([1.0]), np.array([0.1])) == 1.0
