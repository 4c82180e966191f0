"""The participation ratio of random subsets of neurons, to compare groups of different size.

The ratio grows with the number of neurons even without noise, so that of two groups it is compared
at the number which the smaller one has: A_hat and B_hat of many subsets, averaged. Each is unbiased
for its subset, so that the ratio of their means is that of a typical subset.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from core.kernels.ledger import Stage, new_stage
from core.kernels.participation_ratio import Floats, trial_gram
from core.kernels.participation_ratio_error import moments
from core.kernels.portions import Report


def neuron_subsets(n_neurons: int, size: int, draws: int, seed: int) -> NDArray[np.int64]:
    """Ascending positions of neurons, without replacement: "draws size"."""
    seeds = np.random.SeedSequence([seed, 1]).spawn(draws)
    drawn = [np.random.default_rng(s).permutation(n_neurons)[:size] for s in seeds]
    return np.sort(np.array(drawn, dtype=np.int64), axis=1)


def subset_moments(
    activity: Floats,
    condition: NDArray[np.int64],
    size: Floats,
    subsets: NDArray[np.int64],
    report: Report,
    *,
    neuron_correction: bool,
    stage: Callable[..., Stage] = new_stage,
) -> Floats:
    """A_hat and B_hat of every subset of neurons, "2 draws"; size: the weight of each unit."""
    found = stage(2, len(subsets))
    chunks = ((slice(k, k + 1), subset) for k, subset in enumerate(subsets))
    for draw, subset in found.missing(chunks):
        gram = trial_gram(activity[:, subset], condition)
        found.add(draw, moments(gram, size[None], neuron_correction=neuron_correction))
        report(draw.stop / len(subsets))
    return found.values


def ratio_of_means(moments: Floats) -> float:
    """mean A_hat / mean B_hat of "2 draws"; NaN where either is not positive."""
    numerator, denominator = moments.mean(axis=1).tolist()
    return numerator / denominator if min(numerator, denominator) > 0 else float("nan")
