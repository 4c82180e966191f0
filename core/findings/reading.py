"""A report in plain words: what is supported, what is not, what could not be asked, and why."""

from math import isfinite

import numpy as np
from numpy.typing import NDArray

from core.experiment import Result
from core.findings.answer import FINDINGS, SIGNS
from core.findings.report_spec import ReportSpec
from core.findings.verdicts import (
    DIFFERENCE,
    HIGH,
    LOW,
    P_VALUE,
    errors_needed,
    sessions_needed,
    summed,
    supported,
    supported_alone,
)
from core.sentences import OPTIMISTIC, SIGNIFICANT, paragraph, tested, with_interval

SEVERAL = (
    "Each session was analysed by itself; estimates are random-effects means over sessions, whose "
    "intervals and p say what another session of the kind would show (DerSimonian and Laird, "
    "Hartung and Knapp). The difference is the mean of the sessions' own differences, weighted by "
    "their errors, and need not be that of the two means. Intervals over sessions are symmetric, "
    "so that one of a share may go beyond 0 or 1. "
    "A session supports a finding alone if a report on it alone would say so: by its own p, after "
    "Holm over its own tests, and the sign of the study."
)
UNITS = {
    "a_motor_noise": " in the unit of the movements, squared",
    "c_field_distance": " noise variances",
    "d_reaiming": " degrees",
    "f_neural_generalization": " degrees",
}
DISAGREE = (
    "the interval says how far the estimate would move with other trials, each state having noise "
    "of its own; the test asks how often so large a difference comes about if the two states are "
    "alike in everything."
)
CAVEATS = (
    "A finding is supported if its p, corrected after Holm for all tests of this report, is at "
    "most .05 and the difference has the sign of the study; one that is not supported is not "
    "refuted, as few trials or neurons may hide it. States that follow each other in time differ "
    "by drift too. Permutation tests take trials for exchangeable between states, so that any "
    "difference of their distributions counts against the null; tests of behaviour rest on the "
    "model of adaptation, and the generalization of learning also on equal retention in both "
    "states."
)


def reading(spec: ReportSpec, result: Result) -> str:
    """One sentence per finding, then what they all depend on."""
    return paragraph(
        *(_sentence(result, k, name) for k, name in enumerate(FINDINGS)),
        _disagreement(result),
        *few_sessions(result),
        _drift(result),
        *_reasons(spec, result),
        _coarse(spec, result),
        SEVERAL if spec.more_sessions else "",
        OPTIMISTIC if result["rows_correlated"].any() else "",
        CAVEATS,
    )


def _sentence(result: Result, k: int, name: str) -> str:
    *_, difference, low, high, p_value = result["summary"][k].tolist()
    if not isfinite(difference):
        return ""
    p_holm = float(result["p_holm"][k])
    said = with_interval(difference, low, high, unit=UNITS.get(name, ""))
    word = _word(name, difference, p_holm, beyond=low > 0 or high < 0)
    about = f"{name[0]}, {FINDINGS[name]}"
    tests = f"{tested(p_value)}, {_after(p_holm)}"
    return f"({about}) {word}: block less control {said}, {tests}{_alone(result, k)}."


def _word(name: str, difference: float, p_holm: float, *, beyond: bool) -> str:
    """The verdict in words; beyond: whether the interval of the difference leaves 0 out."""
    though = "" if beyond else " by its test, though its interval holds 0"
    if not isfinite(p_holm):
        return "was not tested"
    if supported(p_holm, difference, name):
        return f"is supported{though}"
    if p_holm <= SIGNIFICANT and SIGNS[name]:
        return f"goes significantly the other way{though}"
    return "is not supported"


def _disagreement(result: Result) -> str:
    """Where a 95 % interval holds 0 and p is at most .05, or neither: what each of them asks."""
    names = []
    for name, numbers in zip(FINDINGS, result["summary"], strict=True):
        low, high, p_value = numbers[[LOW, HIGH, P_VALUE]].tolist()
        beyond = low > 0 or high < 0
        if isfinite(low + high + p_value) and beyond != (p_value <= SIGNIFICANT):
            names.append(FINDINGS[name])
    return f"Interval and p disagree about {', '.join(names)}: {DISAGREE}" if names else ""


def _drift(result: Result) -> str:
    """What changes from early to late trials of one state."""
    pseudo = {name: result["pseudo_summary"][k].tolist() for k, name in enumerate(FINDINGS)}
    known = {name: ends for name, ends in pseudo.items() if isfinite(ends[1] + ends[2])}
    if not known:
        return ""
    moved = [
        f"{FINDINGS[name]} changes by {with_interval(value, low, high, unit=UNITS.get(name, ''))}"
        for name, (value, low, high) in known.items()
        if low > 0 or high < 0
    ]
    return (
        "Between early and late trials of one state drift and learning act, but not the block: "
        f"{', '.join(moved) or 'nothing changes'} beyond its error."
    )


def few_sessions(result: Result) -> tuple[str, ...]:
    """Why a finding of several sessions may not be supported however clear it is in each."""
    answered = np.isfinite(result["numbers"][:, :, DIFFERENCE]).sum(axis=0)
    if len(result["numbers"]) == 1:
        return ()
    names = [FINDINGS[name] for k, name in enumerate(FINDINGS) if answered[k] == 1]
    single = f"One session alone tells {', '.join(names)}: the test is its own." if names else ""
    several = answered[answered > 1].tolist()
    tests = int(np.isfinite(result["p_holm"]).sum())
    few = _too_few(min(several), tests) if several and tests else ""
    said = (few, single, _left_out(result, answered))
    return tuple(filter(None, said))


def _left_out(result: Result, answered: NDArray[np.int64]) -> str:
    """Which findings have sessions without an error, which no summary can weigh."""
    weighed = summed(result["numbers"]).sum(axis=0)
    said = ", ".join(
        f"{FINDINGS[name]} in {answered[k] - weighed[k]} of {answered[k]} sessions"
        for k, name in enumerate(FINDINGS)
        if answered[k] > 1 and weighed[k] < answered[k]
    )
    if not said:
        return ""
    return (
        f"Without an interval are {said}: with so few trials of a target none can be left out to "
        "see how far the estimate moves. The summary leaves these sessions out, and needs two "
        "others."
    )


def _too_few(sessions: int, tests: int) -> str:
    enough = sessions_needed(tests)
    if sessions >= enough:
        return ""
    return (
        f"{sessions} sessions are too few for a verdict over sessions: the first of {tests} tests "
        f"passes Holm's correction only if its mean lies {errors_needed(sessions, tests):.3g} "
        f"standard errors from zero, with {enough} sessions {errors_needed(enough, tests):.2g}. "
        f"Use {enough} or more; with fewer, look at how many sessions support a finding alone."
    )


def _coarse(spec: ReportSpec, result: Result) -> str:
    """Whether too few shuffles keep every test of activity in a session from passing Holm's
    correction; a verdict over sessions looks at estimates, not at shuffles."""
    tests = int(np.isfinite(result["numbers"][:, :, P_VALUE]).sum(axis=1).max())
    least = 1 / (1 + spec.permutations)
    if not spec.permutations or tests * least <= SIGNIFICANT:
        return ""
    return (
        f"{spec.permutations} permutations give no p below {least:.2g}, which {tests} tests "
        f"{'of one session ' if spec.more_sessions else ''}may take above {SIGNIFICANT:g}: ask for "
        f"{int(tests / SIGNIFICANT)} or more."
    )


def _alone(result: Result, k: int) -> str:
    """In how many of several sessions the finding is supported alone."""
    tested_in = int(np.isfinite(result["session_p_holm"][:, k]).sum())
    if len(result["numbers"]) == 1 or not tested_in:
        return ""
    alone = supported_alone(result["numbers"], result["session_p_holm"])[k]
    return f"; alone it is supported in {alone} of {tested_in} sessions"


def _after(p_holm: float) -> str:
    return f"after Holm {tested(p_holm)}"


def _reasons(spec: ReportSpec, result: Result) -> list[str]:
    """Why a session did not answer, each reason once with the findings it concerns."""
    said = []
    for session, reasons in zip(spec.sessions, result["reasons"].tolist(), strict=True):
        for reason in dict.fromkeys(filter(None, reasons)):
            names = [n for n, own in zip(FINDINGS, reasons, strict=True) if own == reason]
            where = f" of session {session}" if spec.more_sessions else ""
            said.append(f"No {', no '.join(FINDINGS[n] for n in names)}{where}: {reason}.")
    return said
