"""What a fit of an adaptation model says in the field's terms, with 95 % profile intervals."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from core.kernels.adaptation import (
    AdaptationFit,
    intervals,
    log_likelihoods,
    one_step,
    whiteness_p,
)
from core.kernels.adaptation_filter import Floats
from core.kernels.adaptation_models import asymptote, parts_of
from core.kernels.ledger import Ledger, Stage, new_stage
from core.kernels.portions import Report
from core.kernels.two_states import TwoStates

LAST = 2  # log q and log r close every model's list of parameters


@dataclass(frozen=True)
class Estimates:
    """Of every arm, in the units of the movements; an end of an interval that was not found is NaN.

    retention: "arms parts"; error_sensitivity: "arms learned", by part or by separation of targets;
    planning_variance, motor_variance: "arms"; each with its interval, "... 2".
    log_likelihood, asymptote, whiteness_p: "arms".
    """

    retention: Floats
    retention_interval: Floats
    error_sensitivity: Floats
    error_sensitivity_interval: Floats
    planning_variance: Floats
    planning_variance_interval: Floats
    motor_variance: Floats
    motor_variance_interval: Floats
    log_likelihood: Floats
    asymptote: Floats
    whiteness_p: Floats


def estimates(
    fit: AdaptationFit, report: Report, stage: Callable[..., Stage] = new_stage
) -> Estimates:
    """Of a model whose parameters are what is reported: one state, or generalization."""
    ends = _open_as_nan(*intervals(fit, report, stage))
    mean, between = fit.local[:, :-LAST], ends[:, :-LAST]
    return _with_variances(fit, ends, (mean[:, :1], between[:, :1]), (mean[:, 1:], between[:, 1:]))


def two_state_estimates(fits: TwoStates, report: Report, kept: Ledger | None = None) -> Estimates:
    """Of the two-state model, parts slow and fast; each interval where it is a parameter.

    What a part learns is NaN in an arm whose movements do not tell the parts apart.
    """
    stage, outer, inner = (kept or Ledger()).stage, fits.outer, fits.inner
    wide = intervals(
        outer, lambda share: report(2 / 3 * share), partial(stage, "ends"), of=(0, 2, 4, 5)
    )
    close = intervals(
        inner, lambda share: report((2 + share) / 3), partial(stage, "inner ends"), of=(0, 2)
    )
    (a_slow, b_fast, *_), (a_fast, b_slow) = (
        _open_as_nan(*each).swapaxes(0, 1) for each in (wide, close)
    )
    retention, learning = parts_of("outer", outer.local)
    of_learning = np.stack([b_slow, b_fast], axis=1)
    learning[~fits.told_apart] = of_learning[~fits.told_apart] = np.nan
    of_retention = np.stack([a_slow, a_fast], axis=1)
    return _with_variances(
        outer, _open_as_nan(*wide), (retention, of_retention), (learning, of_learning)
    )


def total_sensitivity(
    fits: TwoStates, report: Report, kept: Ledger | None = None
) -> tuple[Floats, Floats]:
    """What both parts together learn of an error, "arms", and its interval, "arms 2"."""
    stage = partial((kept or Ledger()).stage, "total ends")
    ends = _open_as_nan(*intervals(fits.total, report, stage, of=(2,)))
    return fits.total.local[:, 2], ends[:, 0]


def standardised(fit: AdaptationFit) -> Floats:
    """(y - E y) / sd given all before, "trials"; NaN where y was not observed."""
    mean, variance = one_step(fit)
    return np.asarray((fit.movements.compensation - mean) / np.sqrt(variance))


def _with_variances(
    fit: AdaptationFit,
    ends: Floats,
    retention: tuple[Floats, Floats],
    learning: tuple[Floats, Floats],
) -> Estimates:
    n_arms = len(fit.local)
    variances = np.exp(ends[:, -LAST:]) * fit.scale**2
    planning = variances[:, 0]
    planning[np.isnan(planning[:, 0]), 0] = 0.0
    regimes, targets = fit.regimes, fit.model.targets
    kept, learnt = regimes.retention[0, ::targets], regimes.learning[0].reshape(n_arms, targets, -1)
    practised = learnt.mean(axis=1)
    return Estimates(
        retention=retention[0],
        retention_interval=retention[1],
        error_sensitivity=learning[0],
        error_sensitivity_interval=learning[1],
        planning_variance=fit.variances[:, 0],
        planning_variance_interval=planning,
        motor_variance=fit.variances[:, 1],
        motor_variance_interval=variances[:, 1],
        log_likelihood=log_likelihoods(fit),
        asymptote=np.array([_asymptote(fit, a, g) for a, g in zip(kept, practised, strict=True)]),
        whiteness_p=_whiteness(fit, n_arms),
    )


def _asymptote(fit: AdaptationFit, retention: Floats, learning: Floats) -> float:
    """With practice at all targets in turn where each has a state of its own."""
    one_of_many = fit.model.targets > 1
    return asymptote(retention[:1], learning[:1]) if one_of_many else asymptote(retention, learning)


def _whiteness(fit: AdaptationFit, n_arms: int) -> Floats:
    residual, arm = standardised(fit), fit.arm
    each = (residual[(arm == k) & fit.movements.observed] for k in range(n_arms))
    return np.array([whiteness_p(own) for own in each])


def _open_as_nan(ends: Floats, found: NDArray[np.bool_]) -> Floats:
    return np.where(found, ends, np.nan)
