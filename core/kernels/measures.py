"""Numbers read off recorded curves and weight traces. Curves have epochs on their last axis."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from core.kernels.clock import no_tick, parts
from core.kernels.stack import Array, Trace

DIVERGED_ABOVE = 1e12
"""An error above this counts as divergence even while it is still a number."""


def record_epochs(epochs: int, points: int) -> NDArray[np.int64]:
    """0, then at most `points` - 1 unique rounded geometric epochs from 1 to the last."""
    geometric = np.rint(np.geomspace(epochs, 1, points - 1)).astype(np.int64)
    return np.unique(np.append(geometric, 0))


class Extrema:
    """Running extrema of errors, "networks"; nan from the first error on that is not finite."""

    def __init__(self, networks: int) -> None:
        self.lowest = np.full((2, networks), np.inf)  # of training and test errors
        self.highest = np.full((2, networks), -np.inf)
        self.ascent = np.zeros(networks)  # of training errors above their running minimum

    def add(self, errors: Array) -> None:
        """Training and test errors "two networks" at one more epoch."""
        known = _known(errors)
        self.lowest = np.minimum(self.lowest, known)
        self.highest = np.maximum(self.highest, known)
        self.ascent = np.maximum(self.ascent, known[0] - self.lowest[0])


def epochs_to_threshold(epoch: Array, error: Array, threshold: float) -> Array:
    """The first recorded epoch with an error below the threshold; -1 if there is none."""
    below = error < threshold
    return np.where(below.any(axis=-1), epoch[below.argmax(axis=-1)], -1)


def smallest(error: Array) -> Array:
    """The smallest error of every curve; nan if any is not finite."""
    return np.asarray(np.min(_known(error), axis=-1))


def largest(error: Array) -> Array:
    """The largest error of every curve; nan if any is not finite."""
    return np.asarray(np.max(_known(error), axis=-1))


def loss_ascent(error: Array) -> Array:
    """max over time of (error - running minimum): how far the loss climbed on its way."""
    known = _known(error)
    return np.asarray(np.max(known - np.minimum.accumulate(known, axis=-1), axis=-1))


def diverged(error: Array) -> Array:
    """Whether any recorded error of a curve is not finite or above `DIVERGED_ABOVE`."""
    return np.asarray(~np.all(error <= DIVERGED_ABOVE, axis=-1))


def order_parameter_q(
    trace: Trace, hidden: int, inputs: int, alive: Array, tick: Callable[[], None] = no_tick
) -> Array:
    """q of every network: do the weights still move? Nan for networks that are no longer alive.

        q = mean over weights of Var_t(w) / variance over weights of Mean_t(w)

    with the entries of W1 and W2 pooled (Ninou et al., NeurIPS 2025, figure 3b).
    """
    spreads = (trace.spread1[:, :hidden, :inputs], trace.spread2)
    means = (trace.mean1[:, :hidden, :inputs], trace.mean2)
    n = hidden * inputs + trace.mean2[0].size
    nowhere = np.zeros(len(alive))
    with np.errstate(all="ignore"):
        center = sum(_sums(mean, nowhere, 1, tick) for mean in means) / n
        still = sum(_sums(mean, center, 2, tick) for mean in means) / n
        moving = sum(_sums(spread, nowhere, 1, tick) for spread in spreads) / (n * trace.epochs)
        return np.where(alive, moving / still, np.nan)


def _sums(stack: Array, center: Array, power: int, tick: Callable[[], None]) -> Array:
    """Of (number - center)^power over every network of "networks rows columns"."""
    sums = np.zeros(stack.shape[:2])
    for networks, rows in parts(stack.shape):
        away = stack[networks, rows] - center[networks, None, None]
        sums[networks, rows] = (away**power).sum(axis=-1)
        tick()
    return np.asarray(sums.sum(axis=1))


def finite(values: Array) -> list[float | None]:
    """The numbers, None where one is not finite."""
    finite = np.isfinite(values).tolist()
    return [x if known else None for x, known in zip(values.tolist(), finite, strict=True)]


def _known(error: Array) -> Array:
    """Nan instead of infinity: minima and maxima keep it."""
    return np.where(np.isfinite(error), error, np.nan)
