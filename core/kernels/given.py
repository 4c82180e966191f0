"""Inputs, covariance or teacher that are given instead of drawn."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.kernels.clock import NUMBERS_AT_ONCE, no_tick, parts
from core.kernels.stack import Array, Weights

_NEGATIVE = 1e-9  # eigenvalues as far below 0, as a share of the largest, are rounding


@dataclass(frozen=True)
class Given:
    """What takes the place of draws; None: drawn."""

    inputs: Array | None = None  # "samples inputs": training inputs, then test inputs
    covariance_root: Array | None = None  # "inputs inputs", symmetric
    teacher: tuple[Array, Array] | None = None  # W1 "hidden inputs", W2 "outputs hidden"

    def copy_teacher(self, stack: Weights, tick: Callable[[], None] = no_tick) -> None:
        """Put the given teacher into every network of a stack."""
        if self.teacher is None:
            return
        W1, W2 = self.teacher
        for target, W in ((stack.W1[:, : W1.shape[0], : W1.shape[1]], W1), (stack.W2, W2)):
            for networks, rows in parts(target.shape):
                target[networks, rows] = W[rows]
                tick()

    def mix(self, x: Array, tick: Callable[[], None] = no_tick) -> None:
        """Turn independent inputs "samples inputs" of variance 1 into some of the covariance."""
        if self.covariance_root is None:
            return
        together = max(1, NUMBERS_AT_ONCE // x.shape[1])
        for first in range(0, len(x), together):
            part = x[first : first + together]
            part[:] = part @ self.covariance_root
            tick()


def covariance_root(covariance: Array) -> Array | None:
    """The symmetric root of a covariance; None if it is not symmetric or has an eigenvalue < 0."""
    if not np.allclose(covariance, covariance.T, rtol=0, atol=1e-9 * np.abs(covariance).max()):
        return None
    eigenvalues, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
    if eigenvalues[0] < -_NEGATIVE * max(eigenvalues[-1], 0.0) or not eigenvalues[-1] > 0:
        return None
    return np.asarray((vectors * np.sqrt(np.maximum(eigenvalues, 0.0))) @ vectors.T)
