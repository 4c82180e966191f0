"""The estimator against brute force over distinct trials, truth in simulation, and symmetries."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.kernels.neuron_number import own_neuron_term
from core.kernels.participation_ratio import (
    Floats,
    centring_projector,
    condition_means,
    covariance_spectrum,
    numerator_and_denominator,
    plug_in_ratio,
    trial_gram,
)
from core.kernels.participation_ratio_error import (
    log_ratios,
    moments,
    permuted_log_ratios,
    ratio_estimate,
)
from core.kernels.resampling import stratified_jackknife_error, two_sided_p

Condition = NDArray[np.int64]


def ignore(fraction: float) -> None:
    """A report that nobody reads."""


def distinct_mean(
    x: Floats, condition: Condition, weights: Floats, picked: tuple[int, ...]
) -> tuple[float, float]:
    """Weighted means over distinct trials of (x_a.x_b)(x_c.x_d) and sum_n x_an x_bn x_cn x_dn."""
    members = [np.flatnonzero(condition == label).tolist() for label in picked]
    pair, own, total = 0.0, 0.0, 0.0
    for trials in product(*members):
        if len(set(trials)) < len(trials):
            continue
        a, b, c, d = (x[trial] for trial in trials)
        weight = float(np.prod(weights[list(trials)]))
        pair += weight * float(a @ b) * float(c @ d)
        own += weight * float(np.sum(a * b * c * d))
        total += weight
    return pair / total, own / total


def by_brute_force(x: Floats, condition: Condition, weights: Floats) -> tuple[float, float, float]:
    """A_hat, B_hat and D_hat as they are defined, in a loop over every pick of trials."""
    C = int(condition.max()) + 1
    P = centring_projector(C)
    A = B = D = 0.0
    for a, b, c, d in product(range(C), repeat=4):
        pair, own = distinct_mean(x, condition, weights, (a, b, c, d))
        A += P[a, b] * P[c, d] * pair
        B += P[d, a] * P[b, c] * pair
        D += P[a, b] * P[c, d] * own
    return A, B, D


def tiny(
    seed: int, sizes: tuple[int, ...] = (4, 6, 5), neurons: int = 3
) -> tuple[Floats, Condition]:
    """A few noisy trials of unequal number, in shuffled order."""
    generator = np.random.default_rng(seed)
    condition = generator.permutation(np.repeat(np.arange(len(sizes)), sizes))
    means = 2 * generator.standard_normal((len(sizes), neurons))
    return means[condition] + generator.standard_normal((len(condition), neurons)), condition


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("kind", ["ones", "multiplicities"])
def test_the_closed_form_equals_brute_force_over_distinct_trials(seed: int, kind: str) -> None:
    x, condition = tiny(seed)
    weights = np.ones(len(x))
    if kind == "multiplicities":
        weights[condition == 1] = [0.0, 3.0, 1.0, 2.0, 1.0, 1.0]
        weights[condition == 2] = [2.0, 1.0, 0.0, 1.0, 5.0]
    gram = trial_gram(x, condition)
    A, B = numerator_and_denominator(gram, weights[None])
    D = own_neuron_term(gram, weights[None])
    expected = by_brute_force(x - x.mean(axis=0), condition, weights)
    assert [A[0], B[0], D[0]] == pytest.approx(expected, rel=1e-9)


def test_trials_of_equal_weight_need_no_origin() -> None:
    """Deleting trials leaves the estimate independent of the origin; brute force is not centred."""
    x, condition = tiny(3)
    weights = np.ones(len(x))
    weights[np.flatnonzero(condition == 1)[:2]] = 0.0
    found = numerator_and_denominator(trial_gram(x + 5.0, condition), weights[None])
    expected = by_brute_force(x + 5.0, condition, weights)[:2]
    assert [found[0][0], found[1][0]] == pytest.approx(expected, rel=1e-9)


def test_a_stack_of_weights_gives_what_each_gives_alone() -> None:
    x, condition = tiny(2, (8, 9, 7, 10), neurons=5)
    weights = np.random.default_rng(3).integers(0, 4, (20, len(x))).astype(float)
    gram = trial_gram(x, condition)
    together = moments(gram, weights, neuron_correction=True)
    alone = [moments(gram, each[None], neuron_correction=True)[:, 0] for each in weights]
    np.testing.assert_allclose(together, np.transpose(alone), rtol=1e-10)


def test_a_condition_with_three_trials_gives_nan_rather_than_a_number() -> None:
    x, condition = tiny(4)
    weights = np.ones(len(x))
    weights[np.flatnonzero(condition == 0)[0]] = 0.0
    assert np.isnan(moments(trial_gram(x, condition), weights[None], neuron_correction=False)).all()
    assert np.isnan(moments(trial_gram(x, condition), weights[None], neuron_correction=True)).all()


def test_numerator_denominator_and_own_neuron_term_are_unbiased() -> None:
    """3000 sessions with correlated noise that differs between conditions: within 3.5 errors."""
    generator = np.random.default_rng(5)
    sizes, neurons, sessions = (4, 7, 5), 4, 3000
    condition = np.repeat(np.arange(3), sizes)
    means = generator.standard_normal((3, neurons))
    mixing = generator.standard_normal((3, neurons, neurons))[condition]
    found = np.empty((sessions, 3))
    for row in found:
        noise = np.einsum(
            "tij,tj->ti", mixing, generator.standard_normal((len(condition), neurons))
        )
        gram, ones = trial_gram(means[condition] + noise, condition), np.ones((1, len(condition)))
        row[:2] = np.concatenate(numerator_and_denominator(gram, ones))
        row[2] = own_neuron_term(gram, ones)[0]
    centred = means - means.mean(axis=0)
    within = centred @ centred.T
    truth = [np.trace(within) ** 2, np.sum(within**2), np.sum(np.sum(centred**2, axis=0) ** 2)]
    standard_error = found.std(axis=0) / np.sqrt(sessions)
    assert (np.abs(found.mean(axis=0) - truth) < 3.5 * standard_error).all()


def test_the_plug_in_ratio_is_that_of_numpys_singular_values() -> None:
    x, condition = tiny(6, (5, 5, 6, 7), neurons=9)
    means = np.stack([x[condition == label].mean(axis=0) for label in range(4)])
    np.testing.assert_allclose(condition_means(x, condition), means, rtol=1e-12)
    squared = np.linalg.eigvalsh(np.cov(means.T))
    expected = squared.sum() ** 2 / np.sum(squared**2)
    assert plug_in_ratio(covariance_spectrum(means)) == pytest.approx(expected, rel=1e-10)


def test_means_without_noise_give_the_exact_ratio() -> None:
    """Eight points of a ring in a plane have two equal eigenvalues: the ratio is 2."""
    angle = np.deg2rad(np.arange(0, 360, 45))
    ring = np.column_stack([np.cos(angle), np.sin(angle), np.zeros(8)])
    condition = np.repeat(np.arange(8), 5)
    found = ratio_estimate(ring[condition], condition, np.ones(40), ignore, neuron_correction=False)
    assert np.exp(found.log_ratio) == pytest.approx(2.0, rel=1e-12)
    assert found.log_se == pytest.approx(0.0, abs=1e-12)


sessions = st.builds(tiny, st.integers(0, 10_000), st.just((5, 6, 8, 7)), st.just(6))


@settings(deadline=None, max_examples=25)
@given(session=sessions, seed=st.integers(0, 10_000), scale=st.floats(0.01, 100))
def test_rotation_scale_and_shift_of_activity_leave_the_ratio_alone(
    session: tuple[Floats, Condition], seed: int, scale: float
) -> None:
    x, condition = session
    generator = np.random.default_rng(seed)
    rotation = np.linalg.qr(generator.standard_normal((6, 6)))[0]
    moved = scale * (x @ rotation) + 10 * generator.standard_normal(6)
    ones = np.ones((1, len(x)))
    before = moments(trial_gram(x, condition), ones, neuron_correction=False)
    after = moments(trial_gram(moved, condition), ones, neuron_correction=False)
    np.testing.assert_allclose(after, scale**4 * before, rtol=1e-7, atol=1e-7 * scale**4)


@settings(deadline=None, max_examples=25)
@given(session=sessions, seed=st.integers(0, 10_000))
def test_the_order_of_trials_and_the_names_of_targets_do_not_matter(
    session: tuple[Floats, Condition], seed: int
) -> None:
    x, condition = session
    generator = np.random.default_rng(seed)
    order, names = generator.permutation(len(x)), generator.permutation(4)
    weights = generator.integers(1, 4, len(x)).astype(float)
    before = moments(trial_gram(x, condition), weights[None], neuron_correction=True)
    shuffled = trial_gram(x[order], names[condition[order]])
    after = moments(shuffled, weights[order][None], neuron_correction=True)
    np.testing.assert_allclose(after, before, rtol=1e-8, atol=1e-8)


def test_the_jackknife_equals_deleting_each_trial_in_turn() -> None:
    x, condition = tiny(7, (6, 5, 8), neurons=5)
    found = ratio_estimate(x, condition, np.ones(len(x)), ignore, neuron_correction=True)
    for trial in range(len(x)):
        kept = np.arange(len(x)) != trial
        shorter = trial_gram(x[kept], condition[kept])
        expected = moments(shorter, np.ones((1, len(x) - 1)), neuron_correction=True)[:, 0]
        np.testing.assert_allclose(found.left_out[:, trial], expected, rtol=1e-8)


def test_the_stratified_jackknife_of_a_mean_of_means_is_its_textbook_error() -> None:
    """For sum_e mean_e the delete-one error is sqrt(sum_e s_e^2 / T_e), exactly."""
    generator = np.random.default_rng(8)
    stratum = np.repeat([0, 1, 2], [4, 7, 9])
    x = generator.standard_normal(20)
    left_out = np.empty(20)
    for trial in range(20):
        kept = np.arange(20) != trial
        left_out[trial] = sum(x[kept & (stratum == label)].mean() for label in range(3))
    expected = np.sqrt(sum(x[stratum == e].var(ddof=1) / np.sum(stratum == e) for e in range(3)))
    assert stratified_jackknife_error(left_out, stratum) == pytest.approx(float(expected))


def test_four_trials_per_target_give_an_estimate_but_no_interval() -> None:
    x, condition = tiny(9, (4, 4, 4), neurons=40)
    found = ratio_estimate(x, condition, np.ones(12), ignore, neuron_correction=False)
    assert np.isfinite(found.log_ratio)
    assert np.isnan(found.log_se)


def test_pure_noise_gives_no_ratio() -> None:
    generator = np.random.default_rng(10)
    condition = np.repeat(np.arange(4), 12)
    noise = generator.standard_normal((48, 10))
    found = ratio_estimate(noise, condition, np.ones(48), ignore, neuron_correction=False)
    assert np.isnan(found.log_ratio)
    assert found.denominator <= 3 * found.denominator_se


def test_the_interval_covers_the_truth_in_simulated_sessions() -> None:
    """100 sessions; a 95 % interval that covers at .95 would miss this bound once in 1000 times."""
    generator = np.random.default_rng(11)
    condition = np.repeat(np.arange(5), 10)
    means = 1.5 * generator.standard_normal((5, 20))
    true = np.log(plug_in_ratio(covariance_spectrum(means)))
    inside = 0
    for _ in range(100):
        x = means[condition] + generator.standard_normal((50, 20))
        found = ratio_estimate(x, condition, np.ones(50), ignore, neuron_correction=False)
        inside += abs(found.log_ratio - true) < 1.96 * found.log_se
    assert inside >= 95 - 3.1 * np.sqrt(100 * 0.95 * 0.05)


def test_blocks_that_do_not_differ_are_told_apart_at_the_nominal_rate() -> None:
    """200 null sessions, 99 shuffles each: rejections at .05 within 3 binomial errors (.0154)."""
    generator = np.random.default_rng(12)
    condition = np.tile(np.repeat(np.arange(4), 7), 2)
    first = np.repeat([True, False], 28)
    means = 1.5 * generator.standard_normal((4, 8))
    rejected = 0
    for session in range(200):
        x = means[condition] + generator.standard_normal((56, 8))
        gram = trial_gram(x, condition)
        sides = np.stack([first, ~first]).astype(float)
        one, two = log_ratios(moments(gram, sides, neuron_correction=False))
        null = permuted_log_ratios(
            x,
            condition,
            np.ones(56),
            first,
            ignore,
            seed=session,
            draws=99,
            neuron_correction=False,
        )
        rejected += two_sided_p(float(one - two), null) <= 0.05
    assert abs(rejected / 200 - 0.05) < 3 * np.sqrt(0.05 * 0.95 / 200)


def test_shuffled_labels_stay_inside_their_target_and_do_not_depend_on_their_number() -> None:
    x, condition = tiny(13, (10, 12, 14), neurons=6)
    first = np.random.default_rng(14).permutation(len(x)) % 2 == 0
    few, many = (
        permuted_log_ratios(
            x, condition, np.ones(36), first, ignore, seed=1, draws=n, neuron_correction=False
        )
        for n in (40, 400)
    )
    np.testing.assert_allclose(few, many[:40], rtol=1e-9)
    other = permuted_log_ratios(
        x, condition, np.ones(36), first, ignore, seed=2, draws=40, neuron_correction=False
    )
    assert not np.allclose(few, other, equal_nan=True)


def test_a_draw_that_is_not_defined_counts_against_a_difference() -> None:
    assert two_sided_p(1.0, np.array([np.nan, 0.5, -1.0, 2.0])) == pytest.approx(4 / 5)
