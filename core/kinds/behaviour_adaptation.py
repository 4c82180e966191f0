"""How movements adapt to a perturbation, trial by trial, and whether two blocks differ in it."""

from collections.abc import Mapping
from functools import partial
from math import nan

import numpy as np
from numpy.typing import NDArray

from core.adaptation import NO_ANGLES, AdaptationSpec, model_of, series_of, used_trials
from core.adaptation_pseudo import pseudo_differences
from core.adaptation_reading import (
    PARTS,
    doubts_of,
    identifiable,
    interval_of,
    learned_of,
    pseudo_of,
    reading,
)
from core.behaviour import Behaviour
from core.charts.adaptation import draw_learning, draw_parameters, draw_residuals, draw_sensitivity
from core.checkpoints import ledger
from core.columns import columns_of
from core.dataset import DatasetSummary
from core.examples import REACHING_UNDER_BLOCK
from core.experiment import (
    Array,
    Dataset,
    Equation,
    Estimate,
    Figure,
    Kind,
    Metric,
    Progress,
    Refused,
    Result,
    Row,
)
from core.kernels.adaptation import (
    AdaptationFit,
    fit_adaptation,
    fitted_curve,
    likelihood_ratio_p,
    one_step,
)
from core.kernels.adaptation_estimates import (
    Estimates,
    estimates,
    standardised,
    total_sensitivity,
    two_state_estimates,
)
from core.kernels.adaptation_filter import Movements
from core.kernels.adaptation_models import Model, separations
from core.kernels.bartlett import corrected_test
from core.kernels.ledger import Ledger
from core.kernels.portions import Report, portion
from core.kernels.two_states import fit_two_states
from core.session_spec import COMPARISON, Comparison
from core.stages import Told
from core.summary import check_behaviour, check_factor, check_label

MAX_TRIALS = 20_000
SEVERAL_TARGETS = 3
SIMULATIONS = 40  # behind the correction of each likelihood ratio
SECONDS_PER_POINT = 1.3e-4  # of Python around each evaluation
SECONDS_PER_TRIAL = 2.5e-8  # and per point and state pair


def _ended(name: str, description: str) -> dict[str, Metric]:
    ends = {"low": "Lower", "high": "Upper"}
    return {name: Metric(description)} | {
        f"{name}_{end}": Metric(
            f"{word} end of its 95 % profile interval; null where there is none"
        )
        for end, word in ends.items()
    }


METRICS = {
    **_ended("retention", "a: what is kept from one trial to the next"),
    **_ended(
        "error_sensitivity",
        "b: how much of an error is learned; of two states, by both together, and by each part: "
        "null where the movements do not tell the parts apart",
    ),
    **_ended("planning_variance", "q: variance of planning noise; weakly identified"),
    **_ended("motor_variance", "r: variance of motor noise"),
    "log_likelihood": Metric("Log likelihood of the movements of this arm"),
    "asymptote": Metric("The share of a lasting perturbation that is compensated in the end"),
    "p_whiteness": Metric("Ljung-Box p of the residuals: small if the model misses structure"),
    "identifiable": Metric(
        "Whether the interval of error sensitivity spans less than a factor of 4, or less than .1",
        type="boolean",
    ),
    "error_sensitivity_pseudo": Metric(
        "Error sensitivity of the late half of this block less that of the early one (one state): "
        "what drift alone would show. Null unless each block is one stretch of trials whose halves "
        "both have perturbations that differ"
    ),
    "motor_variance_pseudo": Metric("The same of motor variance"),
    "trials": Metric("Trials used", unit="trial", type="integer"),
    "missing_trials": Metric("Of these, without a known movement", unit="trial", type="integer"),
    "p_error_sensitivity": Metric(
        "Likelihood-ratio p: the same error sensitivity in both blocks; with one state corrected "
        "for the number of trials (Bartlett), as the plain test rejects too often"
    ),
    "p_motor_variance": Metric(
        "Likelihood-ratio p: the same motor variance in both blocks, corrected likewise"
    ),
}

FELT = (
    *("error_sensitivity", "error_sensitivity_interval", "asymptote"),
    *("total_sensitivity", "total_sensitivity_interval"),
)
"""What is told by errors alone."""


def run(spec: AdaptationSpec, inputs: Mapping[str, Dataset], progress: Progress) -> Result:
    """Fit all arms together; then with shared parameters; then the profiles."""
    behaviour, arm = used_trials(spec, inputs[spec.dataset])
    angles, movements = series_of(spec, behaviour, arm)
    n_arms, kept, told = len(spec.arms), ledger(progress), Told(progress)
    told(0.0)
    if spec.model == "two_state":
        fit, arrays = _two_states(movements, n_arms, told, kept)
    else:
        fit, arrays = _other_model(spec, model_of(spec, angles), movements, told, kept)
    told(0.9)
    arrays |= _series(fit, arm) | _trial_counts(movements, arm, n_arms)
    if spec.block is not None:
        pseudo = pseudo_differences(movements, arm, n_arms, kept.stage, told.again)
        told(0.95)
        arrays["late_less_early"] = Array(pseudo, ("arm", "compared"))
    if spec.model == "generalization":
        arrays["separation_deg"] = Array(separations(angles)[0], ("learned",), "deg")
    arrays |= _without_errors(arrays, movements.clamp, arm)
    told(1.0)
    doubts = (*_alike(spec, behaviour), *doubts_of(spec, Result(arrays)))
    return Result(arrays, doubts)


def rows(spec: AdaptationSpec, result: Result) -> tuple[Row, ...]:
    """One row per block, one per part of the state or distance of targets, one for the tests."""
    every = []
    for arm, name in enumerate(spec.arms):
        every.append(Row(name, 0, _arm_metrics(spec, result, arm)))
        every += [Row(f"{name}:{part}", 0, found) for part, found in _parts(spec, result, arm)]
    if spec.block is not None:
        b, r = result["likelihood_ratio_p"].tolist()
        every.append(Row(COMPARISON, 0, {"p_error_sensitivity": b, "p_motor_variance": r}))
    return tuple(every)


def estimate(spec: AdaptationSpec, summaries: Mapping[str, DatasetSummary]) -> Estimate:
    """Check the spec against its dataset and cost it."""
    if spec.dataset not in summaries:
        raise Refused("dataset", spec.dataset, "there is no such dataset, or it is not ready")
    summary = summaries[spec.dataset]
    check_behaviour(summary, "dataset", spec.dataset)
    _check_labels(spec, summary)
    trials = summary.behaviour.trials if summary.behaviour is not None else 0
    if trials > MAX_TRIALS:
        raise Refused("dataset", trials, f"it has {trials} trials; at most {MAX_TRIALS} are fitted")
    if spec.model == "generalization" and "target_angle_deg" not in summary.arrays:
        raise Refused("model", spec.model, NO_ANGLES)
    states = {"one_state": 1, "two_state": 2, "generalization": len(summary.targets)}[spec.model]
    parameters = {"one_state": 4, "two_state": 26, "generalization": 4 + states // 2}[spec.model]
    expansions = len(spec.arms) * (100 + 60 * parameters)
    if spec.block is not None:
        expansions += 2 * 200 + 16 * SIMULATIONS * (spec.model == "one_state")
    seconds = expansions * (SECONDS_PER_POINT + 2 * parameters * trials * _per_trial(states))
    return Estimate(
        memory_bytes=60_000_000 + 8 * trials * (12 * parameters + 40),
        operations=int(seconds * 1e9),
        seconds=0.05 + seconds,
    )


def example() -> AdaptationSpec:
    """The bundled session under cerebellar block: control against stimulation."""
    return AdaptationSpec(
        dataset=REACHING_UNDER_BLOCK.dataset_id,
        block=Comparison(factor="state", compare=("control", "HFS")),
    )


def _per_trial(states: int) -> float:
    return SECONDS_PER_TRIAL * (1 + states**2 / 4)


def _check_labels(spec: AdaptationSpec, summary: DatasetSummary) -> None:
    for labels in spec.arms_of(spec.block):
        for factor, label in labels.items():
            within = factor in spec.within
            check_factor(summary, "within" if within else "block.factor", factor)
            check_label(summary, "within" if within else "block.compare", factor, label)


def _two_states(
    movements: Movements, n_arms: int, told: Told, kept: Ledger
) -> tuple[AdaptationFit, dict[str, Array]]:
    """The fit, and the arrays of its estimates and tests; all fits come before the profiles."""
    fits = fit_two_states(movements, n_arms, kept, told.again)
    told(0.1)
    found = two_state_estimates(fits, lambda share: told(0.1 + 0.6 * share), kept)
    total, ends = total_sensitivity(fits, lambda share: told(0.7 + 0.1 * share), kept)
    tests = [likelihood_ratio_p(fits.outer, each) for each in fits.nested] or [nan, nan]
    return fits.outer, {
        **_estimated(found),
        "total_sensitivity": Array(total, ("arm",)),
        "total_sensitivity_interval": Array(ends, ("arm", "end")),
        "parts_told_apart": Array(fits.told_apart, ("arm",)),
        "likelihood_ratio_p": Array(np.array(tests), ("test",)),
        "log_likelihood_gain": Array(np.array([fits.gain]), ("session",)),
    }


def _other_model(
    spec: AdaptationSpec, model: Model, movements: Movements, told: Told, kept: Ledger
) -> tuple[AdaptationFit, dict[str, Array]]:
    """The fit of one state or of generalization, and the arrays of its estimates and tests."""
    n_arms, stage = len(spec.arms), partial(kept.stage, "fit")
    fit = fit_adaptation(movements, model, n_arms, stage=stage, tick=told.again)
    told(0.1)
    ends = partial(kept.stage, "ends")
    found = estimates(fit, lambda share: told(0.1 + 0.7 * share), ends)
    tests = _tests(spec, fit, told, kept) if n_arms == 2 else np.full(2, nan)
    return fit, _estimated(found) | {"likelihood_ratio_p": Array(tests, ("test",))}


def _without_errors(
    arrays: Mapping[str, Array], clamp: NDArray[np.bool_], arm: NDArray[np.int64]
) -> dict[str, Array]:
    """NaN for what only errors tell, in blocks of nothing but clamps: any value fits as well."""
    clamped = np.array([clamp[arm == k].all() for k in range(int(arm.max()) + 1)])
    if not clamped.any():
        return {}
    masked = {}
    for name in (each for each in FELT if each in arrays):
        values = arrays[name].values.copy()
        values[clamped] = nan
        masked[name] = Array(values, arrays[name].axes, arrays[name].unit)
    p_values = arrays["likelihood_ratio_p"].values.copy()
    p_values[0] = nan
    return masked | {"likelihood_ratio_p": Array(p_values, ("test",))}


def _tests(
    spec: AdaptationSpec, fit: AdaptationFit, report: Report, kept: Ledger
) -> NDArray[np.float64]:
    """p of the same error sensitivity, and of the same motor variance.

    Of one state the ratios are corrected for the number of trials, by simulated series; the model
    of generalization has too many parameters for that to be quick.
    """
    nested = dict(zip(("sensitivity", "motor"), fit.model.compared, strict=True))
    fits = {}
    for name, shared in nested.items():
        report(0.8)
        fits[name] = fit_adaptation(
            fit.movements,
            fit.model,
            2,
            shared=shared,
            stage=partial(kept.stage, f"same {name}"),
            tick=fit.tick,
        )
    if spec.model == "generalization":
        return np.array([likelihood_ratio_p(fit, each) for each in fits.values()])
    p_values = []
    for place, (name, each) in enumerate(fits.items()):
        tested = corrected_test(
            fit,
            each,
            portion(report, 0.8 + 0.05 * place, 0.85 + 0.05 * place),
            seed=spec.seed,
            draws=SIMULATIONS,
            stage=partial(kept.stage, f"ratios {name}"),
        )
        p_values.append(tested.p_value)
    return np.array(p_values)


def _alike(spec: AdaptationSpec, behaviour: Behaviour) -> tuple[str, ...]:
    angles = behaviour.target_angle_deg
    if spec.model == "generalization" or angles is None or len(angles) < SEVERAL_TARGETS:
        return ()
    return (
        f"the movements go to {len(angles)} targets, which this model takes to learn alike: where "
        "learning falls off with their distance it finds too little, and takes a difference in "
        "that for one in error sensitivity; compare the model `generalization`",
    )


def _estimated(found: Estimates) -> dict[str, Array]:
    return {
        "retention": Array(found.retention, ("arm", "part")),
        "retention_interval": Array(found.retention_interval, ("arm", "part", "end")),
        "error_sensitivity": Array(found.error_sensitivity, ("arm", "learned")),
        "error_sensitivity_interval": Array(
            found.error_sensitivity_interval, ("arm", "learned", "end")
        ),
        "planning_variance": Array(found.planning_variance, ("arm",)),
        "planning_variance_interval": Array(found.planning_variance_interval, ("arm", "end")),
        "motor_variance": Array(found.motor_variance, ("arm",)),
        "motor_variance_interval": Array(found.motor_variance_interval, ("arm", "end")),
        "log_likelihood": Array(found.log_likelihood, ("arm",)),
        "asymptote": Array(found.asymptote, ("arm",)),
        "whiteness_p": Array(found.whiteness_p, ("arm",)),
    }


def _series(fit: AdaptationFit, arm: NDArray[np.int64]) -> dict[str, Array]:
    """Trial by trial: what was done, what the model expects of the schedule, and of each trial."""
    curve, spread = fitted_curve(fit)
    ahead, uncertain = one_step(fit)
    columns = {
        "compensation": fit.movements.compensation,
        "perturbation": fit.movements.perturbation,
        "clamp": fit.movements.clamp,
        "start": fit.movements.start,
        "trial_arm": arm,
        "fitted_compensation": curve,
        "fitted_sd": np.sqrt(spread),
        "predicted_compensation": ahead,
        "predicted_sd": np.sqrt(uncertain),
        "standardised_residual": standardised(fit),
    }
    return {name: Array(np.array(values), ("trial",)) for name, values in columns.items()}


def _trial_counts(movements: Movements, arm: NDArray[np.int64], n_arms: int) -> dict[str, Array]:
    own = [arm == k for k in range(n_arms)]
    missing = np.array([int((one & ~movements.observed).sum()) for one in own])
    trials = np.array([int(one.sum()) for one in own])
    return {
        "trials": Array(trials, ("arm",), "trial"),
        "missing_trials": Array(missing, ("arm",), "trial"),
    }


def _arm_metrics(
    spec: AdaptationSpec, result: Result, arm: int
) -> dict[str, float | int | bool | None]:
    kept = {} if spec.model == "two_state" else interval_of(result, "retention", arm, 0)
    return {
        **kept,
        **learned_of(spec, result, arm),
        **interval_of(result, "planning_variance", arm),
        **interval_of(result, "motor_variance", arm),
        "log_likelihood": float(result["log_likelihood"][arm]),
        "asymptote": float(result["asymptote"][arm]),
        "p_whiteness": float(result["whiteness_p"][arm]),
        **pseudo_of(result, arm),
        "identifiable": identifiable(result, arm),
        "trials": int(result["trials"][arm]),
        "missing_trials": int(result["missing_trials"][arm]),
    }


def _parts(
    spec: AdaptationSpec, result: Result, arm: int
) -> list[tuple[str, dict[str, float | int | bool | None]]]:
    """The parts of the state, or the distances of targets, by name."""
    if spec.model == "two_state":
        return [
            (
                part,
                {
                    **interval_of(result, "retention", arm, k),
                    **interval_of(result, "error_sensitivity", arm, k),
                },
            )
            for k, part in enumerate(PARTS)
        ]
    if spec.model == "generalization":
        return [
            (f"{apart:g}", {**interval_of(result, "error_sensitivity", arm, k)})
            for k, apart in enumerate(result["separation_deg"].tolist())
        ]
    return []


KIND: Kind[AdaptationSpec] = Kind(
    name="behaviour.adaptation",
    version=7,
    summary="Retention, error sensitivity and noise of trial-by-trial motor adaptation",
    spec=AdaptationSpec,
    columns=columns_of(AdaptationSpec),
    metrics=METRICS,
    figures={
        "learning": Figure(
            "Compensation trial by trial with the fitted model and its 95 % band", draw_learning
        ),
        "parameters": Figure(
            "Retention, error sensitivity and motor noise with 95 % intervals", draw_parameters
        ),
        "generalization": Figure(
            "Error sensitivity by distance between targets",
            draw_sensitivity,
            lambda spec: None if spec.model == "generalization" else f"model is {spec.model}",
        ),
        "residuals": Figure("Autocorrelation of the standardised residuals", draw_residuals),
    },
    references=(
        "S. Cheng and P. N. Sabes, Modeling sensorimotor learning with linear dynamical systems, "
        "Neural Computation 18, 760-793 (2006)",
        "M. A. Smith, A. Ghazizadeh and R. Shadmehr, Interacting adaptive processes with different "
        "timescales underlie short-term motor learning, PLoS Biology 4, e179 (2006)",
        "S. Israely et al., Cerebellar output shapes cortical preparatory activity during motor "
        "adaptation, Nature Communications 16:2574 (2025)",
    ),
    equations=(
        Equation(
            "Hidden plan z, hand y, error e to the perturbation p, trial by trial",
            r"z_{t+1} = a z_t + b e_t + w_t, \qquad y_t = z_t + v_t, \qquad e_t = p_t - y_t, "
            r"\qquad w_t \sim N(0, q), \quad v_t \sim N(0, r)",
        ),
        Equation(
            "A trial without a seen hand still was felt: prediction and its variance",
            r"z' = (a - b) z + b p, \qquad V' = (a - b)^2 V + q + b^2 r",
        ),
    ),
    beware=(
        "Planning noise q is weakly identified in a few hundred trials; error sensitivity b is "
        "not.",
        "Regressing y on the last error is wrong: motor noise inflates b two- to threefold.",
        "Perturbations no larger than the motor noise tell nothing.",
        "Of two states in a few hundred trials the intervals of the slow part are too short: those "
        "of 164 simulated trials hold its truth in seven of ten runs.",
    ),
    run=run,
    rows=rows,
    estimate=estimate,
    example=example,
    datasets=lambda spec: (spec.dataset,),
    reading=reading,
)
