"""Synthetic sessions put to every question of the report, for `make validate`.

Each session is a job by itself, known by a name and a seed, so that jobs can be shared among
processes and kept: what was done is not done again while the sources stay as they are.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from benchmarks.planted_truths import truths
from benchmarks.simulated_kinds import (
    SCHEDULE,
    UPLOADED,
    session_of,
    two_states,
    uneven_null,
    uneven_planted,
)
from core.experiment import Dataset
from core.findings.answer import Answer, Asked
from core.findings.report_spec import ReportSpec
from core.findings.sessions import QUESTIONS
from core.kernels.adaptation import fit_adaptation
from core.kernels.adaptation_filter import Movements
from core.kernels.adaptation_models import one_state
from core.kernels.adapting_hand import compensation

ROOT = Path(__file__).parents[1]
KEPT = ROOT / ".validation.jsonl"
PLAIN = {"dataset": UPLOADED, "state": {"factor": "state", "compare": ["control", "hfs"]}}
# Under 180 permutations no p can be .05 / 9, and nothing would be left of any family of tests.
OF_NULL = ReportSpec.model_validate(
    {**PLAIN, "permutations": 199, "resamples": 20, "simulations": 40}
)
OF_PLANTED = ReportSpec.model_validate(
    {**PLAIN, "permutations": 59, "resamples": 59, "simulations": 40}
)
TUNED = {"generalization_width_deg": 60.0}
MOTOR_VARIANCES, MISSING = (16.0, 36.0), (0.0, 0.15)

Found = Mapping[str, list[float]]
Job = tuple[str, int]


def null(seed: int) -> Found:
    """p of every finding where the two states do not differ."""
    found = _answers(OF_NULL, session_of("null", seed, control=TUNED, hfs=TUNED), seed)
    return {name: [answer.p_value] for name, answer in found}


def planted(seed: int) -> Found:
    """The ten numbers of every finding, then the three of its truth."""
    session = session_of("cerebellar_block", seed)
    known = truths(session)
    return {
        name: [*answer.numbers.tolist(), *known[name]]
        for name, answer in _answers(OF_PLANTED, session, seed)
    }


def adaptation(seed: int) -> Found:
    """b and r of one block of 164 trials, with little and much motor noise, none and some missing
    trials."""
    return {
        f"{r:g} {missing:g}": list(_fitted(seed, r, missing))
        for r in MOTOR_VARIANCES
        for missing in MISSING
    }


JOBS: Mapping[str, Callable[[int], Found]] = {
    "null": null,
    "planted": planted,
    "adaptation": adaptation,
    "uneven_null": uneven_null,
    "uneven_planted": uneven_planted,
    "two_states": two_states,
}


def found_of(jobs: Sequence[Job], processes: int) -> Iterator[Found]:
    """What each job finds, in their order, from the file of what is kept or computed now."""
    sources = _sources()
    kept = dict(_kept(sources))
    missing = [job for job in jobs if job not in kept]
    with (
        ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool,
        KEPT.open("a") as file,
    ):
        computed = pool.map(_done, missing)
        for done, (job, found) in enumerate(zip(missing, computed, strict=True), start=1):
            file.write(json.dumps([sources, *job, found]) + "\n")
            file.flush()
            kept[job] = found
            print(f"{done} of {len(missing)}: {job[0]} {job[1]}", flush=True)
    yield from (kept[job] for job in jobs)


def _done(job: Job) -> Found:
    return JOBS[job[0]](job[1])


def _kept(sources: str) -> Iterator[tuple[Job, Found]]:
    if KEPT.exists():
        for line in KEPT.read_text().splitlines():
            own, name, seed, found = json.loads(line)
            if own == sources:
                yield (name, seed), found


def _sources() -> str:
    """A name for the present text of everything that a job computes with."""
    digest = hashlib.sha256()
    here = ("simulated_sessions", "simulated_kinds", "planted_truths")
    for source in (
        *(ROOT / "benchmarks" / f"{name}.py" for name in here),
        *sorted((ROOT / "core" / "findings").glob("*.py")),
        *sorted((ROOT / "core" / "kernels").glob("*.py")),
        *sorted((ROOT / "core").glob("synthetic*.py")),
        *sorted((ROOT / "core").glob("*generalization*.py")),
        *sorted((ROOT / "core").glob("*condition_distance*.py")),
        ROOT / "core" / "kinds" / "population_generalization.py",
        ROOT / "core" / "kinds" / "condition_distance.py",
    ):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def _answers(spec: ReportSpec, session: Dataset, seed: int) -> Iterator[tuple[str, Answer]]:
    """Every finding."""
    asked = Asked(spec, session, seed)
    for question in QUESTIONS.values():
        yield from question(asked, lambda share: None).items()


def _fitted(seed: int, r: float, missing: float) -> tuple[float, float]:
    """b and r of one block."""
    rng, n = np.random.default_rng(seed), len(SCHEDULE)
    never = np.zeros(n, dtype=np.bool_)
    own = np.zeros(n, dtype=np.int64)
    y = compensation(
        rng, SCHEDULE, clamp=never, target=own, G=np.ones((1, 1)), a=0.95, b=0.15, q=2.0, r=r
    )
    y[rng.random(n) < missing] = np.nan
    fit = fit_adaptation(Movements(y, SCHEDULE, never, np.arange(n) == 0, own), one_state(), 1)
    return float(fit.local[0, 1]), float(fit.variances[0, 1])
