"""Holm, random effects and corrected likelihood ratios, against statsmodels and simulation."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import chi2, f, t
from statsmodels.stats.meta_analysis import combine_effects
from statsmodels.stats.multitest import multipletests

from core.kernels.adaptation import fit_adaptation, likelihood_ratio_p
from core.kernels.adaptation_filter import predictions
from core.kernels.adaptation_models import (
    falling_generalization,
    generalization,
    one_state,
    separations,
)
from core.kernels.bartlett import corrected_test, simulated, simulated_ratios
from core.kernels.holm import holm
from core.kernels.random_effects import random_effects
from tests.core.adaptation_twin import SCHEDULE, series
from tests.core.adaptation_twin import simulated as moved


def test_holm_is_that_of_statsmodels() -> None:
    rng = np.random.default_rng(0)
    for tests in range(1, 13):
        p_values = rng.uniform(size=tests).round(1) ** 3
        expected = multipletests(p_values, method="holm")[1]
        np.testing.assert_allclose(holm(p_values), expected, rtol=1e-12)


def test_a_test_that_was_not_made_does_not_count() -> None:
    np.testing.assert_allclose(holm(np.array([0.01, np.nan, 0.04])), [0.02, np.nan, 0.04])


def test_random_effects_are_those_of_statsmodels() -> None:
    rng = np.random.default_rng(0)
    for sessions in (2, 3, 8):
        errors = rng.uniform(0.5, 2, sessions)
        estimates = 2 + 9 * rng.standard_normal(sessions)
        found = random_effects(estimates, errors)
        other = combine_effects(estimates, errors**2, method_re="chi2", use_t=True)
        assert other.tau2 > 0
        assert found.between_sd**2 == pytest.approx(other.tau2)
        assert found.mean == pytest.approx(other.mean_effect_re)
        reach = t.ppf(0.975, sessions - 1)
        plain = 1 / np.sqrt((1 / (errors**2 + other.tau2)).sum())
        error = max(plain, other.sd_eff_w_re_hksj)
        assert found.high - found.mean == pytest.approx(reach * error)


def test_the_summary_of_sessions_without_an_effect_rejects_no_more_than_the_level() -> None:
    """2000 sets of four sessions that scatter: at .05 the standard error is .005."""
    rng, errors = np.random.default_rng(1), np.array([0.5, 1.0, 1.0, 2.0])
    truths = rng.standard_normal((2000, 4))
    estimates = truths + errors * rng.standard_normal((2000, 4))
    rejected = np.mean([random_effects(each, errors).p_value <= 0.05 for each in estimates])
    assert 0.02 < rejected < 0.065


def test_simulated_movements_have_the_mean_and_variance_that_the_filter_says() -> None:
    """4000 series: a mean within 5 of its standard errors, a variance within .15 (7 of them)."""
    movements = series(moved(SCHEDULE, np.random.default_rng(0)))
    fit = fit_adaptation(movements, one_state(), 1)
    draws = simulated(fit, np.random.default_rng(1), 4000) / fit.scale
    scaled = replace(movements, perturbation=SCHEDULE / fit.scale).unseen
    mean, variance = (each[0] for each in predictions(scaled, fit.regimes, np.zeros(1), 0.0))
    assert np.abs((draws.mean(axis=0) - mean) / np.sqrt(variance)).max() < 5 / np.sqrt(4000)
    np.testing.assert_allclose(draws.var(axis=0), variance, rtol=0.15)


def test_the_corrected_p_follows_from_the_mean_of_simulated_ratios() -> None:
    rng = np.random.default_rng(2)
    y = np.concatenate([moved(SCHEDULE, rng), moved(SCHEDULE, rng)])
    movements = series(y, np.tile(SCHEDULE, 2), arms=2)
    whole = fit_adaptation(movements, one_state(), 2)
    nested = fit_adaptation(movements, one_state(), 2, shared=(1,))
    ratios = simulated_ratios(whole, nested, lambda share: None, seed=3, draws=30)
    found = corrected_test(whole, nested, lambda share: None, seed=3, draws=30)
    observed = nested.best.deviance - whole.best.deviance
    assert found.p_value == pytest.approx(f.sf(observed / ratios.mean(), 1, 30))
    assert found.p_value >= likelihood_ratio_p(whole, nested)
    # A ratio on the edge of the interval is one with p = .05.
    edge = found.stretch**2 * chi2.isf(0.05, 1) / ratios.mean()
    assert f.sf(edge, 1, 30) == pytest.approx(0.05)


def test_few_simulated_series_do_not_make_the_corrected_test_reject_more() -> None:
    """50,000 ratios that are 1.5 times chi-square, ten series each: a standard error of .001."""
    ratios = 1.5 * np.random.default_rng(0).chisquare(1, (50_000, 11))
    quotients = ratios[:, 0] / ratios[:, 1:].mean(axis=1)
    assert np.mean(f.sf(quotients, 1, 10) <= 0.05) == pytest.approx(0.05, abs=0.003)
    assert np.mean(chi2.sf(quotients, 1) <= 0.05) > 0.07


def test_a_falling_generalization_is_the_free_one_at_its_own_values() -> None:
    angles = np.linspace(0.0, 300.0, 6)
    distinct, which = separations(angles)
    b = 0.2 * 0.6 ** np.square(distinct / distinct[1])
    one = falling_generalization(angles).regimes(np.array([[[0.9, 0.2, 0.6, -3.0, -1.0]]]))
    other = generalization(which).regimes(np.array([[[0.9, *b, -3.0, -1.0]]]))
    np.testing.assert_allclose(one.learning, other.learning)
    assert one.common
    assert other.common
