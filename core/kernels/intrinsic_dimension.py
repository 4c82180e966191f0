"""Intrinsic dimension from the distances to nearest neighbours.

In d dimensions the number of points within r grows as r^d, so ratios of neighbours' distances tell
d without knowing the density. All estimates take the scale of the neighbours they look at: noise
fills all dimensions at the smallest scale, whatever lies beneath. On a ring with little noise TwoNN
says 24. That is why they are read beside those of noise alone, and along a sweep of scales.
"""

from collections.abc import Callable, Collection, Mapping
from functools import partial

import numpy as np
import scipy

from core.kernels.participation_ratio import Floats

DISCARDED = 0.1
MOST_DIMENSIONS = 1e4
K = 20  # neighbours of the maximum likelihood estimate
RANKS = (1, 2, 4, 8, 16, 32, 64)


def twonn(distances: Floats) -> float:
    """Slope through 0 of -ln(1 - F) against ln(r_2 / r_1), less the largest tenth of ratios.

    distances: "points neighbours", two at least. F: the empirical distribution, from 1 / n.
    E. Facco et al., Scientific Reports 7:12140 (2017), eq. 5.
    """
    ratios = np.sort(np.log(distances[:, 1] / distances[:, 0]))
    kept = int(len(ratios) * (1 - DISCARDED))
    x, y = ratios[:kept], -np.log1p(-np.arange(1, kept + 1) / len(ratios))
    return _ratio(float(x @ y), float(x @ x))


def levina_bickel(distances: Floats) -> float:
    """1 / mean over points and neighbours j < K of ln(r_K / r_j).

    K = the number of columns. E. Levina, P. Bickel, NIPS 17 (2004), eq. 8, with the average over
    points of the inverse (D. MacKay, Z. Ghahramani, 2005).
    """
    logs = np.log(distances[:, -1:] / distances[:, :-1])
    return _ratio(1.0, float(logs.mean()))


def gride(distances: Floats, rank: int) -> float:
    """Maximum likelihood d from mu = r_(2 rank) / r_rank.

        f(mu) = d (mu^d - 1)^(rank - 1) / [B(rank, rank) mu^(d (2 rank - 1) + 1)]

    F. Denti et al., Scientific Reports 12:20005 (2022), eq. 6, n_1 = rank, n_2 = 2 rank.
    """
    logs = np.log(distances[:, 2 * rank - 1] / distances[:, rank - 1])
    logs = logs[logs > 0]
    if len(logs) == 0:
        return float("nan")

    def slope(d: float) -> float:
        """The derivative of the mean log likelihood."""
        rising = np.mean(logs / -np.expm1(-d * logs))
        return float(1 / d + (rank - 1) * rising - (2 * rank - 1) * logs.mean())

    if rank == 1:
        return _ratio(1.0, float(logs.mean()))
    least = 1e-3
    if slope(least) <= 0 or slope(MOST_DIMENSIONS) >= 0:
        return float("nan")
    return float(scipy.optimize.brentq(slope, least, MOST_DIMENSIONS, xtol=1e-10, rtol=1e-12))


ESTIMATES: Mapping[str, tuple[int, Callable[[Floats], float]]] = {
    "twonn": (2, twonn),
    "mle": (K, lambda distances: levina_bickel(distances[:, :K])),
    **{f"gride_{2 * rank}": (2 * rank, partial(gride, rank=rank)) for rank in RANKS},
}
"""The estimates by name: how many neighbours each looks at, and what it is of their distances."""


def neighbours_for(names: Collection[str]) -> int:
    """How many neighbours these estimates look at."""
    return max(ESTIMATES[name][0] for name in names)


def named_estimates(distances: Floats, names: Collection[str]) -> Floats:
    """Each of these estimates from "points neighbours"; NaN where it needs more neighbours."""
    neighbours = distances.shape[1]
    own = (ESTIMATES[name] for name in names)
    return np.array([of(distances) if most <= neighbours else np.nan for most, of in own])


def _ratio(above: float, below: float) -> float:
    return above / below if below > 0 else float("nan")
