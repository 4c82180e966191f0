"""Simulated sessions put to single kinds, for `make validate`: unequal trial counts, two states.

Sessions with unequal counts have 24 neurons and 4 to about 60 trials of a target in each state and
field, and are asked for what must bear such counts: the generalization of a code in the null field,
and the distance between fields. Movements of two states are those of one block of 164 trials.
"""

from collections.abc import Mapping
from math import nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.planted_truths import large_cells, true_distances
from core.experiment import Dataset, silent
from core.kernels.adaptation_estimates import total_sensitivity, two_state_estimates
from core.kernels.adaptation_filter import Movements
from core.kernels.generalization import clouds, cross_condition_accuracy, half_circles
from core.kernels.two_states import fit_two_states
from core.kinds import KINDS
from core.synthetic import STATES, synthesised
from core.synthetic_spec import SyntheticSpec

FIRST_SEED = 1000
UPLOADED = "00000000-0000-0000-0000-000000000000"
SCHEDULE = np.r_[np.zeros(40), np.full(84, 30.0), np.zeros(40)]
UNEVEN = {"neurons": 24, "unequal": 0.6, "modulation": 0.2}
LESS_OF_A_RING = {"complexity": 1.0, "field_change": 0.8}
STATE = {"factor": "state", "compare": list(STATES)}
CCGP, DISTANCE = "population.generalization", "population.condition_distance"
ASKED: Mapping[str, Mapping[str, Any]] = {
    CCGP: {
        "within": {"field": "NF"},
        **{"permutations": 19, "nulls": 0, "decoding_nulls": 1, "folds": 2, "repeats": 3},
    },
    DISTANCE: {"factor": "field", "between": ["NF", "FF"], "permutations": 199},
}
CHUNKS = 20
ONE_STATE, TWO_STATES = ((0.95,), (0.15,)), ((0.992, 0.6), (0.03, 0.25))
PLANNING, MOTOR = 0.1, 4.0  # variances of the noise of each part, and of a movement

Floats = NDArray[np.float64]
Found = Mapping[str, list[float]]


def session_of(scenario: str, seed: int, **given: Any) -> Dataset:
    """The session of this seed; seeds are those of all sessions here."""
    whole = {"scenario": scenario, "seed": FIRST_SEED + seed, **given}
    return synthesised(SyntheticSpec.model_validate(whole))


def uneven_null(seed: int) -> Found:
    """p of both kinds where the states do not differ."""
    session = session_of("null", seed, **UNEVEN)
    return {name: [float(_metrics(name, session)["comparison"]["p_value"])] for name in ASKED}


def uneven_planted(seed: int) -> Found:
    """Of both kinds value, low and high of control, of the block and of their difference; p; and
    the three truths."""
    session = session_of("null", seed, **UNEVEN, hfs=LESS_OF_A_RING)
    found = {name: _metrics(name, session) for name in ASKED}
    cells = large_cells(session)
    sizes = [int(found[CCGP][state]["trials_per_target"]) for state in STATES]
    codes = [_true_ccgp(own, size) for own, size in zip(cells[:, 0], sizes, strict=True)]
    apart = true_distances(session, cells)
    ends = ("distance", "ci_low", "ci_high")
    ccgp = [found[CCGP][state][f"ccgp{end}"] for state in STATES for end in ("", "_low", "_high")]
    distance = [found[DISTANCE][f"{state}:mean"][end] for state in STATES for end in ends]
    difference = found[DISTANCE]["comparison"]
    return {
        CCGP: [
            *ccgp,
            *(-found[CCGP]["comparison"]["ccgp_difference"], nan, nan),
            found[CCGP]["comparison"]["p_value"],
            *(*codes, codes[1] - codes[0]),
        ],
        DISTANCE: [
            *distance,
            *(-difference[end] for end in ("distance", "ci_high", "ci_low")),
            difference["p_value"],
            *(*apart, apart[1] - apart[0]),
        ],
    }


def two_states(seed: int) -> Found:
    """Of movements of one and of two states: whether parts are told apart, then value, low and high
    of both retentions, both error sensitivities, their sum, and the motor variance."""
    return {
        name: _of_two_states(np.random.default_rng([FIRST_SEED + seed, len(a)]), a, b)
        for name, (a, b) in (("one", ONE_STATE), ("two", TWO_STATES))
    }


def _metrics(name: str, session: Dataset) -> dict[str, Mapping[str, Any]]:
    kind = KINDS[name]
    spec = kind.spec.model_validate({"dataset": UPLOADED, "block": STATE, **ASKED[name]})
    result = kind.run(spec, {UPLOADED: session}, silent)
    return {row.arm: row.metrics for row in kind.rows(spec, result)}


def _true_ccgp(activity: Floats, size: int) -> float:
    """Mean over classifiers of `size` trials of each target, of "targets trials neurons"."""
    sides = half_circles(np.arange(len(activity)))
    chunks = min(CHUNKS, activity.shape[1] // size)
    parts = [clouds(activity[:, k * size : (k + 1) * size]) for k in range(chunks)]
    return float(np.mean([cross_condition_accuracy(own, side) for own in parts for side in sides]))


def _of_two_states(
    rng: np.random.Generator, a: tuple[float, ...], b: tuple[float, ...]
) -> list[float]:
    n, z, y = len(SCHEDULE), np.zeros(len(a)), np.empty(len(SCHEDULE))
    for t, p in enumerate(SCHEDULE):
        y[t] = z.sum() + np.sqrt(MOTOR) * rng.standard_normal()
        z = np.array(a) * z + np.array(b) * (p - y[t])
        z = z + np.sqrt(PLANNING) * rng.standard_normal(len(a))
    never, start = np.zeros(n, dtype=np.bool_), np.arange(n) == 0
    fits = fit_two_states(Movements(y, SCHEDULE, never, start, np.zeros(n, dtype=np.int64)), 1)
    found = two_state_estimates(fits, silent)
    total, ends = total_sensitivity(fits, silent)
    values = np.r_[found.retention[0], found.error_sensitivity[0], total, found.motor_variance]
    intervals = np.concatenate(
        [
            found.retention_interval[0],
            found.error_sensitivity_interval[0],
            ends,
            found.motor_variance_interval,
        ]
    )
    return [float(fits.told_apart[0]), *np.column_stack([values, intervals]).ravel().tolist()]
