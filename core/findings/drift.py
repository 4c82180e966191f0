"""What time alone does to each finding: early against late trials of one state.

States that are stretches of one recording differ by whatever changes in its course. Each state in
turn is taken for a session whose states are its early and late half, and asked the same questions.
Between those drift and learning act, but not the block. Activity is halved in each field and
target; movements, each of which depends on those before it, in the middle of the state.
"""

from collections.abc import Mapping, Sequence
from dataclasses import astuple
from math import exp, hypot, nan

import numpy as np
from numpy.typing import NDArray

from core.experiment import Dataset, ExperimentError
from core.findings.answer import Answer, Asked, Interval, difference_of
from core.findings.movement import SENSITIVITY, series_and_model
from core.findings.report_spec import ReportSpec
from core.kernels.adaptation import AdaptationFit, fit_adaptation, interval_end
from core.kernels.folds import early_half, in_stretches
from core.kernels.portions import Report
from core.session import labels_per_trial
from core.session_spec import Comparison
from core.stages import Told

HALVES = ("early", "late")
NEITHER = "neither"
RESAMPLES = 40  # the fewest of which a 95 % interval is not just the extremes


def pseudo_spec(spec: ReportSpec) -> ReportSpec:
    """The same questions about early and late halves, without tests."""
    halves = Comparison(factor=spec.state.factor, compare=HALVES)
    changes = {"state": halves, "permutations": 0, "resamples": RESAMPLES}
    return spec.model_copy(update=changes)


def pseudo_sessions(asked: Asked, *, movements: bool = False) -> tuple[Asked, ...]:
    """One for each state, cut in halves; none unless each state is one stretch of the trials."""
    factor = asked.spec.state.factor
    state, own = _states(asked, fields=asked.has_field and not movements)
    if not in_stretches(state[own]):
        return ()
    late = np.zeros(len(own), dtype=np.bool_)
    late[own] = _late_movements(state[own]) if movements else _late(asked, own, state[own])
    halves = np.where(late, HALVES[1], HALVES[0])
    spec = pseudo_spec(asked.spec)
    return tuple(
        Asked(
            spec,
            {**asked.arrays, factor: np.where((state == one) & own, halves, NEITHER)},
            asked.seed,
        )
        for one in asked.spec.state.compare
    )


def adaptation_halves(asked: Asked, report: Report) -> Mapping[str, Answer]:
    """a: motor variance and error sensitivity of early and late movements, without tests.

    Refuses a half in which the perturbation does not change: there any error sensitivity fits.
    """
    movements, model = series_and_model(asked)
    half = movements.regime // model.targets
    if any(np.ptp(movements.perturbation[half == k]) == 0 for k in range(2)):
        raise ExperimentError("the perturbation does not change in one half of a state")
    told = Told(report)
    fit = fit_adaptation(movements, model, 2, tick=told.again)
    told(0.5)
    b, log_r = ([_profile(fit, k, which) for k in range(2)] for which in (SENSITIVITY, model.motor))
    r = [Interval(*(exp(end) * fit.scale**2 for end in astuple(each))) for each in log_r]
    return {
        name: Answer(early, late, difference_of(early, late), nan)
        for name, (early, late) in (("a_motor_noise", r), ("a_error_sensitivity", b))
    }


def mean_of(both: Sequence[Interval]) -> Interval:
    """The mean of independent estimates, its interval from theirs as in `difference_of`."""
    n = len(both)
    value = sum(each.value for each in both) / n
    return Interval(
        value,
        value - hypot(*(each.value - each.low for each in both)) / n,
        value + hypot(*(each.high - each.value for each in both)) / n,
    )


def _states(asked: Asked, *, fields: bool) -> tuple[NDArray[np.str_], NDArray[np.bool_]]:
    """The state of each trial, and which trials are in use: of the two fields, or of all."""
    spec, n = asked.spec, len(asked.arrays[asked.spec.state.factor])
    wanted: dict[str, tuple[str, ...]] = {spec.state.factor: spec.state.compare}
    wanted |= {spec.field.factor: spec.field.compare} if fields else {}
    wanted |= {factor: (label,) for factor, label in spec.within.items()}
    own = np.ones(n, dtype=np.bool_)
    for factor, labels in wanted.items():
        own &= np.isin(_labels(asked.arrays, factor, n), labels)
    return _labels(asked.arrays, spec.state.factor, n), own


def _profile(fit: AdaptationFit, half: int, parameter: int) -> Interval:
    low, high = (interval_end(fit, half, parameter, side)[0] for side in range(2))
    return Interval(float(fit.local[half, parameter]), low, high)


def _late_movements(state: NDArray[np.str_]) -> NDArray[np.bool_]:
    """Which trials are in the late half of their state."""
    return ~early_half(np.unique(state, return_inverse=True)[1], np.arange(len(state)))


def _late(asked: Asked, own: NDArray[np.bool_], state: NDArray[np.str_]) -> NDArray[np.bool_]:
    """Which trials in use are in the late half of their state, field and target; whole groups."""
    names = [name for name in ("target", asked.spec.field.factor) if name in asked.arrays]
    columns = [_labels(asked.arrays, name, len(own))[own] for name in names]
    cell = np.unique(np.stack([state, *columns]), axis=1, return_inverse=True)[1].ravel()
    group = asked.arrays.get("group", np.arange(len(own)))[own]
    _, first, unit = np.unique(group, return_index=True, return_inverse=True)
    late: NDArray[np.bool_] = ~early_half(cell[first], first)[unit]
    return late


def _labels(arrays: Dataset, name: str, n: int) -> NDArray[np.str_]:
    return labels_per_trial(name, arrays[name], n)
