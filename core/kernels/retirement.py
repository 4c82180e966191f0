"""Networks that need not be stepped again, because they have converged to rounding."""

import numpy as np

from core.kernels.stack import Array

ROUNDING_EPSILONS = 100
FALLEN = 1e-8
_SETTLED_SINCE = 0.9


def at_rest(epoch: Array, error: Array, target: Array, epsilon: float) -> Array:
    """Which networks have converged to rounding at the last of the recorded epochs.

    epoch: "record"; error: "networks record", training errors 1/(2P) sum ||e||^2; target:
    "networks", the same of the teacher's answers alone. The error must

    - be rounding: below (100 epsilon)^2 of the target;
    - have come from above: below 1e-8 of the largest it was. Had the solution an unstable
      direction, the error along it would have grown on the way, not fallen by four orders; a
      student that starts 1e-15 beside a solution is therefore not judged by its small error;
    - fall no longer: at least half of what it was a tenth of the epochs before.
    """
    now = error[:, -1]
    before = np.searchsorted(epoch, _SETTLED_SINCE * epoch[-1], side="right") - 1
    rounding = now <= (ROUNDING_EPSILONS * epsilon) ** 2 * target
    arrived = now <= FALLEN * error.max(axis=1)
    return np.asarray(rounding & arrived & (now >= error[:, before] / 2))


def target_size(y: Array, samples: int) -> Array:
    """1/(2P) sum ||y||^2 of every replicate's answers, "replicates padded_samples outputs"."""
    return np.asarray(np.einsum("rso,rso->r", y, y, dtype=np.float64) / (2 * samples))
