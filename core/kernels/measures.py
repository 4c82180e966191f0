"""Numbers read off recorded curves and weight traces. Curves have epochs on their last axis."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.kernels.stack import Array, Trace

DIVERGED_ABOVE = 1e12
"""An error above this counts as divergence even while it is still a number."""


def record_epochs(epochs: int, points: int) -> NDArray[np.int64]:
    """0, then at most `points` - 1 unique rounded geometric epochs from 1 to the last."""
    geometric = np.rint(np.geomspace(epochs, 1, points - 1)).astype(np.int64)
    return np.unique(np.append(geometric, 0))


def epochs_to_threshold(epoch: Array, error: Array, threshold: float) -> int | None:
    """The first recorded epoch with an error below the threshold; None if there is none."""
    below = np.flatnonzero(error < threshold)
    return int(epoch[below[0]]) if below.size else None


def loss_ascent(error: Array) -> float:
    """max over time of (error - running minimum): how far the loss climbed on its way."""
    with np.errstate(invalid="ignore"):
        return float(np.max(error - np.minimum.accumulate(error)))


def diverged(error: Array) -> bool:
    """Whether any recorded error is not finite or above `DIVERGED_ABOVE`."""
    return not bool(np.all(error <= DIVERGED_ABOVE))


def order_parameter_q(trace: Trace, hidden: int, inputs: int, alive: Array) -> Array:
    """q of every network: do the weights still move? Nan for networks that are no longer alive.

        q = mean over weights of Var_t(w) / variance over weights of Mean_t(w)

    with the entries of W1 and W2 pooled (curl_descent.md, section 7).
    """
    q = np.full(len(alive), np.nan)
    for n in np.flatnonzero(alive):
        spread, mean = (
            np.concatenate([first[n, :hidden, :inputs].ravel(), second[n].ravel()])
            for first, second in ((trace.spread1, trace.spread2), (trace.mean1, trace.mean2))
        )
        with np.errstate(all="ignore"):
            q[n] = np.mean(spread / trace.epochs[n]) / np.var(mean)
    return q


def finite(value: Any) -> float | None:
    """The number, or None if it is not finite."""
    return float(value) if np.isfinite(value) else None
