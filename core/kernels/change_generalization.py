"""How the change of activity between two fields at one target is found again at others.

D_c is the change of the mean at target c. The generalization function is the mean of <D_c, D_d>
over pairs of targets whose directions are equally far apart, over that of targets in the same
direction: 1 there, 0 where changes have nothing in common, negative where they are opposite.

Targets that lie near and far in one direction are pairs 0 degrees apart, beside those of a target
with itself. Where every direction has the same distances, a half of the pairs at each angle are of
unlike distance, 0 among them, and the function is that of the angle alone, whatever near and far
have in common. Over the products of targets with themselves alone it would fall short by that: to a
half of itself, where near and far change in ways that have nothing in common.
"""

import numpy as np
from numpy.typing import NDArray

from core.kernels.participation_ratio import Floats
from core.kernels.resampling import stratified_jackknife_error


def change_products(
    activity: Floats, condition: NDArray[np.int64], second: NDArray[np.bool_]
) -> Floats:
    """Unbiased <D_c, D_d> / N, "conditions conditions", with D_c = second - first mean at c.

    Products of different conditions share no trial; of <D_c, D_c> the noise of both means,
    tr(S) / T each, is taken off, which equals the mean over all pairs of distinct trials.
    """
    change, noise = _changes(activity, condition, second)
    products = change @ change.T - np.diag(noise.sum(axis=1))
    return np.asarray(products / activity.shape[1])


def generalization_function(products: Floats, which: NDArray[np.int64]) -> Floats:
    """Mean product at each separation over that at separation 0: "separations"."""
    sums = np.bincount(which.ravel(), products.ravel()) / np.bincount(which.ravel())
    return np.asarray(sums / sums[0])


def function_errors(
    activity: Floats,
    condition: NDArray[np.int64],
    second: NDArray[np.bool_],
    which: NDArray[np.int64],
) -> Floats:
    """The jackknife error of the function at each separation, each trial left out in turn.

    It is too large by half where the changes are an exact cosine of the angle between targets: the
    function then does not move with the means to first order, and the jackknife counts what is of
    second order twice.
    """
    products = left_out_products(activity, condition, second)
    functions = np.array([generalization_function(each, which) for each in products])
    cell = condition * 2 + second
    return np.array([stratified_jackknife_error(values, cell) for values in functions.T])


def left_out_products(
    activity: Floats, condition: NDArray[np.int64], second: NDArray[np.bool_]
) -> Floats:
    """`change_products` with each trial left out in turn: "trials conditions conditions".

    Only the row and column of its condition c move. Without x_t the mean of its T trials moves by
    (m - x_t) / (T - 1), their sum of squares falls by T / (T - 1) |x_t - m|^2.
    """
    change, noise = _changes(activity, condition, second)
    whole = change_products(activity, condition, second)
    found = np.tile(whole, (len(activity), 1, 1))
    for c, side in np.ndindex(noise.shape):
        own = np.flatnonzero((condition == c) & (second == bool(side)))
        n, sign = len(own), 2 * side - 1
        apart = activity[own] - activity[own].mean(axis=0)
        moved = change[c] - sign * apart / (n - 1)
        squares = noise[c, side] * n * (n - 1) - n / (n - 1) * np.square(apart).sum(axis=1)
        left = noise[c].sum() - noise[c, side] + squares / ((n - 1) * (n - 2))
        rows = moved @ change.T
        rows[:, c] = np.square(moved).sum(axis=1) - left
        found[own, c] = found[own, :, c] = rows / activity.shape[1]
    return found


def _changes(
    activity: Floats, condition: NDArray[np.int64], second: NDArray[np.bool_]
) -> tuple[Floats, Floats]:
    """D "conditions neurons", and the noise of both means it is made of, "conditions 2"."""
    n_conditions = int(condition.max()) + 1
    change, noise = np.zeros((n_conditions, activity.shape[1])), np.zeros((n_conditions, 2))
    for c in range(n_conditions):
        for side, own in enumerate((~second, second)):
            rows = activity[own & (condition == c)]
            change[c] += (2 * side - 1) * rows.mean(axis=0)
            noise[c, side] = float(rows.var(axis=0, ddof=1).sum()) / len(rows)
    return change, noise
