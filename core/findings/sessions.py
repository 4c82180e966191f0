"""Every finding of every session, and their summary."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass
from functools import partial
from math import nan

import numpy as np
from numpy.typing import NDArray

from core.checkpoints import ledger
from core.experiment import Dataset, ExperimentError, Progress, degenerate
from core.findings.activity import dimensionality, field_distance, null_field, variance_parts
from core.findings.answer import FINDINGS, NUMBERS, Answer, Asked
from core.findings.direction import direction_decoding, reaiming
from core.findings.drift import adaptation_halves, mean_of, pseudo_sessions
from core.findings.movement import adaptation, learned_elsewhere
from core.findings.report_spec import ReportSpec
from core.kernels.ledger import Stage
from core.kernels.normal import Z_95
from core.kernels.portions import Report, portion
from core.kernels.random_effects import Summary, random_effects
from core.selection import CONTIGUOUS
from core.stages import stages

Floats = NDArray[np.float64]
Names = tuple[str, ...]
Question = Callable[[Asked, Report], Mapping[str, Answer]]

QUESTIONS: Mapping[Names, Question] = {
    ("a_motor_noise", "a_error_sensitivity"): adaptation,
    ("b_target_dependent", "b_target_independent"): variance_parts,
    ("c_field_distance",): field_distance,
    ("d_reaiming",): reaiming,
    ("e_dimensionality",): dimensionality,
    ("f_neural_generalization",): direction_decoding,
    ("f_behavioural_generalization",): learned_elsewhere,
}
HALVED_MOVEMENTS: Mapping[Names, Question] = {
    ("a_motor_noise", "a_error_sensitivity"): adaptation_halves
}
NOT_HALVED = ("f_behavioural_generalization",)  # a share that half a state hardly tells
HALF_QUESTIONS = {
    names: HALVED_MOVEMENTS.get(names, question)
    for names, question in QUESTIONS.items()
    if names != NOT_HALVED
}


@dataclass(frozen=True)
class Answers:
    """numbers: "findings numbers", NaN where there is no answer; reasons: why, else empty;
    pseudo: "findings 3", late less early half of one state, mean over states, with its interval;
    optimistic: whether rows are correlated; warnings: about the trials in use."""

    numbers: Floats
    pseudo: Floats
    reasons: tuple[str, ...]
    optimistic: bool
    warnings: tuple[str, ...]


def answered(asked: Asked, report: Report) -> Answers:
    """What one session answers to every question, unless an attempt before has the answer."""
    found: dict[str, Floats] = {}
    halves: dict[str, Floats] = {}
    reasons: dict[str, str] = {}
    activity, movements = (pseudo_sessions(asked, movements=each) for each in (False, True))
    for k, (names, question) in enumerate(QUESTIONS.items()):
        own = portion(report, k / len(QUESTIONS), (k + 1) / len(QUESTIONS))
        own(0.0)
        try:
            ask = partial(_numbers, names, question, asked, portion(own, 0.0, 0.8))
            found |= _once(names, ask, asked.stage(f"question {k}", len(NUMBERS), len(names)))
        except ExperimentError as reason:
            reasons |= dict.fromkeys(names, str(reason))
            continue
        except np.linalg.LinAlgError as broken:
            reasons |= dict.fromkeys(names, degenerate(broken))
            continue
        parts = movements if names in HALVED_MOVEMENTS else activity
        again = partial(_changes, names, parts, portion(own, 0.8, 1.0))
        halves |= _once(names, again, asked.stage(f"halves {k}", 3, len(names)))
    optimistic, warnings = _doubts(asked)
    return Answers(
        _rows(found, len(NUMBERS)),
        _rows(halves, 3),
        tuple(reasons.get(name, "") for name in FINDINGS),
        optimistic,
        tuple(dict.fromkeys((*warnings, *([CONTIGUOUS] if activity else [])))),
    )


def all_sessions(
    spec: ReportSpec, inputs: Mapping[str, Dataset], progress: Progress
) -> list[Answers]:
    """Each session as a report on it alone would; refuses if no session answers anything."""
    seed = int(np.random.SeedSequence(spec.seed).generate_state(1)[0])
    reports, kept = stages(progress, [1] * len(spec.sessions)), ledger(progress)

    def stage(session: int, name: str, *shape: int) -> Stage:
        return kept.stage(f"session {session}, {name}", *shape)

    found = [
        answered(Asked(spec, inputs[name], seed, partial(stage, k)), reports[k])
        for k, name in enumerate(spec.sessions)
    ]
    if all(reason for each in found for reason in each.reasons):
        told = "; ".join(dict.fromkeys(found[0].reasons))
        raise ExperimentError(f"no finding can be tested: {told}")
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


def pseudo_summarised(pseudo: Floats) -> Floats:
    """One row per finding over "sessions findings 3": the only one, or the random-effects mean."""
    if len(pseudo) == 1:
        only: Floats = pseudo[0]
        return only
    found = [_mean(rows[:, 0], _errors(rows)) for rows in pseudo.swapaxes(0, 1)]
    return np.array([[each.mean, each.low, each.high] for each in found])


def _once(
    names: tuple[str, ...], ask: Callable[[], Sequence[Floats]], stage: Stage
) -> dict[str, Floats]:
    """The numbers of each finding, asked for unless an attempt before this one has them."""
    whole = [(slice(0, len(names)), ask)]
    for place, answers in stage.missing(whole):
        stage.add(place, np.stack(answers(), axis=1))
    return dict(zip(names, stage.by_draw, strict=True))


def _numbers(names: Names, question: Question, asked: Asked, report: Report) -> list[Floats]:
    answers = question(asked, report)
    return [answers[name].numbers for name in names]


def _changes(names: Names, pseudo: Sequence[Asked], report: Report) -> list[Floats]:
    """Late less early half of one state, mean over states; NaN where a half cannot answer."""
    nothing, question = [np.full(3, nan) for _ in names], HALF_QUESTIONS.get(names)
    if not pseudo or question is None:
        return nothing
    share = 1 / len(pseudo)
    try:
        answers = [
            question(each, portion(report, k * share, (k + 1) * share))
            for k, each in enumerate(pseudo)
        ]
    except (ExperimentError, np.linalg.LinAlgError):
        return nothing
    means = [mean_of([each[name].difference for each in answers]) for name in names]
    return [np.array(astuple(mean)) for mean in means]


def _rows(found: Mapping[str, Floats], length: int) -> Floats:
    """A row per finding, NaN where there is no answer."""
    return np.array([found.get(name, np.full(length, nan)) for name in FINDINGS])


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
