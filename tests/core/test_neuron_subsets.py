"""Groups of neurons of different size are compared at one number of neurons."""

from typing import Any

import numpy as np
import pytest

from core.experiment import Refused, silent
from core.kernels.neuron_subsets import neuron_subsets, ratio_of_means, subset_moments
from core.kinds.participation_ratio import KIND
from core.summary import summarise
from tests.core.test_participation_ratio_kernel import by_brute_force

UPLOADED = "00000000-0000-0000-0000-000000000000"


def ignore(fraction: float) -> None:
    """A report that nobody reads."""


def ring(neurons: int) -> dict[str, Any]:
    """Sharp tuning to eight targets: its ratio grows with the number of neurons, 20 trials each."""
    rng = np.random.default_rng(5)
    target = np.repeat(np.arange(8), 20)
    apart = np.deg2rad(target * 45.0)[:, None] - rng.uniform(0, 2 * np.pi, neurons)
    means = 5 + 20 * np.exp(8 * (np.cos(apart) - 1))
    return {"counts": means + rng.standard_normal(means.shape), "target": target}


def ratios(arrays: dict[str, Any], **spec: Any) -> tuple[Any, Any]:
    document = {"dataset": UPLOADED, "permutations": 0, **spec}
    parsed = KIND.spec.model_validate(document)
    KIND.estimate(parsed, {UPLOADED: summarise(arrays, "npz")})
    result = KIND.run(parsed, {UPLOADED: arrays}, silent)
    return KIND.rows(parsed, result)[0].metrics, result


def test_a_subset_gives_what_its_neurons_alone_give() -> None:
    """Against the loop over all picks of distinct trials, two targets of four trials."""
    rng = np.random.default_rng(0)
    x, condition, weights = rng.standard_normal((8, 5)), np.arange(8) % 2, np.ones(8)
    subsets = neuron_subsets(5, 3, 4, seed=1)
    found = subset_moments(x, condition, weights, subsets, ignore, neuron_correction=False)
    for k, subset in enumerate(subsets):
        numerator, denominator, _ = by_brute_force(x[:, subset], condition, weights)
        np.testing.assert_allclose(found[:, k], [numerator, denominator], rtol=1e-9)
    assert ratio_of_means(np.array([[3.0, 5.0], [1.0, 3.0]])) == 2.0
    assert np.isnan(ratio_of_means(np.array([[3.0, 5.0], [1.0, -3.0]])))


def test_subsets_are_distinct_neurons_and_do_not_depend_on_how_many_are_drawn() -> None:
    many = neuron_subsets(20, 6, 50, seed=3)
    assert all(len(set(own)) == 6 for own in many.tolist())
    assert many[:10].tolist() == neuron_subsets(20, 6, 10, seed=3).tolist()
    assert set(np.unique(many).tolist()) == set(range(20))


def test_of_all_neurons_every_subset_is_the_whole() -> None:
    metrics, result = ratios(ring(12), subsample={"neurons": 12, "draws": 3})
    whole = metrics["participation_ratio"]
    assert metrics["participation_ratio_subsampled"] == pytest.approx(whole)
    assert metrics["subsampled_low"] == pytest.approx(metrics["subsampled_high"])
    assert result["subset_neurons"].shape == (3, 12)


def test_groups_of_different_size_agree_at_the_same_number_of_neurons() -> None:
    """The whole groups differ by .7 and more; subsets scatter by about .4, their mean by .06."""
    subsample = {"neurons": 20, "draws": 40}
    few, _ = ratios(ring(40), subsample=subsample)
    many, _ = ratios(ring(300), subsample=subsample)
    assert many["participation_ratio"] > few["participation_ratio"] + 0.3
    names = ("participation_ratio_subsampled", "subsampled_low", "subsampled_high")
    (one, low, high), (other, *_) = ([each[name] for name in names] for each in (few, many))
    assert one == pytest.approx(other, abs=0.4)
    assert low < other < high


def test_a_subset_cannot_have_more_neurons_than_there_are() -> None:
    with pytest.raises(Refused, match=r"subsample\.neurons: there are 12 neurons to draw from"):
        ratios(ring(12), subsample={"neurons": 13})
