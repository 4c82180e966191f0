"""Reports on many synthetic sessions: what each session answers, and what asking costs."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.checkpoints import checkpoints
from core.experiment import Estimate, ExperimentError, Progress
from core.findings.answer import NUMBERS, Asked
from core.findings.cost import QUESTION_SECONDS, Sizes, activity_memory
from core.findings.power_spec import PowerSpec
from core.findings.sessions import QUESTIONS
from core.kernels.ledger import Ledger, Stage
from core.kernels.portions import Report
from core.kernels.snapshot import Keeper
from core.stages import stages
from core.synthetic import synthesised

KEPT = ("control", "hfs", "difference", "p_value")
PLACES = [NUMBERS.index(name) for name in KEPT]
Floats = NDArray[np.float64]
Names = tuple[str, ...]


@dataclass(frozen=True)
class Made:
    """One synthetic session: its size, and which of those of that size it is."""

    trials: int
    neurons: int
    repetition: int


def sessions(spec: PowerSpec) -> tuple[Made, ...]:
    """All sessions, those of one size side by side."""
    return tuple(Made(*point, k) for point in spec.points for k in range(spec.repetitions))


def questions(spec: PowerSpec) -> tuple[Names, ...]:
    """The questions with a finding that is asked for, by the findings that they answer."""
    return tuple(names for names in QUESTIONS if set(names) & set(spec.asked))


def asked_of(spec: PowerSpec, made: Made) -> Asked:
    """A session and the report on it; neither depends on the rest of the grid."""
    key = (made.trials, made.neurons, made.repetition)
    own, draws = np.random.SeedSequence(spec.seed, spawn_key=key).generate_state(2).tolist()
    session = spec.session_of(made.trials, made.neurons, own)
    return Asked(spec.report, synthesised(session), draws)


def answers(spec: PowerSpec, progress: Progress) -> Floats:
    """What the sessions answer: "sessions findings numbers", of `KEPT`; NaN where they cannot."""
    made, places = sessions(spec), checkpoints(progress)
    ledger, asked = Ledger(Keeper(places.kept(), places.keep)), questions(spec)
    kept = [ledger.stage(names[0], len(names), len(KEPT), len(made)) for names in asked]
    reports = iter(stages(progress, [work for each in made for work in seconds(spec, each)]))
    for place, session in enumerate(made):
        own = [next(reports) for _ in asked]
        if all(int(stage.done) > place for stage in kept):
            continue
        known = asked_of(spec, session)
        for names, stage, report in zip(asked, kept, own, strict=True):
            _answer(known, names, stage, place, report)
    values = {
        n: row
        for names, stage in zip(asked, kept, strict=True)
        for n, row in zip(names, stage.values, strict=True)
    }
    return np.stack([values[name].T for name in spec.asked], axis=1)


def seconds(spec: PowerSpec, made: Made) -> list[float]:
    """What each question about a session takes."""
    sizes = _sizes(spec, made)
    return [QUESTION_SECONDS[names](spec.report, sizes) for names in questions(spec)]


def cost(spec: PowerSpec) -> Estimate:
    """Of all sessions; memory is that of the largest."""
    each = {point: sum(seconds(spec, Made(*point, 0))) for point in spec.points}
    whole = 0.1 + spec.repetitions * sum(each.values())
    largest = _sizes(spec, Made(*spec.points[-1], 0))
    numbers = len(spec.points) * spec.repetitions * len(spec.asked) * 2 * len(KEPT)
    return Estimate(
        memory_bytes=200_000_000 + activity_memory(largest) + 8 * numbers,
        operations=int(whole * 1e9),
        seconds=whole,
    )


def _sizes(spec: PowerSpec, made: Made) -> Sizes:
    null_trials = 2 * made.trials * spec.session.targets
    return Sizes(2 * null_trials, null_trials, made.neurons, spec.session.targets)


def _answer(asked: Asked, names: Names, stage: Stage, place: int, report: Report) -> None:
    """Ask one question, unless that was done before."""
    if int(stage.done) > place:
        return
    report(0.0)
    values = np.full((len(names), len(KEPT), 1), np.nan)
    try:
        found = QUESTIONS[names](asked, report)
        values[:, :, 0] = [found[name].numbers[PLACES] for name in names]
    except ExperimentError:
        pass  # a session that cannot answer finds nothing
    stage.add(slice(place, place + 1), values)
