"""Generalization: against a plain loop, scikit-learn, closed forms, and known structures."""

from math import nan
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from core.directions import distinct_directions
from core.examples import REACHING_UNDER_BLOCK
from core.experiment import Refused, silent
from core.kernels.adaptation_models import separations
from core.kernels.change_generalization import (
    change_products,
    function_errors,
    generalization_function,
    left_out_products,
)
from core.kernels.generalization import (
    balanced,
    by_condition,
    clouds,
    cross_condition_accuracy,
    decoding_accuracy,
    dichotomies,
    half_circles,
    held_out_direction_errors,
    turned,
    turned_accuracy,
)
from core.kinds.population_generalization import KIND
from core.reading import read_arrays
from core.summary import summarise

Floats = NDArray[np.float64]
SESSION = dict(read_arrays(REACHING_UNDER_BLOCK.path).arrays)
UPLOADED = "00000000-0000-0000-0000-000000000000"
RING = half_circles(np.arange(8))


def ring(noise: float, seed: int, trials: int = 12, neurons: int = 15) -> Floats:
    """Eight conditions on a ring: "conditions trials neurons"."""
    rng = np.random.default_rng(seed)
    aim = np.arange(8) * np.pi / 4
    plane = np.linalg.qr(rng.standard_normal((neurons, 2)))[0]
    means = np.stack([np.cos(aim), np.sin(aim)], axis=1) @ plane.T
    return np.asarray(means[:, None] + noise * rng.standard_normal((8, trials, neurons)))


def peer(train: Floats, label: NDArray[np.bool_], test: Floats) -> NDArray[np.bool_]:
    """scikit-learn's discriminant with the same ridge in terms of the within-class covariance."""
    n, neurons = train.shape
    gamma = neurons / (neurons + n)
    total = np.cov(train.T, bias=True)
    ridge = gamma * np.trace(total) / neurons
    within = sum(np.cov(train[label == side].T, bias=True) for side in (True, False)) / 2
    shrinkage = ridge / (ridge + np.trace(within) / neurons)
    model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=shrinkage, priors=[0.5, 0.5])
    return np.asarray(model.fit(train, label).predict(test))


def test_generalization_is_that_of_a_plain_loop_with_scikit_learn() -> None:
    activity, side = ring(0.5, 0), RING[1]
    accuracies = []
    for a in np.flatnonzero(side):
        for b in np.flatnonzero(~side):
            kept = np.delete(np.arange(8), (a, b))
            found = peer(
                activity[kept].reshape(-1, 15),
                np.repeat(side[kept], 12),
                activity[[a, b]].reshape(-1, 15),
            )
            accuracies.append(np.mean(found == np.repeat([True, False], 12)))
    ours = cross_condition_accuracy(clouds(activity), side)
    assert ours == pytest.approx(np.mean(accuracies), abs=1e-12)


def test_decoding_of_many_dichotomies_is_that_of_each_with_scikit_learn() -> None:
    activity, every = ring(0.8, 1), dichotomies(8)[:3]
    fold = np.arange(12) % 3
    expected = []
    for side in every:
        right = 0
        for left_out in range(3):
            train, test = activity[:, fold != left_out], activity[:, fold == left_out]
            found = peer(
                train.reshape(-1, 15), np.repeat(side, train.shape[1]), test.reshape(-1, 15)
            )
            right += int((found == np.repeat(side, test.shape[1])).sum())
        expected.append(right / 96)
    np.testing.assert_allclose(decoding_accuracy(activity, fold, every), expected, atol=1e-12)


def test_eight_conditions_have_35_balanced_dichotomies_and_4_half_circles() -> None:
    every = dichotomies(8)
    assert every.shape == (35, 8)
    assert (every.sum(axis=1) == 4).all()
    assert len({min(tuple(s), tuple(not x for x in s)) for s in every.tolist()}) == 35
    assert RING.shape == (4, 8)


def test_a_ring_generalizes_and_random_corners_do_not() -> None:
    """Accuracy of a ring is near 1; of unrelated means .5, standard error about .06 over 4."""
    assert cross_condition_accuracy(clouds(ring(0.1, 2)), RING[0]) > 0.9
    rng = np.random.default_rng(3)
    found = []
    for _ in range(6):
        means = rng.standard_normal((8, 60))
        activity = means[:, None] + 0.5 * rng.standard_normal((8, 12, 60))
        found += [cross_condition_accuracy(clouds(activity), side) for side in RING]
        assert decoding_accuracy(activity, np.arange(12) % 4, RING).min() > 0.9
    assert np.mean(found) == pytest.approx(0.5, abs=0.15)


def test_turned_clouds_stay_as_wide_and_generalize_by_chance() -> None:
    """The mean of 30 nulls has a standard error of about .02."""
    own, rng = clouds(ring(0.3, 4)), np.random.default_rng(5)
    null = []
    for _ in range(30):
        moved, turns = turned(own, rng)
        null.append(turned_accuracy(moved, turns, RING[0]))
        np.testing.assert_allclose(
            np.matmul(turns, turns.transpose(0, 2, 1))[0], np.eye(15), atol=1e-12
        )
    np.testing.assert_allclose(
        np.trace(moved.covariances, axis1=1, axis2=2),
        np.trace(own.covariances, axis1=1, axis2=2),
    )
    np.testing.assert_allclose(moved.covariances, clouds(moved.activity).covariances, atol=1e-12)
    assert np.mean(null) == pytest.approx(0.5, abs=0.08)


def test_a_turn_about_the_centre_of_the_training_conditions_is_the_plain_one() -> None:
    own, side = clouds(ring(0.3, 6)), RING[2]
    moved, turns = turned(own, np.random.default_rng(7))
    accuracies = []
    for a in np.flatnonzero(side):
        for b in np.flatnonzero(~side):
            centre = np.delete(own.means, (a, b), axis=0).mean(axis=0)
            plain = np.stack([(own.activity[c] - centre) @ turns[c].T + centre for c in range(8)])
            kept = np.delete(np.arange(8), (a, b))
            found = peer(
                plain[kept].reshape(-1, 15),
                np.repeat(side[kept], 12),
                plain[[a, b]].reshape(-1, 15),
            )
            accuracies.append(np.mean(found == np.repeat([True, False], 12)))
    assert turned_accuracy(moved, turns, side) == pytest.approx(np.mean(accuracies), abs=1e-12)


def test_the_direction_of_a_target_on_a_ring_is_decoded_by_the_others() -> None:
    """Without a ring, errors are those of chance, 90 degrees, within 25 for eight targets."""
    angles = np.array([0.0, 45.0, 90.0, 135.0, 180.0, 225.0, 270.0, 315.0])
    assert held_out_direction_errors(clouds(ring(0.05, 8)), angles).max() < 10
    noise = np.random.default_rng(9).standard_normal((8, 40, 15))
    assert held_out_direction_errors(clouds(noise), angles).mean() == pytest.approx(90, abs=25)


def test_a_target_is_not_decoded_by_another_in_its_own_direction() -> None:
    """Near and far in four directions, whose codes have nothing in common: 90 degrees by chance."""
    means = np.repeat(np.linalg.qr(np.random.default_rng(8).standard_normal((15, 15)))[0][:4], 2, 0)
    noise = 0.05 * np.random.default_rng(9).standard_normal((8, 12, 15))
    angles = np.array([0.0, 0.0, 90.0, 90.0, 180.0, 180.0, 270.0, 270.0])
    found = held_out_direction_errors(clouds(means[:, None] + noise), angles)
    assert found.mean() > 60
    # What is counted as one direction is left out as one.
    unsteady = angles + np.tile([-3e-7, 4e-7], 4)
    assert distinct_directions(unsteady) == 4
    again = held_out_direction_errors(clouds(means[:, None] + noise), unsteady)
    assert again == pytest.approx(found, abs=1e-4)


def test_direction_is_not_decoded_where_targets_lie_in_three() -> None:
    spec = spec_of(nulls=0, permutations=0, decoding_nulls=1)
    angles = np.array([0.0, 360.0, 90.0, 90.0, 90.0, 180.0, 180.0, 180.0])
    result = KIND.run(spec, {UPLOADED: SESSION | {"target_angle_deg": angles}}, silent)
    assert np.isnan(result["direction_error_per_target_deg"]).all()
    assert "the targets lie in 3 directions; 4 are needed" in result.warnings[-1]


def test_targets_in_one_direction_have_no_nearest_others() -> None:
    field = {"factor": "field", "compare": ["NF", "FF"]}
    spec = spec_of(nulls=0, permutations=0, decoding_nulls=1, field=field)
    result = KIND.run(spec, {UPLOADED: SESSION | {"target_angle_deg": np.zeros(8)}}, silent)
    (row, *_) = KIND.rows(spec, result)
    assert "change_generalization" not in row.metrics
    assert "nearest others" not in KIND.reading(spec, result)


def test_a_test_looks_at_all_trials_and_not_at_what_a_seed_draws_of_them() -> None:
    """Of uneven counts. The estimate is of subsamples, which the seed draws."""
    uneven = np.random.default_rng(0).random(len(SESSION["target"])) < np.where(
        SESSION["target"] == 0, 0.4, 1.0
    )
    n = len(uneven)
    arrays = {k: v[uneven] if v.shape[:1] == (n,) else v for k, v in SESSION.items()}
    spec = spec_of(block={"factor": "state", "compare": ["control", "HFS"]})
    found = [
        KIND.run(spec.model_copy(update={"seed": seed}), {UPLOADED: arrays}, silent)
        for seed in range(2)
    ]
    one, other = (result["ccgp_per_dichotomy"].mean(axis=1) for result in found)
    assert (one != other).all()
    for name in ("ccgp_tested", "ccgp_pseudo"):
        np.testing.assert_array_equal(found[0][name], found[1][name])
    for arm, label in enumerate(("control", "HFS")):
        own = arrays["state"] == label
        whole = clouds(by_condition(arrays["counts"][own].astype(float), arrays["target"][own]))
        expected = np.mean([cross_condition_accuracy(whole, side) for side in RING])
        assert found[0]["ccgp_tested"][arm] == pytest.approx(expected, abs=1e-12)


def test_conditions_weigh_alike_however_many_trials_they_have() -> None:
    """Twice the trials of one condition, each of them twice, change nothing but the ridge."""
    own = list(ring(0.5, 0))
    doubled = [np.repeat(own[0], 2, axis=0), *own[1:]]
    one, other = clouds(own), clouds(doubled)
    np.testing.assert_allclose(one.means, other.means, atol=1e-12)
    np.testing.assert_allclose(one.covariances, other.covariances, atol=1e-12)
    for side in RING:
        assert cross_condition_accuracy(other, side) == pytest.approx(
            cross_condition_accuracy(one, side), abs=0.005
        )


def test_the_change_products_are_means_over_pairs_of_distinct_trials() -> None:
    rng = np.random.default_rng(10)
    X, condition, second = rng.standard_normal((40, 6)), np.arange(40) % 2, np.arange(40) < 18
    found = change_products(X, condition, second)

    def own(c: int, late: bool) -> Floats:
        return np.asarray(X[(condition == c) & (second == late)])

    def pairs(rows: Floats) -> float:
        gram = rows @ rows.T
        return float((gram.sum() - np.trace(gram)) / (len(rows) * (len(rows) - 1)))

    same = pairs(own(0, True)) + pairs(own(0, False))
    same -= 2 * float(own(0, True).mean(0) @ own(0, False).mean(0))
    assert found[0, 0] == pytest.approx(same / 6)
    apart = [own(c, True).mean(0) - own(c, False).mean(0) for c in (0, 1)]
    assert found[0, 1] == pytest.approx(float(apart[0] @ apart[1]) / 6)


def test_a_change_that_is_a_cosine_of_the_target_generalizes_as_a_cosine() -> None:
    """400 trials a cell; values have a standard error of about .03."""
    rng, angles = np.random.default_rng(11), np.arange(8) * 45.0
    condition, second = np.tile(np.arange(8), 200), np.arange(1600) >= 800
    tuning = rng.uniform(0, 2 * np.pi, 50)
    change = np.cos(np.deg2rad(angles)[:, None] - tuning)
    X = second[:, None] * change[condition] + rng.standard_normal((1600, 50))
    distinct, which = separations(angles.astype(np.float64))
    found = generalization_function(change_products(X, condition, second), which)
    np.testing.assert_allclose(found, np.cos(np.deg2rad(distinct)), atol=0.12)


def test_near_and_far_targets_leave_the_function_one_of_the_angle_alone() -> None:
    """Cosine changes, near and far of unlike tuning and size; values have an error of about .03.

    Over the products of targets with themselves alone it would be half of that: -.5 at 180.
    """
    rng, angles = np.random.default_rng(11), np.repeat(np.arange(4) * 90.0, 2)
    condition, second = np.tile(np.arange(8), 200), np.arange(1600) >= 800
    tuning = rng.uniform(0, 2 * np.pi, (2, 60))
    change = np.cos(np.deg2rad(angles)[:, None] - tuning[np.arange(8) % 2])
    change[1::2] *= 1.5
    X = second[:, None] * change[condition] + rng.standard_normal((1600, 60))
    distinct, which = separations(angles)
    found = generalization_function(change_products(X, condition, second), which)
    np.testing.assert_allclose(found, np.cos(np.deg2rad(distinct)), atol=0.12)


def test_leaving_a_trial_out_is_computing_anew_without_it() -> None:
    rng = np.random.default_rng(12)
    X, condition, second = rng.standard_normal((30, 5)), np.arange(30) % 3, np.arange(30) % 2 == 1
    found = left_out_products(X, condition, second)
    for trial in range(30):
        kept = np.arange(30) != trial
        anew = change_products(X[kept], condition[kept], second[kept])
        np.testing.assert_allclose(found[trial], anew, rtol=0, atol=1e-12)


def test_the_error_of_the_function_is_its_scatter_over_sessions() -> None:
    """Of 60 sessions the scatter has a relative error of 9 %: within three of them."""
    rng, angles = np.random.default_rng(13), np.arange(4) * 90.0
    condition, second = np.tile(np.arange(4), 40), np.arange(160) >= 80
    change = rng.standard_normal((4, 20)) + 0.5
    _, which = separations(angles.astype(np.float64))
    found, errors = [], []
    for _ in range(60):
        X = second[:, None] * change[condition] + rng.standard_normal((160, 20))
        own = (X, condition, second)
        found.append(generalization_function(change_products(*own), which))
        errors.append(function_errors(*own, which))
    scatter, error = np.std(found, axis=0, ddof=1)[1:], np.mean(errors, axis=0)[1:]
    np.testing.assert_allclose(error / scatter, 1.0, atol=0.27)


def test_a_balanced_sample_holds_each_trial_once_and_as_many_of_every_target() -> None:
    condition = np.repeat(np.arange(3), [4, 7, 5])
    sample = balanced(np.arange(16.0)[:, None], condition, np.random.default_rng(0))
    assert sample.shape == (3, 4, 1)
    assert len(np.unique(sample)) == 12
    assert sorted(sample[0, :, 0].tolist()) == [0, 1, 2, 3]


def spec_of(**changes: Any) -> Any:
    cheap = {"dataset": UPLOADED, "nulls": 3, "permutations": 3, "repeats": 1, "folds": 3}
    return KIND.spec.model_validate(cheap | changes)


def test_dichotomies_may_be_named_and_must_leave_something_to_train_on() -> None:
    spec = spec_of(dichotomies=[["0", "1", "2", "3"], ["0", "4"]])
    result = KIND.run(spec, {UPLOADED: SESSION}, silent)
    assert result["ccgp_per_dichotomy"].shape == (1, 2)
    for wrong, message in ((["0", "north"], "no target 'north'"), ([*"0123456"], "two targets")):
        with pytest.raises(Refused, match=message):
            KIND.estimate(spec_of(dichotomies=[wrong]), {UPLOADED: summarise(SESSION, "npz")})


def test_a_code_that_loses_its_ring_within_a_block_generalizes_less_late() -> None:
    """In the first block; the difference of two accuracies, .9 and about .5, has an error of .1."""
    early, rng = ring(0.3, 5, trials=8), np.random.default_rng(6)
    corners = np.linalg.qr(rng.standard_normal((15, 15)))[0][:8, None]
    late = corners + 0.3 * rng.standard_normal((8, 8, 15))
    blocks = [early, late, ring(0.3, 5, trials=8), early]
    counts = np.concatenate([each.swapaxes(0, 1).reshape(-1, 15) for each in blocks])
    arrays = {
        "counts": counts,
        "target": np.tile(np.arange(8), 32),
        "target_angle_deg": np.arange(8) * 45.0,
        "block": np.repeat(["A", "B"], 128),
    }
    spec = KIND.spec.model_validate(
        {
            "dataset": UPLOADED,
            "block": {"factor": "block", "compare": ["A", "B"]},
            "permutations": 0,
            "nulls": 0,
            "decoding_nulls": 1,
            "repeats": 1,
        }
    )
    result = KIND.run(spec, {UPLOADED: arrays}, silent)
    metrics = {row.arm: row.metrics for row in KIND.rows(spec, result)}
    assert float(metrics["A"]["ccgp_difference_pseudo"] or nan) > 0.2
    assert metrics["B"]["ccgp_difference_pseudo"] == pytest.approx(0.0, abs=0.15)
    assert "between which only drift and learning can act, differ by" in KIND.reading(spec, result)


def test_three_targets_are_too_few() -> None:
    arrays = {
        "counts": np.random.default_rng(0).poisson(4, (48, 9)),
        "target": np.arange(48) % 3,
    }
    with pytest.raises(Refused, match="3 targets; dichotomies of 4 to 12"):
        KIND.estimate(spec_of(), {UPLOADED: summarise(arrays, "npz")})
