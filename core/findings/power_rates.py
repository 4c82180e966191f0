"""How often each finding is found over synthetic sessions, and what size of session it needs."""

import numpy as np
from numpy.typing import NDArray

from core.experiment import Array
from core.findings.power import KEPT
from core.findings.power_spec import PowerSpec
from core.findings.verdicts import supported
from core.kernels.holm import holm
from core.kernels.wilson import wilson_interval

Floats = NDArray[np.float64]
GRID = ("trials_per_target", "neurons")
SESSION = (*GRID, "repetition", "finding")


def arrays(spec: PowerSpec, answers: Floats) -> dict[str, Array]:
    """Everything about every session of the grid, and the power of each finding.

    answers: "sessions findings numbers", as `core.findings.power` leaves them.
    """
    grid = (len(spec.trials_per_target), len(spec.neurons), spec.repetitions)
    shape = (*grid, len(spec.asked))
    named = dict(zip(KEPT, np.moveaxis(answers, 2, 0).reshape(-1, *shape), strict=True))
    p_values = named["p_value"]
    corrected = p_values.copy()
    if spec.verdict.correction == "holm":
        corrected = np.array([holm(each) for each in p_values.reshape(-1, shape[-1])])
    found = _found(spec, corrected.reshape(shape), named["difference"])
    times = found.sum(axis=2).astype(np.float64)
    low, high = wilson_interval(times, spec.repetitions)
    power = times / spec.repetitions
    return {
        **{name: Array(np.ascontiguousarray(values), SESSION) for name, values in named.items()},
        "p_corrected": Array(corrected.reshape(shape), SESSION),
        "found": Array(found, SESSION),
        "power": Array(power, (*GRID, "finding")),
        "power_low": Array(low, (*GRID, "finding")),
        "power_high": Array(high, (*GRID, "finding")),
        "trials_needed": Array(_needed(spec, power), ("neurons", "finding"), "trial"),
        "grid_trials": Array(np.array(spec.trials_per_target), ("trials_per_target",), "trial"),
        "grid_neurons": Array(np.array(spec.neurons), ("neurons",), "neuron"),
        "finding_names": Array(np.array(spec.asked), ("finding",)),
    }


def smallest(spec: PowerSpec, needed: Floats) -> tuple[int, int] | None:
    """Fewest trials, and of those fewest neurons, with the wished power; None if nothing has it.

    needed: "neurons", the trials that each number of neurons needs, NaN where none suffice.
    """
    if np.isnan(needed).all():
        return None
    place = int(np.nanargmin(needed))
    return int(needed[place]), spec.neurons[place]


def _found(spec: PowerSpec, p_values: Floats, difference: Floats) -> NDArray[np.bool_]:
    found = np.zeros(p_values.shape, dtype=np.bool_)
    for place in np.ndindex(found.shape):
        p, value, name = float(p_values[place]), float(difference[place]), spec.asked[place[-1]]
        found[place] = supported(p, value, name, spec.verdict.alpha)
    return found


def _needed(spec: PowerSpec, power: Floats) -> Floats:
    """Trials per target from which on the power is as wished, "neurons findings"; else NaN."""
    enough = power >= spec.wished_power - 1e-12
    onwards = np.logical_and.accumulate(enough[::-1], axis=0)[::-1]
    trials = np.array(spec.trials_per_target, dtype=np.float64)
    return np.where(onwards.any(axis=0), trials[onwards.argmax(axis=0)], np.nan)
