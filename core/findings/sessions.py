"""Every finding of every session, and their summary."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import nan

import numpy as np
from numpy.typing import NDArray

from core.checkpoints import ledger
from core.experiment import Dataset, ExperimentError, Progress
from core.findings.activity import dimensionality, field_distance, null_field, variance_parts
from core.findings.answer import FINDINGS, NUMBERS, Z_95, Answer, Asked, Report
from core.findings.direction import direction_decoding, reaiming
from core.findings.movement import adaptation, learned_elsewhere
from core.findings.report_spec import ReportSpec
from core.kernels.ledger import Stage
from core.kernels.random_effects import Summary, random_effects
from core.stages import stages

Floats = NDArray[np.float64]
Question = Callable[[Asked, Report], Mapping[str, Answer]]

QUESTIONS: Mapping[tuple[str, ...], Question] = {
    ("a_motor_noise", "a_error_sensitivity"): adaptation,
    ("b_target_dependent", "b_target_independent"): variance_parts,
    ("c_field_distance",): field_distance,
    ("d_reaiming",): reaiming,
    ("e_dimensionality",): dimensionality,
    ("f_neural_generalization",): direction_decoding,
    ("f_behavioural_generalization",): learned_elsewhere,
}


@dataclass(frozen=True)
class Answers:
    """numbers: "findings numbers", NaN where there is no answer; reasons: why, else empty;
    optimistic: whether rows are correlated; warnings: about the trials in use."""

    numbers: Floats
    reasons: tuple[str, ...]
    optimistic: bool
    warnings: tuple[str, ...]


def answered(asked: Asked, reports: Sequence[Report], stages: Sequence[Stage]) -> Answers:
    """What one session answers to every question; a report for each, and what was answered."""
    found: dict[str, Floats] = {}
    reasons: dict[str, str] = {}
    for (names, question), report, stage in zip(QUESTIONS.items(), reports, stages, strict=True):
        report(0.0)
        try:
            found |= _once(names, partial(question, asked, report), stage)
        except ExperimentError as reason:
            reasons |= dict.fromkeys(names, str(reason))
    missing = np.full(len(NUMBERS), np.nan)
    rows = [found.get(name, missing) for name in FINDINGS]
    optimistic, warnings = _doubts(asked)
    why = tuple(reasons.get(name, "") for name in FINDINGS)
    return Answers(np.array(rows), why, optimistic, warnings)


def all_sessions(
    spec: ReportSpec, inputs: Mapping[str, Dataset], progress: Progress
) -> list[Answers]:
    """Each session by itself, with draws of its own; refuses if no session answers anything."""
    seeds = np.random.SeedSequence(spec.seed).generate_state(len(spec.sessions)).tolist()
    n = len(QUESTIONS)
    reports, kept = stages(progress, [1] * (n * len(seeds))), ledger(progress)
    found = [
        answered(
            Asked(spec, inputs[name], int(seed)),
            reports[n * k : n * (k + 1)],
            [
                kept.stage(f"session {k}, question {place}", len(NUMBERS), len(names))
                for place, names in enumerate(QUESTIONS)
            ],
        )
        for k, (name, seed) in enumerate(zip(spec.sessions, seeds, strict=True))
    ]
    if all(reason for each in found for reason in each.reasons):
        raise ExperimentError(f"no finding can be tested: {found[0].reasons[0]}")
    return found


def summarised(numbers: Floats) -> tuple[Floats, Floats]:
    """One row of numbers per finding over "sessions findings numbers", and tau of each.

    Of one session its own; of several, random-effects means of control, of hfs and of their
    difference, each with its interval.
    """
    summary, between = np.full(numbers.shape[1:], np.nan), np.full(numbers.shape[1], np.nan)
    for k in range(numbers.shape[1]):
        rows = numbers[np.isfinite(numbers[:, k, 6]), k]
        if len(rows) == 1:
            summary[k] = rows[0]
        elif len(rows):
            summary[k], between[k] = _together(rows)
    return summary, between


def _once(
    names: tuple[str, ...], question: Callable[[], Mapping[str, Answer]], stage: Stage
) -> dict[str, Floats]:
    """The numbers of each finding, asked for unless an attempt before this one has them."""
    whole = [(slice(0, len(names)), question)]
    for place, ask in stage.missing(whole):
        answers = ask()
        stage.add(place, np.stack([answers[name].numbers for name in names], axis=1))
    return dict(zip(names, stage.by_draw, strict=True))


def _doubts(asked: Asked) -> tuple[bool, tuple[str, ...]]:
    """Whether rows are correlated, and what must be said about the trials of the null field."""
    try:
        chosen = null_field(asked)
    except ExperimentError:
        return False, ()
    return chosen.optimistic, chosen.warnings


def _together(rows: Floats) -> tuple[Floats, float]:
    """Both states and their difference, each over the sessions that know it; and tau of the last.

    The states' errors add up to that of the difference, as they are of different trials: of two
    intervals that are cut at the same bound, each half of the difference's would miss one.
    """
    states = [_errors(rows[:, k : k + 3]) for k in (0, 3)]
    errors = (*states, np.fmax(_errors(rows[:, 6:9]), np.hypot(*states)))
    found = [_mean(rows[:, 3 * k], error) for k, error in enumerate(errors)]
    ends = [end for each in found for end in (each.mean, each.low, each.high)]
    return np.array([*ends, found[2].p_value]), found[2].between_sd


def _errors(intervals: Floats) -> Floats:
    """Standard errors from "sessions 3", values with 95 % intervals: the wider half over 1.96.

    An interval that ends at a bound of a model's box is too short on that side, and with half its
    width for an error, a session that knows little would count most.
    """
    value, low, high = intervals.T
    return np.asarray(np.maximum(value - low, high - value) / Z_95)


def _mean(values: Floats, errors: Floats) -> Summary:
    """The random-effects mean over the sessions with a value and an error, two or more; or NaN."""
    known = np.isfinite(values) & np.isfinite(errors) & (errors > 0)
    if known.sum() < 2:
        return Summary(nan, nan, nan, nan, nan)
    return random_effects(values[known], errors[known])
