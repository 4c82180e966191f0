"""Early against late half of each block of movements: what drift alone does to what is compared."""

from collections.abc import Callable
from functools import partial
from math import nan

import numpy as np
from numpy.typing import NDArray

from core.adaptation import MIN_OBSERVED
from core.kernels.adaptation import fit_adaptation
from core.kernels.adaptation_filter import Floats, Movements
from core.kernels.adaptation_models import one_state
from core.kernels.ledger import Stage

SENSITIVITY = 1  # among the parameters of the one-state model


def pseudo_differences(
    movements: Movements,
    arm: NDArray[np.int64],
    n_arms: int,
    stage: Callable[..., Stage],
    tick: Callable[[], None],
) -> Floats:
    """Error sensitivity and motor variance of the late half of each arm less those of the early
    one, "arms 2".

    One-state model, both halves in one fit, the state carried over between them. NaN unless each
    arm is one stretch of trials whose halves have enough movements, and perturbations that differ:
    without those an error sensitivity is anything.
    """
    found = np.full((n_arms, 2), nan)
    if np.count_nonzero(np.diff(arm)) != n_arms - 1:
        return found
    for k in range(n_arms):
        own = _arm(movements, arm == k)
        late = own.regime == 1
        if all(_tells(own, half) for half in (late, ~late)):
            fit = fit_adaptation(
                own, one_state(), 2, stage=partial(stage, f"halves {k}"), tick=tick
            )
            found[k] = np.diff([fit.local[:, SENSITIVITY], fit.variances[:, 1]], axis=1)[:, 0]
    return found


def _arm(movements: Movements, own: NDArray[np.bool_]) -> Movements:
    """The movements of one arm, the regime of each being its half."""
    late = np.arange(int(own.sum())) >= (int(own.sum()) + 1) // 2
    return Movements(
        movements.compensation[own],
        movements.perturbation[own],
        movements.clamp[own],
        movements.start[own],
        late.astype(np.int64),
    )


def _tells(movements: Movements, half: NDArray[np.bool_]) -> bool:
    enough = int(movements.observed[half].sum()) >= MIN_OBSERVED
    return enough and float(np.ptp(movements.perturbation[half])) > 0
