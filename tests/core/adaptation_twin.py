"""Movements simulated straight from the equations, for tests and the bundled session."""

import numpy as np
from numpy.typing import NDArray

from core.kernels.adaptation_filter import Floats, Movements

SCHEDULE = np.r_[np.zeros(40), np.full(84, 30.0), np.zeros(40)]


def simulated(
    perturbation: Floats,
    rng: np.random.Generator,
    *,
    a: float = 0.95,
    b: float = 0.15,
    q: float = 2.0,
    r: float = 16.0,
    clamp: NDArray[np.bool_] | None = None,
) -> Floats:
    """y of one state: the equations, one trial after the other, from z = 0."""
    z, y = 0.0, np.empty(len(perturbation))
    for t, p in enumerate(perturbation):
        y[t] = z + np.sqrt(r) * rng.standard_normal()
        felt = 0.0 if clamp is not None and clamp[t] else p - y[t]
        z = a * z + b * felt + np.sqrt(q) * rng.standard_normal()
    return y


def series(
    compensation: Floats,
    perturbation: Floats = SCHEDULE,
    *,
    clamp: NDArray[np.bool_] | None = None,
    arms: int = 1,
) -> Movements:
    """A series of one regime per arm, the arms of equal length and apart."""
    n = len(compensation)
    start = np.arange(n) % (n // arms) == 0
    regime = np.repeat(np.arange(arms), n // arms)
    clamped = np.zeros(n, dtype=np.bool_) if clamp is None else clamp
    return Movements(compensation, perturbation, clamped, start, regime)
