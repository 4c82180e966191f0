"""`make validate`: whether the findings' tests and intervals are what they say, by simulation.

    python -m benchmarks.validate --null 200 --planted 100 --runs 60

Seeded; with these numbers about forty minutes on two cores. Sessions that were simulated are
kept in `.validation.jsonl`, so that a run which was cut short goes on where it was. Writes
docs/validation.md.
"""

import argparse
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from math import sqrt
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from benchmarks.simulated_kinds import ASKED, FIRST_SEED, MOTOR, ONE_STATE, TWO_STATES
from benchmarks.simulated_sessions import (
    MISSING,
    MOTOR_VARIANCES,
    OF_NULL,
    OF_PLANTED,
    Found,
    found_of,
)
from core.findings.answer import FINDINGS
from core.kernels.holm import holm

Floats = NDArray[np.float64]
PAGE = Path(__file__).parents[1] / "docs" / "validation.md"
LEVEL, LOWEST, HIGHEST = 0.05, 0.02, 0.09
STATES = ("control", "block", "difference")
STATES_OF_MOVEMENTS = {"one": "one state", "two": "two states"}
PARTS = ("a slow", "a fast", "b slow", "b fast")


def main() -> None:
    """Run everything and write the page."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--null", type=int, default=200)
    options.add_argument("--planted", type=int, default=100)
    options.add_argument("--runs", type=int, default=60)
    options.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    given = options.parse_args()
    numbers = {
        "null": given.null,
        "planted": given.planted,
        "adaptation": given.runs,
        "two_states": given.runs,
        "uneven_null": given.null,
        "uneven_planted": given.planted,
    }
    jobs = [(name, seed) for name, many in numbers.items() for seed in range(many)]
    found = list(found_of(jobs, given.processes))
    of: dict[str, list[Found]] = {name: [] for name in numbers}
    for (name, _), each in zip(jobs, found, strict=True):
        of[name].append(each)
    parts = [
        introduction(numbers),
        null_table(of["null"]),
        planted_table(of["planted"]),
        adaptation_table(of["adaptation"]),
        two_states_table(of["two_states"]),
        uneven_tables(of["uneven_null"], of["uneven_planted"]),
        NOTES,
    ]
    PAGE.write_text("\n".join(parts))
    print(PAGE.read_text())


def introduction(numbers: Mapping[str, int]) -> str:
    """What was simulated, when and where."""
    return INTRODUCTION.format(
        date=datetime.now(UTC).date().isoformat(),
        machine=f"{os.cpu_count()} cores, {platform.machine()}, Python "
        f"{platform.python_version()}, numpy {np.__version__}",
        seeds=f"{FIRST_SEED} and up",
        null_permutations=OF_NULL.permutations,
        permutations=OF_PLANTED.permutations,
        resamples=OF_PLANTED.resamples,
        simulations=OF_PLANTED.simulations,
        **numbers,
    )


def null_table(found: Sequence[Found]) -> str:
    """How often each test rejects where the two states do not differ."""
    p_values = np.array([[each[name][0] for name in FINDINGS] for each in found])
    sessions, rates = len(p_values), (p_values <= LEVEL).mean(axis=0)
    error = sqrt(LEVEL * (1 - LEVEL) / sessions)
    family = np.mean([(holm(each) <= LEVEL).any() for each in p_values])
    bonferroni = np.mean([(each * len(each) <= LEVEL).any() for each in p_values])
    lines = [
        f"\n## {sessions} null sessions\n",
        f"Share of sessions with p at most {LEVEL:g}, which is to lie between {LOWEST:g} and "
        f"{HIGHEST:g}; one standard error of a rate is {error:.3f}. The last column is the "
        f"binomial probability of a rate as far from {LEVEL:g}, times the {len(FINDINGS)} tests "
        "(Bonferroni).\n",
        f"| finding | rejected | {LOWEST:g} to {HIGHEST:g} | probability |",
        "| --- | --- | --- | --- |",
        *_rates(FINDINGS, rates.tolist(), sessions),
        f"\nAny finding after Holm: {family:.3f}; after Bonferroni: {bonferroni:.3f}.\n",
    ]
    return "\n".join(lines)


def planted_table(found: Sequence[Found]) -> str:
    """What is found of the truth of `cerebellar_block` sessions."""
    sessions = len(found)
    lines = [
        f"\n## {sessions} sessions with every finding planted\n",
        PLANTED,
        *_recovered("finding", FINDINGS, found),
    ]
    return "\n".join(lines)


def adaptation_table(found: Sequence[Found]) -> str:
    """Recovery of b from one block of 164 trials, with more noise and with missing trials."""
    runs = len(found)
    lines = [
        f"\n\n## Adaptation: {runs} runs of 164 trials (a .95, b .15, q 2)\n",
        "| motor variance r | missing trials | mean b | standard error | mean r |",
        "| --- | --- | --- | --- | --- |",
    ]
    for r in MOTOR_VARIANCES:
        for missing in MISSING:
            b, noise = np.array([each[f"{r:g} {missing:g}"] for each in found]).T
            lines.append(
                f"| {r:g} | {100 * missing:g} % | {b.mean():.3f} | "
                f"{b.std(ddof=1) / sqrt(runs):.3f} | {noise.mean():.1f} |"
            )
    return "\n".join(lines) + "\n"


def two_states_table(found: Sequence[Found]) -> str:
    """What the two-state model finds of movements of one state and of two."""
    lines = [
        f"\n## Two states: {len(found)} runs of 164 trials, of one state and of two\n",
        TWO_STATE,
        "| movements of | parameter | truth | mean | standard error | coverage |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    apart = {}
    for (name, words), (a, b) in zip(
        STATES_OF_MOVEMENTS.items(), (ONE_STATE, TWO_STATES), strict=True
    ):
        numbers = np.array([each[name] for each in found])
        apart[name] = numbers[:, 0].mean()
        parts = (*a, *b) if len(a) == 2 else ()
        truths = {**dict(zip(PARTS, parts, strict=False)), "b of both": sum(b), "r": MOTOR}
        for place, parameter in enumerate((*PARTS, "b of both", "r")):
            if parameter in truths:
                true = truths[parameter]
                value, low, high = numbers[:, 1 + 3 * place : 4 + 3 * place].T
                told = np.isfinite(value)
                # An end that was not found is beyond what is searched.
                covered = ~(low > true) & ~(high < true)
                error = value[told].std(ddof=1) / sqrt(told.sum())
                lines.append(
                    f"| {words} | {parameter} | {true:g} | {value[told].mean():.3g} | "
                    f"{error:.2g} | {covered[told].mean():.2f} |"
                )
    lines.append(
        f"\nThe parts are told apart in {100 * apart['one']:.0f} % of the runs of one state and in "
        f"{100 * apart['two']:.0f} % of those of two."
    )
    return "\n".join(lines) + "\n"


def uneven_tables(null: Sequence[Found], planted: Sequence[Found]) -> str:
    """Level and recovery of two kinds where targets have unequal numbers of trials."""
    p_values = np.array([[each[name][0] for name in ASKED] for each in null])
    rates = (p_values <= LEVEL).mean(axis=0).tolist()
    lines = [
        f"\n## Unequal trial counts: {len(null)} null and {len(planted)} other sessions\n",
        UNEQUAL,
        f"| kind | rejected | {LOWEST:g} to {HIGHEST:g} | probability |",
        "| --- | --- | --- | --- |",
        *_rates(ASKED, rates, len(null)),
        "",
        *_recovered("kind", ASKED, planted),
    ]
    return "\n".join(lines) + "\n"


def _rates(names: Iterable[str], rates: Sequence[float], sessions: int) -> list[str]:
    """A line of each test: how often it rejects where nothing is."""
    each = list(names)
    return [
        f"| {name} | {rate:.3f} | {'yes' if LOWEST <= rate <= HIGHEST else 'no'} | "
        f"{_probability(rate, sessions, len(each)):.2f} |"
        for name, rate in zip(each, rates, strict=True)
    ]


def _recovered(heading: str, names: Iterable[str], found: Sequence[Found]) -> list[str]:
    """The lines of both states and their difference: the truth, and what is found of it."""
    lines = [
        f"| {heading} | of | truth | estimate | bias | coverage | detected |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name in names:
        numbers = np.array([each[name] for each in found])
        detected = f"{np.mean(numbers[:, 9] <= LEVEL):.2f}"
        for k, state in enumerate(STATES):
            value, low, high, true = numbers[:, [3 * k, 3 * k + 1, 3 * k + 2, 10 + k]].T
            if np.isfinite(true).all():
                off, covered = value - true, (low <= true) & (true <= high)
                planted = round(true.mean(), 9) + 0.0
                coverage = f"{covered.mean():.2f}" if np.isfinite(low).any() else ""
                lines.append(
                    f"| {name} | {state} | {planted:.3g} | {value.mean():.3g} | "
                    f"{off.mean():.2g} ± {off.std(ddof=1) / sqrt(len(found)):.2g} | "
                    f"{coverage} | {detected if k == 2 else ''} |"
                )
    return lines


def _probability(rate: float, sessions: int, tests: int) -> float:
    """Of a rejection rate as far from the level, times the number of tests; at most 1."""
    own = binomtest(round(rate * sessions), sessions, LEVEL).pvalue
    return float(min(own * tests, 1.0))


INTRODUCTION = """# Validation

What the tests and intervals of `cerebellar_block.report` do on sessions whose truth is known:
eight targets, 60 neurons, 640 trials (20 per target, state and field), the defaults of the
synthetic sessions. In all of them learning falls off with the distance between targets. The reports
use {null_permutations} permutations of null sessions and {permutations} of others,
{resamples} resamples and {simulations} simulated series. The last parts put single kinds to
movements of two states and to sessions with unequal trial counts
(`benchmarks/simulated_kinds.py`).

Written by `make validate` on {date} ({machine}). The seeds of
sessions are {seeds}; the same machine gives the same page again. `make validate NULL=20
PLANTED=10 RUNS=10` is quick.
"""

PLANTED = """What each measure would be of the session's true means and noise
(`benchmarks/planted_truths.py` says how), mean over sessions; the mean estimate; the mean
difference of the two with its standard error; how often the 95 % interval holds the truth (standard
error about .02 at 100 sessions); and how often p is at most .05.
"""

TWO_STATE = """The model of two states, fitted to movements of a slow part (a .992, b .03) and a
fast one (a .6, b .25), and to movements of one state (a .95, b .15); q is .1 of each part, r 4.
What a part learns is given where the parts are told apart; coverage is that of the 95 % profile
interval, which is open at an end that was not found.
"""

UNEQUAL = """24 neurons, and 4 to about 60 trials of a target in each state and field.
Generalization is that of dichotomies in the null field (CCGP), with 19 shuffles; in the other
sessions the ring of the block has further harmonics. Distance is that between fields, mean over
targets, with 199 shuffles. Truths are those of classifiers of as many trials as the rarest target
has, and of the true means and noise.
"""

NOTES = """
## What to make of it

Permutation tests are exact where trials can be exchanged between states, as here: their rates
differ from .05 by chance alone. Trials that are correlated in time cannot be exchanged; a report
says so when rows are correlated or blocks follow each other in time.

(a) Error sensitivity is that at the target of the error. Were all targets taken to learn alike, a
state that generalizes less would pass for one that learns less: of 30 sessions that differ in the
width of generalization alone (60 against 30 degrees), such a model finds a difference in half.
The likelihood ratios are longer than chi-square; simulated series tell by how much, and intervals
are as long as the tests.

Of two states the likelihood often takes planning noise for none, in half of 30 runs; the slow part,
which that noise moves for long, then seems to be known better than it is. The profiles are right
(where an interval misses the truth, holding the truth costs the deviance more than 3.84), and their
chi-square limit is not: 164 trials are too few for it.

(c) The truth is d' S^-1 d per neuron with the true noise covariance S. The estimate shrinks its
covariance towards independence and inverts an estimate, which moves it by a few hundredths of
itself.

(d) The planted angle is 20 degrees, the turn of the true rings about 19: an ellipse whose targets
move along it turns less, and the target-dependent change does not turn. A comparison with 20 takes
that for a bias of -1.

(f) The truth of a decoding error is that of decoders of as many trials. Its intervals are too wide
in the intact state: leaving trials out moves a decoder more than new trials do. What learning at
one target does to its neighbours is the weakest finding: 320 trials in each state detect a share
of .08 against .75 in seven of ten sessions, and a small share comes out a little too large.
"""


if __name__ == "__main__":
    main()
