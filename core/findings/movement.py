"""Findings a and f of behaviour, from fits of trial-by-trial adaptation."""

from collections.abc import Mapping
from math import exp

from core.adaptation import AdaptationSpec, series_of, used_trials
from core.behaviour import has_behaviour
from core.experiment import ExperimentError
from core.findings.answer import Answer, Asked, Interval, Report, difference_of, portion
from core.kernels.adaptation import AdaptationFit, fit_adaptation, interval_end
from core.kernels.adaptation_models import falling_generalization, one_state
from core.kernels.bartlett import Corrected, corrected_test
from core.stages import Told

RETENTION, SENSITIVITY, SHARE, PLANNING = 0, 1, 2, 3
NOISE = 3  # of the one-state model


def adaptation(asked: Asked, report: Report) -> Mapping[str, Answer]:
    """a: motor variance and error sensitivity of the one-state model in each state."""
    spec = _spec(asked, "one_state")
    behaviour, arm = used_trials(spec, asked.arrays)
    _, movements = series_of(spec, behaviour, arm)
    whole = fit_adaptation(movements, one_state(), 2)
    report(0.1)
    found = {}
    names = ("a_motor_noise", NOISE), ("a_error_sensitivity", SENSITIVITY)
    for k, (name, parameter) in enumerate(names):
        nested = fit_adaptation(movements, one_state(), 2, shared=(parameter,))
        tested = corrected_test(
            whole,
            nested,
            portion(report, 0.1 + 0.4 * k, 0.5 + 0.4 * k),
            seed=asked.seed,
            draws=asked.spec.simulations,
        )
        control, hfs = (_interval(whole, state, parameter, tested) for state in range(2))
        if parameter == NOISE:
            control, hfs = (_variance(each, whole.scale) for each in (control, hfs))
        found[name] = Answer(control, hfs, difference_of(control, hfs), tested.p_value)
    return found


def learned_elsewhere(asked: Asked, report: Report) -> Mapping[str, Answer]:
    """f: the share of what is learned at a target that its nearest neighbours learn too.

    Retention and planning noise are taken to be the same in both states: where little is learned,
    they and the share could not be told apart.
    """
    spec = _spec(asked, "generalization")
    behaviour, arm = used_trials(spec, asked.arrays)
    angles, movements = series_of(spec, behaviour, arm)
    if len(angles) < 3:
        raise ExperimentError(f"{len(angles)} targets; three are needed for a generalization")
    model = falling_generalization(angles)
    told = Told(report)
    own, shared = (RETENTION, PLANNING), (RETENTION, SHARE, PLANNING)
    whole = fit_adaptation(movements, model, 2, shared=own, tick=told.again)
    told(0.3)
    nested = fit_adaptation(movements, model, 2, shared=shared, tick=told.again)
    told(0.6)
    tested = corrected_test(
        whole,
        nested,
        portion(told, 0.6, 0.9),
        seed=asked.seed,
        draws=asked.spec.simulations // 4,
    )
    control, hfs = (_interval(whole, state, SHARE, tested) for state in range(2))
    return {
        "f_behavioural_generalization": Answer(
            control, hfs, difference_of(control, hfs), tested.p_value
        )
    }


def _spec(asked: Asked, model: str) -> AdaptationSpec:
    if not has_behaviour(asked.arrays):
        raise ExperimentError("the session holds no behaviour")
    own = asked.spec
    return AdaptationSpec.model_validate(
        {"dataset": own.dataset, "block": own.state, "within": own.within, "model": model}
    )


def _interval(fit: AdaptationFit, state: int, parameter: int, tested: Corrected) -> Interval:
    """The profile interval, as long as the test has it; an end beyond the model's box is its."""
    value, model = float(fit.local[state, parameter]), fit.model
    ends = (interval_end(fit, state, parameter, side)[0] for side in range(2))
    low, high = (value + tested.stretch * (end - value) for end in ends)
    return Interval(
        value, max(low, float(model.low[parameter])), min(high, float(model.high[parameter]))
    )


def _variance(log_variance: Interval, scale: float) -> Interval:
    """From the logarithm, in scaled units, to the units of the movements squared."""
    ends = (log_variance.value, log_variance.low, log_variance.high)
    return Interval(*(exp(end) * scale**2 for end in ends))
