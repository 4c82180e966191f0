"""Decoding of all targets: published accuracies, scikit-learn on the same folds, chance."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.model_selection import StratifiedKFold

from core.examples import GOLUB_BCI
from core.experiment import silent
from core.kernels.folds import stratified_folds
from core.kernels.target_decoding import decoded_targets, enough_training, fold_accuracy
from core.kinds.population_generalization import KIND
from core.reading import read_arrays

RECORDING = read_arrays(GOLUB_BCI.path).arrays
TARGET = RECORDING["target"].astype(np.int64)
PUBLISHED = {"before": 0.5018345618345619, "after": 0.5924651924651925}
Codes = NDArray[np.int64]


def by_scikit_learn(activity: NDArray[np.float64], target: Codes, fold: Codes) -> Codes:
    model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")
    decoded = np.empty_like(target)
    for left_out in np.unique(fold):
        test = fold == left_out
        decoded[test] = model.fit(activity[~test], target[~test]).predict(activity[test])
    return decoded


@pytest.mark.parametrize("block", PUBLISHED)
def test_targets_of_the_recording_are_told_apart_as_often_as_published(block: str) -> None:
    own = RECORDING["block"] == block
    activity, target = np.sqrt(RECORDING["counts"][own].astype(np.float64)), TARGET[own]
    fold = np.empty_like(target)
    folds = StratifiedKFold(5, shuffle=True, random_state=0).split(activity, target)
    for k, (_, test) in enumerate(folds):
        fold[test] = k
    accuracy = fold_accuracy(decoded_targets(activity, target, fold), target, fold)
    assert accuracy == pytest.approx(PUBLISHED[block], abs=1e-8)


@pytest.mark.parametrize("seed", range(4))
def test_every_trial_is_decoded_as_scikit_learn_does_it(seed: int) -> None:
    """Targets of 6 to 30 trials, correlated neurons, and one silent at the first target."""
    rng = np.random.default_rng(seed)
    target = np.repeat(np.arange(5), rng.integers(6, 30, 5))
    mixing = np.eye(12) + 0.4 * rng.standard_normal((12, 12))
    activity = 0.6 * rng.standard_normal((5, 12))[target]
    activity += rng.standard_normal((len(target), 12)) @ mixing
    activity[target == 0, 3] = 0.0
    fold = stratified_folds(target, 4, rng)
    ours = decoded_targets(activity, target, fold)
    np.testing.assert_array_equal(ours, by_scikit_learn(activity, target, fold))


@pytest.mark.parametrize(("trials", "folds"), [(4, 2), (4, 4), (5, 2), (6, 2), (23, 10)])
def test_folds_leave_three_trials_of_a_target_which_tell_those_far_apart(
    trials: int, folds: int
) -> None:
    """With more neurons than trials; with two of each target noise has no inverse."""
    own = enough_training(trials, folds)
    assert np.bincount(own).max() <= trials - 3
    rng, target = np.random.default_rng(5), np.repeat(np.arange(4), trials)
    activity = 20 * rng.standard_normal((4, 60))[target]
    activity += rng.standard_normal((len(target), 60))
    fold = np.tile(own, 4)
    assert fold_accuracy(decoded_targets(activity, target, fold), target, fold) > 0.9


def test_noise_is_decoded_by_chance() -> None:
    """One of four, 40 times 48 trials: a standard error of .010."""
    rng, target = np.random.default_rng(6), np.tile(np.arange(4), 12)
    found = []
    for _ in range(40):
        fold = stratified_folds(target, 4, rng)
        decoded = decoded_targets(rng.standard_normal((48, 10)), target, fold)
        found.append(fold_accuracy(decoded, target, fold))
    assert np.mean(found) == pytest.approx(0.25, abs=0.04)


def test_the_kind_decodes_all_targets_of_each_block_about_as_published() -> None:
    """Its own five folds; over ten others the accuracy scatters by about .01."""
    spec = KIND.spec.model_validate(
        {
            "dataset": GOLUB_BCI.dataset_id,
            "block": {"factor": "block", "compare": ["before", "after"]},
            "transform": "sqrt",
            "folds": 5,
            "repeats": 3,
            "nulls": 0,
            "decoding_nulls": 1,
            "permutations": 0,
            "dichotomies": [["0", "1", "2", "3"]],
        }
    )
    result = KIND.run(spec, {GOLUB_BCI.dataset_id: RECORDING}, silent)
    found = {row.arm: row.metrics for row in KIND.rows(spec, result)}
    for block, published in PUBLISHED.items():
        assert found[block]["target_decoding"] == pytest.approx(published, abs=0.03)
    assert "Which it is of all 8 targets can be told in" in KIND.reading(spec, result)
