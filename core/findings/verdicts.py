"""What counts as supported: in a report, in one of its sessions, and with how many sessions."""

from itertools import count
from math import sqrt

import numpy as np
import scipy
from numpy.typing import NDArray

from core.findings.answer import FINDINGS, SIGNS
from core.kernels.holm import holm
from core.kernels.normal import Z_95
from core.sentences import SIGNIFICANT

Floats = NDArray[np.float64]
DIFFERENCE, LOW, HIGH, P_VALUE = range(6, 10)


def corrected(numbers: Floats) -> Floats:
    """Holm's p of every finding, over all that were tested; numbers: "findings numbers"."""
    return holm(numbers[:, P_VALUE])


def supported(p_value: float, difference: float, finding: str, alpha: float = SIGNIFICANT) -> bool:
    """The verdict: p (after Holm, in a report) at most alpha, and the sign of the study."""
    return bool(p_value <= alpha and difference * SIGNS[finding] >= 0)


def supported_alone(numbers: Floats, p_holm: Floats) -> NDArray[np.int64]:
    """Of each finding, the sessions that a report on them alone would say support it.

    numbers: "sessions findings numbers"; p_holm: "sessions findings", corrected in each session.
    """
    return np.array(
        [
            sum(
                supported(p, difference, name)
                for p, difference in zip(p_holm[:, k], numbers[:, k, DIFFERENCE], strict=True)
            )
            for k, name in enumerate(FINDINGS)
        ]
    )


def summed(numbers: Floats) -> NDArray[np.bool_]:
    """Which "sessions findings" have a difference with an interval, so that a summary has them."""
    known = numbers[..., DIFFERENCE] + numbers[..., HIGH] - numbers[..., LOW]
    return np.asarray(np.isfinite(known) & (numbers[..., HIGH] > numbers[..., LOW]))


def reach_of(sessions: int) -> float:
    """Standard errors from a mean over sessions to an end of its 95 % interval; of one, 1.96."""
    return Z_95 if sessions < 2 else float(scipy.special.stdtrit(sessions - 1, 0.975))


def errors_needed(sessions: int, tests: int) -> float:
    """How many standard errors from zero a mean over sessions must lie to be the first of so many
    tests that Holm's correction lets pass: the quantile of Student's t at .05 / tests, two-sided.
    """
    return float(scipy.special.stdtrit(sessions - 1, 1 - SIGNIFICANT / (2 * tests)))


def sessions_needed(tests: int) -> int:
    """The fewest sessions whose mean asks no more of each of them than a verdict on it alone.

    A mean of K alike has an error of 1 / sqrt(K) of theirs: K with t_(K-1) / sqrt(K) <= z.
    """
    alone = -float(scipy.special.ndtri(SIGNIFICANT / (2 * tests)))
    return next(k for k in count(2) if errors_needed(k, tests) <= alone * sqrt(k))
