"""Errors of the corrected participation ratio: delete-one jackknife and permuted block labels."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.kernels.ledger import Stage, new_stage
from core.kernels.neuron_number import own_neuron_term
from core.kernels.participation_ratio import (
    Floats,
    TrialGram,
    numerator_and_denominator,
    trial_gram,
)
from core.kernels.portions import Report
from core.kernels.resampling import (
    chunk_length,
    leave_one_out,
    permuted_within,
    stratified_jackknife_error,
)

MIN_DENOMINATOR_Z = 3.0
"""Below this many standard errors B_hat may as well be 0, and the ratio anything."""


@dataclass(frozen=True)
class RatioEstimate:
    """A_hat and B_hat, the same with each trial left out ("2 trials"), and their errors.

    log_ratio: log of A_hat / B_hat; NaN where B_hat <= 3 standard errors or A_hat <= 0.
    denominator_se, log_se: stratified jackknife; NaN where a condition has four trials only, since
    the estimate needs four and the jackknife one to spare.
    """

    numerator: float
    denominator: float
    left_out: Floats
    denominator_se: float
    log_ratio: float
    log_se: float


def moments(gram: TrialGram, weights: Floats, *, neuron_correction: bool) -> Floats:
    """A_hat and B_hat, "2 draws", less the neurons' own term where that is asked for."""
    both = np.stack(numerator_and_denominator(gram, weights))
    return both - own_neuron_term(gram, weights) if neuron_correction else both


def log_ratios(numerators_and_denominators: Floats) -> Floats:
    """log(A / B) of "2 draws"; NaN where either is not positive."""
    defined = np.where(numerators_and_denominators > 0, numerators_and_denominators, np.nan)
    ratios: Floats = np.log(defined[0]) - np.log(defined[1])
    return ratios


def log_ratio_of(ratios: Floats) -> float:
    """log(PR_1 / PR_2); NaN where either is."""
    first, second = np.log(ratios).tolist()
    return float(first - second)


def ratio_estimate(
    activity: Floats,
    condition: NDArray[np.int64],
    size: Floats,
    report: Report,
    *,
    neuron_correction: bool,
    stage: Callable[..., Stage] = new_stage,
) -> RatioEstimate:
    """The corrected ratio of "units neurons" with its jackknife, each unit weighted by its size."""
    gram = trial_gram(activity, condition)
    whole = moments(gram, size[None], neuron_correction=neuron_correction)
    jackknife = stage(2, len(size))
    chunks = leave_one_out(size, _chunk_length(gram, neuron_correction))
    for draws, weights in jackknife.missing(chunks):
        jackknife.add(draws, moments(gram, weights, neuron_correction=neuron_correction))
        report(draws.stop / len(size))
    left_out = jackknife.values
    denominator_se = stratified_jackknife_error(left_out[1], condition)
    unsure = whole[1, 0] <= MIN_DENOMINATOR_Z * denominator_se
    return RatioEstimate(
        numerator=float(whole[0, 0]),
        denominator=float(whole[1, 0]),
        left_out=left_out,
        denominator_se=denominator_se,
        log_ratio=float("nan") if unsure else float(log_ratios(whole)[0]),
        log_se=stratified_jackknife_error(log_ratios(left_out), condition),
    )


def permuted_log_ratios(
    activity: Floats,
    condition: NDArray[np.int64],
    size: Floats,
    first: NDArray[np.bool_],
    report: Report,
    *,
    seed: int,
    draws: int,
    neuron_correction: bool,
    stage: Callable[..., Stage] = new_stage,
) -> Floats:
    """log(PR_1 / PR_2) with the block labels of units shuffled within each condition.

    NaN where a shuffled block has no positive A_hat and B_hat.
    """
    gram = trial_gram(activity, condition)
    null = stage(draws)
    length = _chunk_length(gram, neuron_correction)
    for chunk, labels in null.missing(permuted_within(first, condition, seed, draws, length)):
        one, two = (
            log_ratios(moments(gram, side * size, neuron_correction=neuron_correction))
            for side in (labels, ~labels)
        )
        null.add(chunk, one - two)
        report(chunk.stop / draws)
    return null.values


def _chunk_length(gram: TrialGram, neuron_correction: bool) -> int:
    n_trials, n_neurons = gram.activity.shape
    return chunk_length(n_trials, len(gram.first) - 1, n_neurons if neuron_correction else 0)
