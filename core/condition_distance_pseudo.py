"""Early against late trials: what drift alone does to a distance, and to its change of state."""

from dataclasses import replace
from math import nan

import numpy as np

from core.condition_distance import ConditionDistanceSpec
from core.folded_units import in_folds
from core.kernels.crossnobis import Labelled, distances, whitened
from core.kernels.folds import (
    early_half,
    in_stretches,
    makes_pseudo_blocks,
    most_folds,
    stratified_folds,
)
from core.kernels.participation_ratio import Floats
from core.selection import Selection


def pseudo_distances(chosen: Selection, spec: ConditionDistanceSpec) -> Floats:
    """Between the early and late half of each cell, mean over sides; NaN where it tells nothing."""
    units, targets = chosen.units, len(chosen.session.target_labels)
    cell = units.block * targets + units.condition
    stretches = [sides_are_stretches(chosen, state) for state in range(len(spec.states))]
    if not any(stretches) or not makes_pseudo_blocks(cell):
        return np.full((len(spec.states), targets), nan)
    late = ~early_half(cell, units.first)
    stratum = cell * 2 + late
    generator = np.random.default_rng(np.random.SeedSequence([spec.seed, 1]))
    fold = stratified_folds(stratum, most_folds(stratum, spec.folds), generator)
    halves = Labelled(
        units.activity, units.condition, units.block, late.astype(np.int64), units.size, fold
    )
    found = distances(halves, whitened(halves, halves.cell), halves.part[None])[0]
    means: Floats = found.reshape(len(spec.states), 2, targets).mean(axis=1)
    means[~np.array(stretches)] = nan
    return means


def sides_are_stretches(chosen: Selection, state: int) -> bool:
    """Whether each of the two labels is one stretch of the trials of a state."""
    return in_stretches(chosen.arm[chosen.arm // 2 == state])


def pseudo_comparison(chosen: Selection, spec: ConditionDistanceSpec) -> Floats:
    """Mean distance in the early less that in the late half of each state; NaN where uncut."""
    units, n_states = chosen.units, len(spec.states)
    cell = units.block * len(chosen.session.target_labels) + units.condition
    if spec.block is None or not chosen.contiguous or not makes_pseudo_blocks(cell):
        return np.full(n_states, nan)
    late = ~early_half(cell, units.first)
    halves = units.block + 2 * (units.block // 2) + 2 * late  # early and late state, each two sides
    seen = in_folds(replace(units, block=halves), 4 * n_states, spec.folds, spec.seed)
    found = distances(seen, whitened(seen, seen.cell), seen.part[None])[0].mean(axis=1)
    early_less_late: Floats = found[0::2] - found[1::2]
    return early_less_late
