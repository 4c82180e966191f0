"""How fast the theory of stability is, beside finding every point by itself: one core, one thread.

    python -m benchmarks.theory

The plain way maximises z(w) for every left edge and brackets its zero for every critical fraction,
with scipy's scalar routines; it is timed on some of the points.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt
from statistics import median

import numpy as np
from scipy.optimize import brentq, minimize_scalar

from benchmarks.one_core import one_core
from core.experiment import silent
from core.kernels.critical_lines import critical_hidden_fraction, critical_readout_fraction
from core.kernels.free_probability import critical_joint_fraction
from core.kinds.curl_descent_phase_diagram import KIND

REPETITIONS = 7
C = np.geomspace(0.001, 100, 500)
JOINT_C = 0.2
FRACTIONS = np.linspace(0, 1, 500)


@dataclass(frozen=True)
class Case:
    """What is computed at once, how many points that is, and one of them by the plain way."""

    name: str
    points: int
    goal_ms: float
    ours: Callable[[], object]
    plain: Callable[[int], object]


def plain_left_edge(c: float, alpha_h: float, alpha_r: float) -> float:
    """The maximum of z(w), kappa = 1, by bounded scalar search."""

    def z(w: float) -> float:
        R = ((1 - alpha_r) / (1 - w) - (alpha_r / (1 + w) if alpha_r else 0.0)) / c
        if alpha_h == 0:
            return R + 1 + 1 / w
        return R + (1 + sqrt(1 + 4 * w * (w + 1 - 2 * alpha_h))) / (2 * w)

    lowest = -1 + 1e-9 if alpha_r else -1e4
    return -float(minimize_scalar(lambda w: -z(w), bounds=(lowest, -1e-6), method="bounded").fun)


def plain_fraction(edge: Callable[[float], float]) -> float:
    """Where the left edge changes sign."""
    if edge(1e-9) < 0:
        return 0.0
    return 1.0 if edge(1.0) > 0 else float(brentq(edge, 1e-9, 1.0, xtol=1e-9))


def _diagram() -> object:
    spec = KIND.spec.model_validate({"joint": {"compression_ratio": JOINT_C, "points": 500}})
    return KIND.run(spec, {}, silent)


CASES = (
    Case(
        "critical line, flipped inputs",
        500,
        5.0,
        lambda: critical_hidden_fraction(C, 1.0),
        lambda n: plain_fraction(lambda alpha: plain_left_edge(C[n], alpha, 0.0)),
    ),
    Case(
        "critical line, flipped hidden neurons",
        500,
        5.0,
        lambda: critical_readout_fraction(C, 1.0),
        lambda n: plain_fraction(lambda alpha: plain_left_edge(C[n], 0.0, alpha)),
    ),
    Case(
        "critical line of joint flips",
        500,
        50.0,
        lambda: critical_joint_fraction(JOINT_C, FRACTIONS, 1.0),
        lambda n: plain_fraction(lambda alpha: plain_left_edge(JOINT_C, FRACTIONS[n], alpha)),
    ),
    Case(
        "diagram with the 500 x 500 joint surface",
        500 * 500,
        2000.0,
        _diagram,
        lambda n: plain_left_edge(JOINT_C, FRACTIONS[n], FRACTIONS[-n]),
    ),
)


def main() -> None:
    """Print the table."""
    with one_core():
        print(f"{'milliseconds':42} {'ours':>9} {'plain':>9} {'x plain':>8} {'goal':>7}")
        for case in CASES:
            _print_row(case)


def _print_row(case: Case) -> None:
    case.ours()
    ours = median(_milliseconds(case.ours) for _ in range(REPETITIONS))
    some = np.linspace(5, 494, 50).astype(int).tolist()
    each = _milliseconds(lambda: [case.plain(n) for n in some]) / len(some)
    plain = each * case.points
    met = "met" if ours < case.goal_ms else "MISSED"
    print(f"{case.name:42} {ours:9.2f} {plain:9.0f} {plain / ours:8.0f} {case.goal_ms:7.0f}  {met}")


def _milliseconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1e3


if __name__ == "__main__":
    main()
