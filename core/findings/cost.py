"""What a report on one session costs, from the sizes of its parts: question by question."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from core.dataset import DatasetSummary
from core.findings.direction import GROUPS, PARTITIONS, SPLITS, SUBSAMPLES
from core.findings.drift import pseudo_spec
from core.findings.movement import LEAST_TARGETS, series_of_targets
from core.findings.report_spec import ReportSpec
from core.kernels.crossnobis import distance_cost
from core.kernels.resampling import draw_cost
from core.kernels.variance_partition import partition_cost

OPERATIONS_PER_S = 8_000_000_000
RING_S = 1.2e-3  # of one resample, beside its splits
SERIES_S = 0.0135  # of one simulated series, fitted with two models
HALVES_S = 0.3  # of the adaptation of early and late movements, all targets learning alike
FIT_S = 0.08  # of one fit of learning at several targets


@dataclass(frozen=True)
class Sizes:
    """Of one session: rows of both fields, those of the null field, columns, targets."""

    trials: int
    null_trials: int
    neurons: int
    targets: int


@dataclass(frozen=True)
class Cost:
    """Of one session."""

    seconds: float
    memory_bytes: int


def report_cost(spec: ReportSpec, summary: DatasetSummary) -> Cost:
    """Activity where there is any, behaviour where there is any."""
    seconds, memory = 0.0, 200_000_000
    targets = max(len(summary.targets), 1)
    if summary.trials is not None:
        both = spec.field.factor in summary.factors
        neurons = len(spec.neurons or ()) or summary.neurons or 0
        null_trials = summary.trials // 2 if both else summary.trials
        sizes = Sizes(summary.trials, null_trials, neurons, targets)
        seconds += sum(_with_halves(names, spec, sizes) for names in ACTIVITY)
        memory += activity_memory(sizes)
    if summary.behaviour is not None:
        told_apart = targets if "target_angle_deg" in summary.arrays else 1
        sizes = Sizes(summary.behaviour.trials, 0, 0, told_apart)
        seconds += sum(QUESTION_SECONDS[names](spec, sizes) for names in BEHAVIOUR)
        seconds += _movement_halves(sizes)
        memory += 3200 * summary.behaviour.trials
    return Cost(seconds, memory)


def _with_halves(names: tuple[str, ...], spec: ReportSpec, sizes: Sizes) -> float:
    """A question of activity, asked of a session and of the halves of both of its states."""
    each = Sizes(sizes.trials // 2, sizes.null_trials // 2, sizes.neurons, sizes.targets)
    ask = QUESTION_SECONDS[names]
    return ask(spec, sizes) + 2 * ask(pseudo_spec(spec), each)


def activity_memory(sizes: Sizes) -> int:
    """Bytes that the questions of activity take."""
    numbers = 8 * sizes.trials * (sizes.trials + 20 * sizes.neurons) + 20 * sizes.neurons**2
    return 8 * numbers


def _adaptation(spec: ReportSpec, sizes: Sizes) -> float:
    if sizes.targets >= LEAST_TARGETS:
        return _fit_of_targets(sizes) * (4 + series_of_targets(spec) / 2.5)
    return (9 + spec.simulations) * (SERIES_S + 1e-5 * sizes.trials)


def _movement_halves(sizes: Sizes) -> float:
    if sizes.targets < LEAST_TARGETS:
        return HALVES_S
    return 6 * _fit_of_targets(replace(sizes, trials=sizes.trials // 2))


def _variance_parts(spec: ReportSpec, sizes: Sizes) -> float:
    draws = spec.permutations + sizes.null_trials
    work = partition_cost(sizes.null_trials, sizes.neurons, 2 * sizes.targets)
    return 0.02 + draws * work / OPERATIONS_PER_S


def _field_distance(spec: ReportSpec, sizes: Sizes) -> float:
    draws = spec.permutations + sizes.trials
    work = distance_cost(sizes.trials, sizes.neurons, 2, 5) / OPERATIONS_PER_S
    return 0.01 + draws * (work + 1.5e-5 * sizes.targets)


def _reaiming(spec: ReportSpec, sizes: Sizes) -> float:
    ring = RING_S + SPLITS * (1e-4 + 4.5e-10 * sizes.trials * sizes.neurons)
    return (spec.permutations + spec.resamples) * ring


def _dimensionality(spec: ReportSpec, sizes: Sizes) -> float:
    shuffled = 2 * spec.permutations * draw_cost(sizes.null_trials, sizes.targets, 0)
    left_out = sizes.null_trials * draw_cost(sizes.null_trials // 2, sizes.targets, 0)
    return 0.01 + (shuffled + left_out) / OPERATIONS_PER_S


def _direction_decoding(spec: ReportSpec, sizes: Sizes) -> float:
    decoded = sizes.targets * (1.5e-4 + 2e-10 * sizes.neurons**3)
    decoded += 5e-10 * sizes.null_trials * sizes.neurons**2
    groups = min(GROUPS, sizes.null_trials // (2 * sizes.targets))
    decodings = spec.permutations + SUBSAMPLES + PARTITIONS * groups
    return 2 * decodings * decoded


def _learned_elsewhere(spec: ReportSpec, sizes: Sizes) -> float:
    return _fit_of_targets(sizes) * (2 + series_of_targets(spec) / 6)


def _fit_of_targets(sizes: Sizes) -> float:
    return FIT_S + 1.5e-6 * sizes.trials * (10 + 1.5 * sizes.targets**2)


QUESTION_SECONDS: Mapping[tuple[str, ...], Callable[[ReportSpec, Sizes], float]] = {
    ("a_motor_noise", "a_error_sensitivity"): _adaptation,
    ("b_target_dependent", "b_target_independent"): _variance_parts,
    ("c_field_distance",): _field_distance,
    ("d_reaiming",): _reaiming,
    ("e_dimensionality",): _dimensionality,
    ("f_neural_generalization",): _direction_decoding,
    ("f_behavioural_generalization",): _learned_elsewhere,
}
"""Seconds on one core of each question of a report, under the findings that it answers."""
BEHAVIOUR = (("a_motor_noise", "a_error_sensitivity"), ("f_behavioural_generalization",))
ACTIVITY = tuple(names for names in QUESTION_SECONDS if names not in BEHAVIOUR)
