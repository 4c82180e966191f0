"""Findings d and f of neural activity, which need the directions of the targets."""

from collections.abc import Callable, Mapping
from math import nan

import numpy as np
from numpy.typing import NDArray

from core.experiment import ExperimentError
from core.findings.activity import both_fields, null_field
from core.findings.answer import Answer, Asked, Interval, Report, portion
from core.independence import Units
from core.kernels.generalization import balanced, clouds, held_out_direction_errors
from core.kernels.participation_ratio import Floats
from core.kernels.reaiming import split_half
from core.kernels.resampling import permuted_within, two_sided_p
from core.selection import Selection

SPLITS = 20
QUICK_SPLITS = 1  # in each resample and permutation
SUBSAMPLES = 10
TENTHS = 10
States = NDArray[np.int64]


def reaiming(asked: Asked, report: Report) -> Mapping[str, Answer]:
    """d: the turn of the ring of targets from null to force field, in degrees, in each state."""
    chosen = both_fields(asked)
    angles, units = _angles(chosen), chosen.units
    fields, states = units.block % 2, units.block // 2
    seeds = np.random.SeedSequence([asked.seed, 3])

    def shifts(state: States, splits: int, draw: np.random.Generator | None = None) -> Floats:
        return np.array(
            [
                split_half(
                    units.activity[state == k],
                    units.condition[state == k],
                    fields[state == k] == 0,
                    angles,
                    seeds=seeds.spawn(1)[0],
                    n_splits=splits,
                    resample=draw,
                ).shift_deg
                for k in range(2)
            ]
        )

    found = shifts(states, SPLITS)
    rng, resamples = np.random.default_rng(seeds.spawn(1)[0]), asked.spec.resamples
    draws = np.empty((resamples, 2))
    for k in range(resamples):
        draws[k] = shifts(states, QUICK_SPLITS, rng)
        report(0.5 * (k + 1) / resamples)
    null = _permuted(
        asked,
        states,
        units.condition * 2 + fields,
        lambda state: _around(np.diff(shifts(state, QUICK_SPLITS)))[0],
        portion(report, 0.5, 1.0),
    )
    apart = _around(np.diff(found))[0]
    p_value = two_sided_p(float(apart), null) if len(null) else nan
    control, hfs = (_circular(found[k], draws[:, k]) for k in range(2))
    difference = _circular(apart, draws[:, 1] - draws[:, 0])
    return {"d_reaiming": Answer(control, hfs, difference, p_value)}


def direction_decoding(asked: Asked, report: Report) -> Mapping[str, Answer]:
    """f: error, in degrees, of a target's direction decoded by the others, in the null field."""
    chosen = null_field(asked)
    angles, units = _angles(chosen), chosen.units
    if len(angles) < 4:
        raise ExperimentError(f"{len(angles)} targets; four are needed to decode one by the others")
    rng = np.random.default_rng(np.random.SeedSequence([asked.seed, 4]))

    def errors(state: States) -> Floats:
        return np.array([_error(units, state == k, angles, rng) for k in range(2)])

    found = np.mean([errors(units.block) for _ in range(SUBSAMPLES)], axis=0)
    control, hfs = (
        Interval.about(float(found[k]), _jackknife(units, units.block == k, angles, rng))
        for k in range(2)
    )
    reach = np.hypot(hfs.high - hfs.value, control.high - control.value)
    apart = hfs.value - control.value
    difference = Interval(apart, float(apart - reach), float(apart + reach))
    null = _permuted(asked, units.block, units.condition, lambda s: np.diff(errors(s))[0], report)
    p_value = two_sided_p(apart, null) if len(null) else nan
    return {"f_neural_generalization": Answer(control, hfs, difference, p_value)}


def _angles(chosen: Selection) -> Floats:
    angles = chosen.session.target_angle_deg
    if angles is None:
        raise ExperimentError(
            "the directions of the targets are not known: upload the session again with "
            "`target_angle_deg`, one angle in degrees per target"
        )
    return angles


def _permuted(
    asked: Asked,
    states: States,
    stratum: NDArray[np.int64],
    statistic: Callable[[States], float],
    report: Report,
) -> Floats:
    """The statistic with states shuffled inside each stratum."""
    draws = asked.spec.permutations
    null = np.empty(draws)
    for draw, labels in permuted_within(states, stratum, asked.seed, draws, 1):
        null[draw] = statistic(labels[0])
        report(draw.stop / draws)
    return null


def _error(units: Units, own: NDArray[np.bool_], angles: Floats, rng: np.random.Generator) -> float:
    sample = balanced(units.activity[own], units.condition[own], rng)
    return float(held_out_direction_errors(clouds(sample), angles).mean())


def _jackknife(
    units: Units, own: NDArray[np.bool_], angles: Floats, rng: np.random.Generator
) -> float:
    """The standard error from leaving out a tenth of each target's trials at a time."""
    sample = balanced(units.activity[own], units.condition[own], rng)
    groups = min(TENTHS, sample.shape[1])
    member = np.arange(sample.shape[1]) % groups
    values = np.array(
        [
            held_out_direction_errors(clouds(sample[:, member != k]), angles).mean()
            for k in range(groups)
        ]
    )
    return float(np.sqrt((groups - 1) / groups * np.square(values - values.mean()).sum()))


def _around(degrees: Floats) -> Floats:
    """The same directions from -180 to 180."""
    return np.asarray((degrees + 180.0) % 360.0 - 180.0)


def _circular(value: float, draws: Floats) -> Interval:
    """The value plus the quantiles of the draws' distance from it on the circle."""
    low, high = np.quantile(_around(draws - value), [0.025, 0.975]).tolist()
    return Interval(float(value), float(value + low), float(value + high))
