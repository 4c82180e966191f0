"""Trial weights for the stratified jackknife and for permutations of block labels.

Both leave the estimator alone and change only the weights of trials, so that one Gram matrix serves
every draw. The plain bootstrap is no way to the error of a participation ratio: it treats copies of
one trial as independent, and its 95 % interval covers the truth 0 to 1 % of the time. It serves for
what is linear in the means, such as the turn of a ring.
"""

from collections.abc import Iterator
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from core.kernels.participation_ratio import Floats

Codes = NDArray[np.int64]
LEFT_OUT = -1
LEAST_SHAPE = 0.25
Label = TypeVar("Label", np.bool_, np.int64)


def draw_cost(n_trials: int, n_conditions: int, own_neurons: int) -> int:
    """Scalar operations, at about 15 a nanosecond, of one draw of A_hat and B_hat.

    own_neurons: those whose own term is estimated too, 0 without the correction.
    """
    elementwise = 75 * n_trials * n_conditions + 280 * n_conditions**3
    return 4 * n_trials**2 + elementwise + 50 * n_trials * own_neurons


def chunk_length(n_trials: int, n_conditions: int, own_neurons: int) -> int:
    """How many draws to weigh at once: about 50 ms of work, and less than 100 MB.

    It follows from the sizes alone, since the last bits of a matrix product depend on it.
    """
    by_work = 750_000_000 // draw_cost(n_trials, n_conditions, own_neurons)
    numbers = 6 * n_trials * n_conditions + 6 * n_conditions**3 + 20 * n_conditions * own_neurons
    return int(min(256, max(1, min(by_work, 12_000_000 // numbers))))


def leave_one_out(base: Floats, length: int) -> Iterator[tuple[slice, Floats]]:
    """Chunks of the weights "draws trials" that delete each trial in turn, and which draws."""
    for start in range(0, len(base), length):
        draws = slice(start, min(start + length, len(base)))
        weights = np.tile(base, (draws.stop - start, 1))
        weights[np.arange(draws.stop - start), np.arange(start, draws.stop)] = 0.0
        yield draws, weights


def codes_left_out(codes: Codes, length: int) -> Iterator[tuple[slice, Codes]]:
    """Chunks of the codes "draws units" in which each unit in turn is `LEFT_OUT`."""
    for start in range(0, len(codes), length):
        draws = slice(start, min(start + length, len(codes)))
        deleted = np.tile(codes, (draws.stop - start, 1))
        deleted[np.arange(len(deleted)), np.arange(start, draws.stop)] = LEFT_OUT
        yield draws, deleted


def stratified_jackknife_error(left_out: Floats, stratum: NDArray[np.int64]) -> float:
    """The standard error from values with each trial left out.

    se^2 = sum over strata e of (T_e - 1) / T_e * sum over trials t in e of (v_t - mean_e v)^2
    """
    variance = 0.0
    for label in np.unique(stratum):
        values = left_out[stratum == label]
        variance += (len(values) - 1) / len(values) * float(np.square(values - values.mean()).sum())
    return float(np.sqrt(variance))


def permuted_within(
    labels: NDArray[Label], stratum: NDArray[np.int64], seed: int, draws: int, length: int
) -> Iterator[tuple[slice, NDArray[Label]]]:
    """Chunks of "draws trials": the labels of the trials, shuffled inside each stratum.

    Each stratum has a generator of its own, so that a draw does not depend on the number of draws.
    """
    strata = [np.flatnonzero(stratum == label) for label in np.unique(stratum)]
    seeds = np.random.SeedSequence(seed).spawn(len(strata))
    generators = [np.random.default_rng(each) for each in seeds]
    for start in range(0, draws, length):
        chunk = slice(start, min(start + length, draws))
        shuffled = np.tile(labels, (chunk.stop - start, 1))
        for trials, generator in zip(strata, generators, strict=True):
            shuffled[:, trials] = generator.permuted(shuffled[:, trials], axis=1)
        yield chunk, shuffled


def upper_p(observed: float, null: Floats) -> float:
    """(1 + draws at least as large) / (1 + draws), for what is positive where there is an effect.

    As in `two_sided_p` an undefined draw counts against the effect, and rounding does not.
    """
    slack = 1e-12 * abs(observed)
    return (1 + int((~(null < observed - slack)).sum())) / (1 + len(null))


def bootstrap_weights(together: NDArray[np.int64], generator: np.random.Generator) -> Floats:
    """Random weights of observations, whose means then scatter as those of new observations do.

    together: of each observation, how many are averaged with it. The weights are independent,
    Gamma(1 - 2/n) of n averaged together, so that a weighted mean has variance sigma^2 / n on
    average; with shape 1 (the Bayesian bootstrap, D. B. Rubin, Annals of Statistics 9:130 (1981))
    it has (n - 1) / (n + 1) of that. None is 0: drawing with replacement could leave a half without
    any observation. Below four the variance is too small, by a third for n = 2.
    """
    return generator.standard_gamma(np.maximum(1 - 2 / together, LEAST_SHAPE))


def percentile_interval(distances: Floats) -> tuple[Floats, Floats]:
    """The central 95 % of draws "draws ...": as a new draw would fall inside, however few they are.

    With quantiles that interpolate between the extremes, 60 draws would hold 92 %.
    """
    low, high = np.quantile(distances, [0.025, 0.975], axis=0, method="weibull")
    return np.asarray(low), np.asarray(high)


def two_sided_p(observed: float, null: Floats) -> float:
    """(1 + draws at least as far from 0) / (1 + draws); an undefined draw counts as far.

    The allowance lets a draw that repeats the true labelling count in spite of rounding.
    """
    far = ~(np.abs(null) < abs(observed) * (1 - 1e-12))
    return (1 + int(far.sum())) / (1 + len(null))
