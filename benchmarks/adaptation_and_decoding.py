"""Fits of adaptation, and decoding, beside the plain way of computing the same: one core.

    python -m benchmarks.adaptation_and_decoding

Plain: the filter as a Python loop under scipy's optimiser, started where ours starts; for
classifiers, scikit-learn fitted anew for every pair, fold, dichotomy and null, timed on some.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from benchmarks.one_core import one_core, processor_s
from core.kernels.adaptation import fit_adaptation
from core.kernels.adaptation_filter import Movements
from core.kernels.adaptation_models import one_state
from core.kernels.generalization import (
    clouds,
    cross_condition_accuracy,
    decoding_accuracy,
    dichotomies,
    half_circles,
    shuffled_trials,
    turned,
    turned_accuracy,
)

Floats = NDArray[np.float64]
CCGP_NULLS, DECODING_NULLS, FOLDS = 10, 5, 10
SOME = 12


@dataclass(frozen=True)
class Case:
    """What is computed, the goal, ours, and the plain way with how often it would be needed."""

    name: str
    goal_s: float
    ours: Callable[[], object]
    plain: Callable[[], object]
    times: int


def movements() -> Movements:
    """164 trials of one state, learning 30 degrees and forgetting them."""
    rng, p = np.random.default_rng(0), np.r_[np.zeros(40), np.full(84, 30.0), np.zeros(40)]
    z, y = 0.0, np.empty(len(p))
    for t in range(len(p)):
        y[t] = z + 4.0 * rng.standard_normal()
        z = 0.95 * z + 0.15 * (p[t] - y[t]) + 1.4 * rng.standard_normal()
    start = np.arange(len(p)) == 0
    return Movements(y, p, np.zeros(len(p), np.bool_), start, np.zeros(len(p), np.int64))


def plain_fit(series: Movements) -> object:
    """The same likelihood trial by trial in Python, minimised from the same eight starts."""
    y, p = series.compensation, series.perturbation
    scale = float(y.std())

    def deviance(x: Floats) -> float:
        a, b, q, r = x[0], x[1], np.exp(x[2]) * scale**2, np.exp(x[3]) * scale**2
        z, P, total = 0.0, 1e4, 0.0
        for t in range(len(y)):
            F, v = P + r, y[t] - z
            total += np.log(F) + v * v / F
            z, P = z + P / F * v, P - P * P / F
            z, P = a * z + b * (p[t] - y[t]), a * a * P + q
        return float(total)

    model = one_state()
    box = list(zip(model.low.tolist(), model.high.tolist(), strict=True))
    found = [minimize(deviance, x, method="L-BFGS-B", bounds=box) for x in model.starts]
    return min(found, key=lambda each: float(each.fun))


def cells() -> Floats:
    """800 trials of 200 neurons: "conditions trials neurons"."""
    rng = np.random.default_rng(1)
    return np.asarray(rng.standard_normal((8, 1, 200)) + 2 * rng.standard_normal((8, 100, 200)))


def ccgp(activity: Floats) -> object:
    """Three dichotomies and ten nulls."""
    own, rng, sides = clouds(activity), np.random.default_rng(2), half_circles(np.arange(8))[:3]
    found = [cross_condition_accuracy(own, side) for side in sides]
    for _ in range(CCGP_NULLS):
        moved, turns = turned(own, rng)
        found += [turned_accuracy(moved, turns, side) for side in sides]
    return found


def shattering(activity: Floats) -> object:
    """35 dichotomies, ten folds, five nulls."""
    every, fold, rng = dichotomies(8), np.arange(100) % FOLDS, np.random.default_rng(3)
    found = [decoding_accuracy(activity, fold, every)]
    for _ in range(DECODING_NULLS):
        found.append(decoding_accuracy(shuffled_trials(activity, rng), fold, every))
    return found


def one_classifier(activity: Floats, conditions: int, trials: int) -> object:
    """scikit-learn's discriminant on as many trials as one pair or fold trains on."""
    train = activity[:conditions, :trials].reshape(-1, activity.shape[2])
    label = np.repeat(np.arange(conditions) % 2, trials)
    model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.2).fit(train, label)
    return model.predict(activity[:, trials // 2 :].reshape(-1, activity.shape[2])[:200])


def main() -> None:
    """Print the table."""
    series, activity = movements(), cells()
    nulls = 1 + DECODING_NULLS
    cases = (
        Case(
            "one state-space fit, 164 trials",
            0.025,
            lambda: fit_adaptation(series, one_state(), 1),
            lambda: plain_fit(series),
            1,
        ),
        Case(
            "CCGP, 3 dichotomies, 10 nulls, 800 x 200",
            8.0,
            lambda: ccgp(activity),
            lambda: one_classifier(activity, 6, 100),
            3 * 16 * (1 + CCGP_NULLS),
        ),
        Case(
            "35 dichotomies, 10 folds, 5 nulls, 800 x 200",
            40.0,
            lambda: shattering(activity),
            lambda: one_classifier(activity, 8, 90),
            35 * FOLDS * nulls,
        ),
    )
    with one_core():
        print(f"{'seconds':46} {'ours':>8} {'plain':>8} {'x plain':>8} {'goal':>7}")
        for case in cases:
            _print_row(case)


def _print_row(case: Case) -> None:
    case.ours()
    ours = min(processor_s(case.ours) for _ in range(3))
    repetitions = 1 if case.times == 1 else SOME
    plain = min(processor_s(case.plain) for _ in range(repetitions)) * case.times
    met = "met" if ours < case.goal_s else "MISSED"
    print(f"{case.name:46} {ours:8.3f} {plain:8.2f} {plain / ours:8.1f} {case.goal_s:7.3f}  {met}")


if __name__ == "__main__":
    main()
