"""How the bundled session of reaches under cerebellar block was made: every number of it.

Two states, control and HFS, each with a null field, a force field and a washout. Behaviour follows
the adaptation model; spike counts are Poisson about cosine tuning, which the field changes.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.core.adaptation_twin import SCHEDULE, simulated

NEURONS = 40
TRUTH = {"control": {"b": 0.15, "r": 16.0}, "HFS": {"b": 0.07, "r": 36.0}}
ROTATION_DEG = {"control": 0.0, "HFS": 20.0}
FIELD_CHANGE = {"control": 1.0, "HFS": 1.8}
CLAMP_EVERY, MISSING_EVERY = 12, 17


def reaching_session() -> dict[str, NDArray[Any]]:
    """The arrays of the session, the same every time."""
    rng = np.random.default_rng(20)
    preferred = rng.uniform(0, 360, NEURONS)
    base, depth = rng.uniform(4, 10, NEURONS), rng.uniform(2, 5, NEURONS)
    shift, local = 0.5 * rng.standard_normal(NEURONS), 1.2 * rng.standard_normal((8, NEURONS))
    parts = [_state(state, rng, (preferred, base, depth, shift, _smooth(local))) for state in TRUTH]
    arrays = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return arrays | {"target_angle_deg": np.arange(8) * 45.0}


def _state(
    state: str, rng: np.random.Generator, tuning: tuple[NDArray[np.float64], ...]
) -> dict[str, NDArray[Any]]:
    n = len(SCHEDULE)
    target = np.concatenate([rng.permutation(8) for _ in range(-(-n // 8))])[:n]
    field = np.where(SCHEDULE > 0, "FF", "NF")
    clamp = (np.arange(n) % CLAMP_EVERY == CLAMP_EVERY - 1) & (field == "FF")
    movement = simulated(SCHEDULE, rng, clamp=clamp, **TRUTH[state])
    reach = np.round(SCHEDULE - movement, 3)
    reach[MISSING_EVERY - 1 :: MISSING_EVERY] = np.nan
    return {
        "counts": _counts(state, field == "FF", target, rng, tuning),
        "target": target,
        "field": field,
        "state": np.full(n, state),
        "perturbation": SCHEDULE,
        "reach": reach,
        "clamp": clamp,
    }


def _counts(
    state: str,
    forced: NDArray[np.bool_],
    target: NDArray[np.int64],
    rng: np.random.Generator,
    tuning: tuple[NDArray[np.float64], ...],
) -> NDArray[np.uint8]:
    preferred, base, depth, shift, local = tuning
    turned = target * 45.0 + forced * ROTATION_DEG[state]
    rate = base + depth * np.cos(np.deg2rad(turned[:, None] - preferred))
    rate += forced[:, None] * FIELD_CHANGE[state] * (shift + local[target])
    return rng.poisson(np.clip(rate, 0.1, None)).astype(np.uint8)


def _smooth(local: NDArray[np.float64]) -> NDArray[np.float64]:
    """Neighbouring targets change alike."""
    return np.asarray((local + np.roll(local, 1, 0) + np.roll(local, -1, 0)) / np.sqrt(3))
