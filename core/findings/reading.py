"""A report in plain words: what is supported, what is not, what could not be asked, and why."""

from math import isfinite

import numpy as np

from core.experiment import Result
from core.findings.answer import FINDINGS, SIGNS
from core.findings.report_spec import ReportSpec
from core.findings.sessions import supported
from core.sentences import OPTIMISTIC, SIGNIFICANT, paragraph, tested, with_interval

SEVERAL = (
    "Each session was analysed by itself; estimates are random-effects means over sessions, whose "
    "intervals and p say what another session of the kind would show (DerSimonian and Laird, "
    "Hartung and Knapp). The difference is the mean of the sessions' own differences, weighted by "
    "their errors, and need not be that of the two means."
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
    said = with_interval(difference, low, high)
    if not isfinite(p_holm):
        word = "was not tested"
    elif supported(p_holm, difference, name):
        word = "is supported"
    elif p_holm <= SIGNIFICANT and SIGNS[name]:
        word = "goes significantly the other way"
    else:
        word = "is not supported"
    about = f"{name[0]}, {FINDINGS[name]}"
    return f"({about}) {word}: block less control {said}, {tested(p_value)}, {_after(p_holm)}."


def _coarse(spec: ReportSpec, result: Result) -> str:
    """Whether there are too few shuffles for any test of activity to pass Holm's correction."""
    tests, least = int(np.isfinite(result["p_holm"]).sum()), 1 / (1 + spec.permutations)
    if spec.more_sessions or not spec.permutations or tests * least <= SIGNIFICANT:
        return ""
    return (
        f"{spec.permutations} permutations give no p below {least:.2g}, which {tests} tests may "
        f"take above {SIGNIFICANT:g}: ask for {int(tests / SIGNIFICANT)} or more."
    )


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
