"""Distances to the nearest neighbours of every point, exact, in many dimensions.

Trees are no help beyond some twenty dimensions. Here blocks of products in single precision choose
a few more candidates than are needed, whose distances are then computed in double precision from
the differences of coordinates.
"""

import numpy as np
from numpy.typing import NDArray

from core.kernels.compiled import kernel
from core.kernels.participation_ratio import Floats
from core.kernels.portions import Report

SPARE = 8  # candidates beyond those needed, since single precision may mistake their order
BLOCK_NUMBERS = 4_000_000


def distinct_points(points: Floats) -> tuple[Floats, int]:
    """Each point once, in order of first appearance; and how many repetitions were dropped."""
    first = np.unique(points, axis=0, return_index=True)[1]
    return np.ascontiguousarray(points[np.sort(first)]), len(points) - len(first)


def neighbour_distances(points: Floats, n_neighbours: int, report: Report) -> Floats:
    """Distances to the nearest neighbours, nearest first, "points neighbours".

    points: "points dimensions", all distinct, more than `n_neighbours`.
    """
    n = len(points)
    centred = points - points.mean(axis=0)
    scale = np.abs(centred).max()
    rough = np.ascontiguousarray(centred / (scale if scale > 0 else 1.0), dtype=np.float32)
    squares = np.square(rough).sum(axis=1)
    kept = min(n_neighbours + SPARE, n - 1)
    found = np.empty((n, n_neighbours))
    length = max(1, BLOCK_NUMBERS // n)
    for start in range(0, n, length):
        rows = slice(start, min(start + length, n))
        chosen = _candidates(rough[rows] @ rough.T, squares, start, kept)
        found[rows] = np.sort(_exact(points, chosen, start), axis=1)[:, :n_neighbours]
        report(rows.stop / n)
    return found


@kernel
def _candidates(
    products: NDArray[np.float32], squares: NDArray[np.float32], start: int, kept: int
) -> NDArray[np.int64]:
    """The points of least |y|^2 - 2 x . y for each row x, without x itself."""
    rows, n = products.shape
    chosen = np.empty((rows, kept), dtype=np.int64)
    nearest = np.empty(kept, dtype=np.float32)
    for i in range(rows):
        held = 0
        worst = np.float32(np.inf)
        for j in range(n):
            key = squares[j] - np.float32(2.0) * products[i, j]
            if key >= worst or j == start + i:
                continue
            place = held if held < kept else kept - 1
            while place > 0 and nearest[place - 1] > key:
                nearest[place] = nearest[place - 1]
                chosen[i, place] = chosen[i, place - 1]
                place -= 1
            nearest[place] = key
            chosen[i, place] = j
            if held < kept:
                held += 1
            if held == kept:
                worst = nearest[kept - 1]
    return chosen


@kernel
def _exact(points: Floats, chosen: NDArray[np.int64], start: int) -> Floats:
    """Distances from consecutive points to their chosen ones, from differences of coordinates."""
    rows, kept = chosen.shape
    distances = np.empty((rows, kept))
    for i in range(rows):
        for place in range(kept):
            total = 0.0
            for axis in range(points.shape[1]):
                difference = points[start + i, axis] - points[chosen[i, place], axis]
                total += difference * difference
            distances[i, place] = np.sqrt(total)
    return distances
