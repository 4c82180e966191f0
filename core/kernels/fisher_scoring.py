"""Maximum likelihood for Gaussian predictions, by damped Fisher scoring in a box, and profiles.

With innovations v_t = y_t - m_t(x) and variances F_t(x), the deviance (-2 log likelihood) is

    D(x) = sum_t [ log 2 pi F_t + v_t^2 / F_t ]

and the Fisher information, from first derivatives alone,

    I_kl = sum_t [ dm_k dm_l / F + dF_k dF_l / (2 F^2) ].

Steps solve (I + damping diag I) dx = -dD/2, as Levenberg and Marquardt damp least squares; they
climb to an optimum in about ten. Derivatives are central differences, exact to about 1e-9.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from math import log, pi, sqrt

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Predict = Callable[[Floats], tuple[Floats, Floats]]
"""Mean and variance, "points observations", at "points parameters"."""

CHI_SQUARE_95 = 3.841458820694124  # one degree of freedom
PROMISING = 3
MAX_STEPS = 200
MAX_SECANTS = 30
TOLERANCE = 1e-9  # of the deviance that a further step could gain
ROUGH = 1e-5  # of the deviance, along a profile
CLOSE = 2e-3  # of sqrt(D - D_least): a thousandth of a standard error
DIFFERENCE = 1e-5


@dataclass(frozen=True)
class Problem:
    """observations: y; predict: of them, at given parameters; low, high: the box, per parameter;
    held: parameters that are not moved; constant: those with no bearing on the ones that are."""

    observations: Floats
    predict: Predict
    low: Floats
    high: Floats
    held: tuple[int, ...] = ()
    constant: tuple[int, ...] = ()

    def holding(self, parameter: int, constant: tuple[int, ...] = ()) -> "Problem":
        """The same with one parameter left where it is, and others taken for constants."""
        return replace(self, held=(*self.held, parameter, *constant), constant=constant)

    def deviance(self, point: Floats) -> float:
        """D at one point; infinite where a prediction is not finite."""
        mean, variance = self.predict(point[None])
        return float(_deviances(self.observations, mean, variance)[0])


@dataclass(frozen=True)
class Optimum:
    """Where the deviance is least, and the Fisher information there."""

    point: Floats
    deviance: float
    information: Floats = field(repr=False)


def best_of(
    problem: Problem, starts: Floats, also: Floats, *, promising: int = PROMISING
) -> Optimum:
    """The best optimum reached from the most promising of "starts parameters", and from all of
    `also`, "starts parameters" too."""
    inside = np.clip(starts, problem.low, problem.high)
    deviances = _deviances(problem.observations, *problem.predict(inside))
    chosen = inside[np.argsort(deviances, kind="stable")[:promising]]
    return least([optimum(problem, start) for start in [*chosen, *also]])


def least(found: Sequence[Optimum]) -> Optimum:
    """The one of the least deviance; the first of several."""
    return min(found, key=lambda each: each.deviance)


def optimum(problem: Problem, start: Floats, *, tolerance: float = TOLERANCE) -> Optimum:
    """Fisher scoring from one start, until a step would gain less than the tolerance."""
    point = np.clip(start, problem.low, problem.high)
    deviance, slope, information = _expansion(problem, point)
    damping = 1e-3
    for _ in range(MAX_STEPS):
        free = _free(problem, point, slope)
        if not free.any() or damping > 1e12:
            break
        step = _step(slope, information, free, damping)
        tried = np.clip(point + step, problem.low, problem.high)
        gain = deviance - problem.deviance(tried)
        if not gain > 0:
            if abs(float(slope @ step)) < tolerance:
                break
            damping *= 10
            continue
        point, damping = tried, max(damping / 10, 1e-9)
        deviance, slope, information = _expansion(problem, point)
        if gain < tolerance:
            break
    return Optimum(point, deviance, information)


def profile_end(
    problem: Problem, best: Optimum, parameter: int, side: int, constant: tuple[int, ...] = ()
) -> tuple[float, bool]:
    """One end of the 95 % profile interval of a parameter, and whether it was found in the box.

    Where D, minimised over all others, exceeds its least value by the 95 % quantile of chi-square.
    sqrt(D - D_least) is nearly linear, so secants reach it in a few steps. side: -1 or +1;
    constant: parameters whose best values do not depend on this one.
    """
    limit = float((problem.low if side < 0 else problem.high)[parameter])
    centre, goal = float(best.point[parameter]), sqrt(CHI_SQUARE_95)
    held, reach = problem.holding(parameter, constant), abs(limit - centre)
    inside, outside = (0.0, 0.0), (reach, np.inf)  # distance from the centre, and the root there
    first = goal * _standard_error(best, parameter)
    far, known = min(max(first, reach / 1000), reach / 4) if first > 0 else reach / 4, best
    for _ in range(MAX_SECANTS):
        start = known.point + (centre + side * far - known.point[parameter]) * _course(
            held, known, parameter
        )
        found = optimum(held, start, tolerance=ROUGH)
        root = sqrt(max(found.deviance - best.deviance, 0.0))
        if abs(root - goal) < CLOSE:
            break
        if root < goal and far >= reach:
            return limit, False
        if root < goal:
            inside, known = (far, root), found
        else:
            outside = (far, root)
        far = _next(inside, outside, goal)
    return centre + side * far, True


def _next(inside: tuple[float, float], outside: tuple[float, float], goal: float) -> float:
    """On the line through the last point short of the goal and the first beyond it, or ahead."""
    if np.isinf(outside[1]):
        ahead = 1.1 * inside[0] * goal / max(inside[1], 0.2 * goal)
        return float(min(max(ahead, 1.2 * inside[0]), outside[0]))
    share = (goal - inside[1]) / (outside[1] - inside[1])
    return inside[0] + (outside[0] - inside[0]) * min(max(share, 0.03), 0.97)


def _course(held: Problem, known: Optimum, parameter: int) -> Floats:
    """How all parameters move with one if the others stay optimal, to first order: 1 for itself."""
    course = np.zeros_like(known.point)
    course[parameter] = 1.0
    inside = (known.point > held.low) & (known.point < held.high)
    inside[list(held.held)] = False
    others = np.flatnonzero(inside)
    own = known.information[np.ix_(others, others)]
    own = own + np.diag(1e-6 * np.diag(own) + 1e-9)
    course[others] = -np.linalg.solve(own, known.information[others, parameter])
    return course


def _standard_error(best: Optimum, parameter: int) -> float:
    """From the Fisher information; 0 where it has none about the parameter."""
    diagonal = np.diag(best.information)
    if diagonal[parameter] < 1e-6:
        return 0.0
    inverse = np.linalg.inv(best.information + np.diag(1e-9 * diagonal + 1e-9))
    return sqrt(max(float(inverse[parameter, parameter]), 0.0))


def _free(problem: Problem, point: Floats, slope: Floats) -> NDArray[np.bool_]:
    """Parameters that are not held and not pressed against the box."""
    pressed = ((point <= problem.low) & (slope > 0)) | ((point >= problem.high) & (slope < 0))
    free = ~pressed
    free[list(problem.held)] = False
    return free


def _step(slope: Floats, information: Floats, free: NDArray[np.bool_], damping: float) -> Floats:
    chosen = np.flatnonzero(free)
    own = information[np.ix_(chosen, chosen)]
    own = own + np.diag(damping * np.diag(own) + 1e-12)
    step = np.zeros_like(slope)
    step[chosen] = -np.linalg.solve(own, slope[chosen]) / 2
    return step


def _expansion(problem: Problem, point: Floats) -> tuple[float, Floats, Floats]:
    """The deviance, its slope and the Fisher information at one point; 0 for constants."""
    moved = [k for k in range(len(point)) if k not in problem.constant]
    steps = DIFFERENCE * np.eye(len(point))[moved]
    mean, variance = problem.predict(np.concatenate([point[None], point + steps, point - steps]))
    n = len(moved)
    dm = (mean[1 : n + 1] - mean[n + 1 :]) / (2 * DIFFERENCE)
    dF = (variance[1 : n + 1] - variance[n + 1 :]) / (2 * DIFFERENCE)
    v, F = problem.observations - mean[0], variance[0]
    slope, information = np.zeros(len(point)), np.zeros((len(point), len(point)))
    slope[moved] = dF @ ((1 - v**2 / F) / F) - 2 * (dm @ (v / F))
    information[np.ix_(moved, moved)] = (dm / F) @ dm.T + (dF / (2 * F**2)) @ dF.T
    return float(_deviances(problem.observations, mean[:1], variance[:1])[0]), slope, information


def _deviances(observations: Floats, mean: Floats, variance: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):  # far from any optimum
        terms = np.log(variance) + (observations - mean) ** 2 / variance
    total = terms.sum(axis=1) + len(observations) * log(2 * pi)
    return np.where(np.isfinite(total), total, np.inf)
