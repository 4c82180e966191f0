"""Synthetic sessions with known truth, for demonstrations, teaching and power analysis.

    mean_n(c) = base_n (1 + m [f_n(theta_c + turn) + h g_n(theta_c + turn)
                               + shift u_n + change v_nc + field w_n])

f: the tuning; g: further harmonics of weight h; u, w: one random number per neuron; v: one per
neuron and target, of mean zero over targets; turn and field act in FF only. Counts scatter about
these means (`core.kernels.noisy_counts`), the hand adapts (`core.kernels.adapting_hand`).
"""

import json
from collections.abc import Mapping
from enum import IntEnum
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.experiment import Dataset
from core.kernels.adapting_hand import compensation, generalization
from core.kernels.noisy_counts import noisy_counts
from core.kernels.ring_tuning import further_harmonics, tuned, tuning_coefficients
from core.kernels.true_means import true_participation_ratio, true_parts, true_squared_distance
from core.session import MIN_CELL_TRIALS
from core.synthetic_spec import SyntheticSpec, SyntheticState

STATES = ("control", "hfs")
FIELDS = ("NF", "FF")
TRUTH = "truth"
_FLOOR = 0.01
_Floats = NDArray[np.float64]


class _Role(IntEnum):
    """What a stream of random numbers is for: a change of one effect moves no other draw."""

    BASE = 0
    TUNING = 1
    HARMONICS = 2
    SHIFT = 3
    CHANGE = 4
    FIELD = 5
    TARGETS = 6
    COUNTS = 7
    HAND = 8
    CLAMP = 9
    MISSING = 10


def synthesised(spec: SyntheticSpec) -> dict[str, NDArray[Any]]:
    """The arrays of a session: counts, labels, behaviour, and the truth behind them.

    `truth_rates` "cell target neuron" has the mean counts of the cells named by `truth_cells`;
    `truth` is a JSON document with the spec and what follows from it.
    """
    angle = np.arange(spec.targets) * 360.0 / spec.targets
    rates = cell_rates(spec, angle)
    state = np.repeat(np.arange(2), _trials(spec))
    field = np.tile(_fields(spec), 2)
    target = _targets(spec, state, field)
    rng = _stream(spec, _Role.COUNTS)
    each = rates[state * len(FIELDS) + field, target]
    counts = noisy_counts(rng, each, shared=spec.shared_noise, private=spec.private_noise)
    cells = [f"{state} {field}" for state, field in product(STATES, FIELDS)]
    return {
        "counts": counts,
        "target": target,
        "target_angle_deg": angle,
        "state": np.array(STATES)[state],
        "field": np.array(FIELDS)[field],
        **_behaviour(spec, angle, state, field, target),
        "truth_rates": rates,
        "truth_cells": np.array(cells),
        TRUTH: np.array(json.dumps(_truth(spec, rates), sort_keys=True)),
    }


def truth(arrays: Dataset) -> Mapping[str, Any]:
    """The truth behind a synthetic session."""
    document: Mapping[str, Any] = json.loads(arrays[TRUTH].item())
    return document


def cell_rates(spec: SyntheticSpec, angle: _Floats) -> _Floats:
    """Mean counts "cell target neuron", the cells in the order of states, then fields."""
    base = spec.mean_count * _stream(spec, _Role.BASE).uniform(0.5, 1.5, spec.neurons)
    f = tuning_coefficients(_stream(spec, _Role.TUNING), spec.tuning, spec.neurons)
    g = further_harmonics(_stream(spec, _Role.HARMONICS), spec.neurons)
    u = _stream(spec, _Role.SHIFT).standard_normal(spec.neurons)
    w = _stream(spec, _Role.FIELD).standard_normal(spec.neurons)
    v = _stream(spec, _Role.CHANGE).standard_normal((spec.targets, spec.neurons))
    v -= v.mean(axis=0)
    rates = []
    for own, in_field in product(_states(spec), (False, True)):
        seen = angle + own.reaiming_deg * in_field
        change = tuned(f, seen) + own.complexity * tuned(g, seen)
        change += own.shift * u + own.target_change * v + own.field_change * in_field * w
        rates.append(base * np.maximum(1 + spec.modulation * change, _FLOOR))
    return np.array(rates)


def _states(spec: SyntheticSpec) -> tuple[SyntheticState, SyntheticState]:
    return spec.control, spec.hfs


def _stream(spec: SyntheticSpec, role: _Role) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(spec.seed, spawn_key=(role.value,)))


def _trials(spec: SyntheticSpec) -> int:
    """Trials of one state."""
    return spec.baseline_trials + spec.field_trials + spec.washout_trials


def _fields(spec: SyntheticSpec) -> NDArray[np.int64]:
    """The field of each trial of one state: 0 for NF, 1 for FF."""
    phases = [spec.baseline_trials, spec.field_trials, spec.washout_trials]
    return np.repeat(np.array([0, 1, 0], dtype=np.int64), phases)


def _targets(
    spec: SyntheticSpec, state: NDArray[np.int64], field: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The target of each trial, in random order within each state and field."""
    rng = _stream(spec, _Role.TARGETS)
    target = np.zeros(len(state), dtype=np.int64)
    for own in product(range(2), range(2)):
        rows = np.flatnonzero((state == own[0]) & (field == own[1]))
        weights = np.exp(spec.unequal * rng.standard_normal(spec.targets))
        sizes = MIN_CELL_TRIALS + _shared_out(len(rows) - MIN_CELL_TRIALS * spec.targets, weights)
        target[rows] = rng.permutation(np.repeat(np.arange(spec.targets), sizes))
    return target


def _shared_out(total: int, weights: _Floats) -> NDArray[np.int64]:
    """Whole numbers in proportion to the weights, by largest remainders."""
    exact: _Floats = total * weights / weights.sum()
    sizes: NDArray[np.int64] = np.floor(exact).astype(np.int64)
    last = np.argsort(sizes - exact, kind="stable")[: total - sizes.sum()]
    sizes[last] += 1
    return sizes


def _behaviour(
    spec: SyntheticSpec,
    angle: _Floats,
    state: NDArray[np.int64],
    field: NDArray[np.int64],
    target: NDArray[np.int64],
) -> dict[str, NDArray[Any]]:
    """`perturbation`, `reach` and, where there are clamp trials, `clamp`."""
    p = spec.perturbation * field
    clamp = (field == 1) & (_stream(spec, _Role.CLAMP).random(len(field)) < spec.clamp_fraction)
    rng = _stream(spec, _Role.HAND)
    y = np.concatenate(
        [
            compensation(
                rng,
                p[state == index],
                clamp=clamp[state == index],
                target=target[state == index],
                G=generalization(angle, own.generalization_width_deg),
                a=own.retention,
                b=own.error_sensitivity,
                q=own.planning_variance,
                r=own.motor_variance,
            )
            for index, own in enumerate(_states(spec))
        ]
    )
    missing = _stream(spec, _Role.MISSING).random(len(field)) < spec.missing_fraction
    flags = {"clamp": clamp} if spec.clamp_fraction else {}
    return {"perturbation": p, "reach": np.where(missing, np.nan, p - y), **flags}


def _truth(spec: SyntheticSpec, rates: _Floats) -> dict[str, Any]:
    """The spec, and of the means: participation ratios, parts of variance, distances."""
    of = dict(zip(product(STATES, FIELDS), rates, strict=True))
    return {
        "spec": spec.model_dump(mode="json"),
        "participation_ratio": {" ".join(c): true_participation_ratio(m) for c, m in of.items()},
        "variance_fractions": {
            name: dict(
                zip(
                    ("target", "block", "interaction"),
                    true_parts(of["control", name], of["hfs", name]),
                    strict=True,
                )
            )
            for name in FIELDS
        },
        "field_squared_distance": {
            name: true_squared_distance(of[name, "NF"], of[name, "FF"]) for name in STATES
        },
    }
