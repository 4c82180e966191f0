"""Findings b to f of neural activity."""

from collections.abc import Mapping
from math import exp, isfinite, nan

import numpy as np

from core.experiment import ExperimentError
from core.findings.answer import Answer, Asked, Interval, difference_of
from core.folded_units import in_folds
from core.independence import Units
from core.kernels.crossnobis import (
    constant_cells,
    distances,
    left_out_distances,
    permuted_distances,
    whitened,
)
from core.kernels.normal import Z_95
from core.kernels.participation_ratio_error import permuted_log_ratios, ratio_estimate
from core.kernels.portions import Report, portion
from core.kernels.resampling import stratified_jackknife_error, two_sided_p, upper_p
from core.kernels.variance_partition import (
    Observations,
    left_out_partitions,
    partitions,
    permuted_partitions,
)
from core.selection import Selection, selected

FOLDS = 5


def variance_parts(asked: Asked, report: Report) -> Mapping[str, Answer]:
    """b: what part of the variance of means in the null field is change between the states."""
    units = null_field(asked).units
    seen = Observations(units.activity, units.condition, units.block, units.size)
    squares = partitions(seen, seen.cell[None])[0][0]
    left_out = left_out_partitions(seen, portion(report, 0.0, 0.5))
    if squares.sum() <= 3 * stratified_jackknife_error(left_out.sum(axis=1), seen.cell):
        raise ExperimentError("the condition means do not vary beyond their noise")
    null = permuted_partitions(
        seen, portion(report, 0.5, 1.0), seed=asked.seed, draws=asked.spec.permutations
    )
    shares = left_out / left_out.sum(axis=1, keepdims=True)
    return {
        name: Answer(
            Interval(),
            Interval(),
            Interval.about(
                float(squares[k] / squares.sum()),
                stratified_jackknife_error(shares[:, k], seen.cell),
            ),
            upper_p(float(squares[k]), null[:, k]) if len(null) else nan,
        )
        for name, k in (("b_target_independent", 1), ("b_target_dependent", 2))
    }


def field_distance(asked: Asked, report: Report) -> Mapping[str, Answer]:
    """c: crossnobis distance per neuron between the fields, mean over targets, in each state."""
    seen = in_folds(both_fields(asked).units, 4, FOLDS, asked.seed)
    views = whitened(seen, seen.cell)
    found = distances(seen, views, seen.part[None])[0].mean(axis=1)
    left_out = left_out_distances(seen, views, portion(report, 0.0, 0.5)).mean(axis=2)
    control, hfs = (
        Interval.about(float(found[k]), stratified_jackknife_error(left_out[:, k], seen.cell))
        for k in range(2)
    )
    apart = stratified_jackknife_error(left_out[:, 1] - left_out[:, 0], seen.cell)
    difference = Interval.about(hfs.value - control.value, apart)
    steady = whitened(seen, constant_cells(seen, states=True))
    observed = distances(seen, steady, seen.part[None])[0].mean(axis=1)
    null = permuted_distances(
        seen,
        steady,
        portion(report, 0.5, 1.0),
        seed=asked.seed,
        draws=asked.spec.permutations,
        states=True,
    ).mean(axis=2)
    p_value = two_sided_p(float(observed[1] - observed[0]), null[:, 1] - null[:, 0])
    return {
        "c_field_distance": Answer(control, hfs, difference, p_value if len(null) else nan),
    }


def dimensionality(asked: Asked, report: Report) -> Mapping[str, Answer]:
    """e: the participation ratio of target means in the null field, in each state."""
    units = null_field(asked).units
    control, hfs = (_ratio(units, arm, portion(report, arm / 4, (arm + 1) / 4)) for arm in range(2))
    null = permuted_log_ratios(
        units.activity,
        units.condition,
        units.size,
        units.block == 1,
        portion(report, 0.5, 1.0),
        seed=asked.seed,
        draws=asked.spec.permutations,
        neuron_correction=False,
    )
    observed = float(np.log(hfs.value / control.value))
    p_value = two_sided_p(observed, null) if len(null) else nan
    return {"e_dimensionality": Answer(control, hfs, difference_of(control, hfs), p_value)}


def null_field(asked: Asked) -> Selection:
    """Trials of both states in the null field, or in all there is where no field is known."""
    return _chosen(asked, asked.spec.field.compare[:1] if asked.has_field else ())


def both_fields(asked: Asked) -> Selection:
    """Trials of both states in both fields: arms control NF, control FF, HFS NF, HFS FF."""
    if not asked.has_field:
        raise ExperimentError(f"the session has no factor {asked.spec.field.factor!r}")
    return _chosen(asked, asked.spec.field.compare)


def _chosen(asked: Asked, fields: tuple[str, ...]) -> Selection:
    spec = asked.spec
    return selected(
        asked.arrays,
        spec.cells(fields),
        neurons=spec.neurons,
        transform=spec.transform,
        compared=spec.state.factor,
    )


def _ratio(units: Units, arm: int, report: Report) -> Interval:
    own = units.block == arm
    found = ratio_estimate(
        units.activity[own],
        units.condition[own],
        units.size[own],
        report,
        neuron_correction=False,
    )
    if not isfinite(found.log_ratio):
        raise ExperimentError("tuning to targets is within its noise: no dimensionality is defined")
    value, reach = exp(found.log_ratio), exp(Z_95 * found.log_se)
    return Interval(value, value / reach, value * reach)
