"""Findings a and f of behaviour, from fits of trial-by-trial adaptation."""

from collections.abc import Mapping
from math import exp

from core.adaptation import AdaptationSpec, series_of, used_trials
from core.behaviour import has_behaviour
from core.directions import distinct_directions
from core.experiment import ExperimentError
from core.findings.answer import Answer, Asked, Interval, difference_of
from core.findings.report_spec import ReportSpec
from core.kernels.adaptation import AdaptationFit, fit_adaptation, interval_end
from core.kernels.adaptation_filter import Movements
from core.kernels.adaptation_models import Model, falling_generalization, one_state
from core.kernels.bartlett import Corrected, corrected_test
from core.kernels.portions import Report, portion
from core.stages import Told

RETENTION, SENSITIVITY, SHARE, PLANNING = 0, 1, 2, 3
LEAST_TARGETS = 3
FEWER, LEAST_DRAWS = 4, 10  # a simulated series over several targets takes many times as long


def adaptation(asked: Asked, report: Report) -> Mapping[str, Answer]:
    """a: motor variance and error sensitivity at the target of the error, in each state.

    Where targets have angles, learning may fall off with the distance between them: if all were
    taken to learn alike, little generalization would pass for little learning.
    """
    movements, model = series_and_model(asked)
    told = Told(report)
    whole = fit_adaptation(movements, model, 2, tick=told.again)
    told(0.1)
    found = {}
    names = ("a_motor_noise", model.motor), ("a_error_sensitivity", SENSITIVITY)
    for k, (name, parameter) in enumerate(names):
        nested = fit_adaptation(movements, model, 2, shared=(parameter,), tick=told.again)
        tested = _tested(asked, whole, nested, portion(told, 0.1 + 0.4 * k, 0.5 + 0.4 * k))
        control, hfs = (_interval(whole, state, parameter, tested) for state in range(2))
        if parameter == model.motor:
            control, hfs = (_variance(each, whole.scale) for each in (control, hfs))
        found[name] = Answer(control, hfs, difference_of(control, hfs), tested.p_value)
    return found


def learned_elsewhere(asked: Asked, report: Report) -> Mapping[str, Answer]:
    """f: the share of what is learned at a target that its nearest neighbours learn too.

    Retention and planning noise are taken to be the same in both states: where little is learned,
    they and the share could not be told apart.
    """
    movements, model = series_and_model(asked)
    if model.targets < LEAST_TARGETS:
        raise ExperimentError(
            f"a generalization of learning needs targets in {LEAST_TARGETS} directions "
            "(`target_angle_deg`)"
        )
    told = Told(report)
    own, shared = (RETENTION, PLANNING), (RETENTION, SHARE, PLANNING)
    whole = fit_adaptation(movements, model, 2, shared=own, tick=told.again)
    told(0.3)
    nested = fit_adaptation(movements, model, 2, shared=shared, tick=told.again)
    told(0.6)
    tested = _tested(asked, whole, nested, portion(told, 0.6, 0.9))
    control, hfs = (_interval(whole, state, SHARE, tested) for state in range(2))
    return {
        "f_behavioural_generalization": Answer(
            control, hfs, difference_of(control, hfs), tested.p_value
        )
    }


def series_and_model(asked: Asked) -> tuple[Movements, Model]:
    """The movements of both states, and the model: of several targets where their angles tell."""
    if not has_behaviour(asked.arrays):
        raise ExperimentError("the session holds no behaviour")
    behaviour, arm = used_trials(_spec(asked, "one_state"), asked.arrays)
    if any(behaviour.clamp[arm == k].all() for k in range(2)):
        raise ExperimentError("all trials of one state are error clamps, of which nobody learns")
    angles = behaviour.target_angle_deg
    if angles is None or distinct_directions(angles) < LEAST_TARGETS:
        return series_of(_spec(asked, "one_state"), behaviour, arm)[1], one_state()
    angles, movements = series_of(_spec(asked, "generalization"), behaviour, arm)
    return movements, falling_generalization(angles)


def series_of_targets(spec: ReportSpec) -> int:
    """How many series are simulated where learning at several targets is fitted."""
    return max(spec.simulations // FEWER, LEAST_DRAWS)


def _spec(asked: Asked, model: str) -> AdaptationSpec:
    own = asked.spec
    return AdaptationSpec.model_validate(
        {"dataset": own.dataset, "block": own.state, "within": own.within, "model": model}
    )


def _tested(asked: Asked, whole: AdaptationFit, nested: AdaptationFit, report: Report) -> Corrected:
    several = whole.model.targets > 1
    draws = series_of_targets(asked.spec) if several else asked.spec.simulations
    return corrected_test(whole, nested, report, seed=asked.seed, draws=draws)


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
