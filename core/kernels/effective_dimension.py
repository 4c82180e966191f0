"""How many dimensions a cloud of points fills: numbers read off its covariance spectrum.

With eigenvalues l_i of the covariance and p_i = l_i / sum l,

    participation_ratio = (sum l)^2 / sum l^2        entropy_dimension = exp(-sum p log p)
    n90, n95 = the fewest components that carry 90 or 95 % of the variance.

All points count alike: this is the dimensionality of the total covariance, without conditions and
without a correction for how few points there are (at most points - 1). Reference: P. Gao et al.,
bioRxiv 214262 (2017), for the ratio.
"""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from core.kernels.clock import NUMBERS_AT_ONCE, no_tick
from core.kernels.component_numbers import components_for

Array = NDArray[np.float64]

_EPSILONS = 10


def spectrum(points: NDArray[np.floating], tick: Callable[[], None] = no_tick) -> Array:
    """Eigenvalues of the covariance of "points variables", largest first; all 0 if nothing varies.

    They are nan where a number is not finite. Variance below that of rounding errors in the numbers
    counts as none. Only the smaller of the two Gram matrices is formed.
    """
    gram = _smaller_gram(points, tick)
    if not np.isfinite(gram).all():
        return np.full(len(gram), np.nan)
    eigenvalues = np.linalg.eigvalsh(gram)[::-1] / len(points)
    return np.asarray(np.where(eigenvalues > 0, eigenvalues, 0.0))


def path_spectra(
    path: NDArray[np.floating], tick: Callable[[], None] = no_tick, *, first: int = 1
) -> Iterator[Array]:
    """The spectrum of the `first` points of "points variables", of one more, and so on."""
    start = path[0].astype(float)
    gram, together = np.zeros((len(path), len(path))), max(1, NUMBERS_AT_ONCE // len(path))
    for column in range(0, path.shape[1], together):
        part = slice(column, column + together)
        away = path[:, part] - start[part]
        gram += away @ away.T
        tick()
    rounding = float(_EPSILONS * np.finfo(path.dtype).eps * np.linalg.norm(start))
    for points in range(first, len(path) + 1):
        yield _centred_spectrum(gram[:points, :points], rounding)


def participation_ratio(points: NDArray[np.floating], tick: Callable[[], None] = no_tick) -> float:
    """(tr C)^2 / tr C^2 of the covariance C of "points variables"; nan if nothing varies."""
    gram = _smaller_gram(points, tick)
    return _ratio(np.trace(gram), (gram**2).sum())


def participation_ratio_of(eigenvalues: Array) -> float:
    """(sum l)^2 / sum l^2; nan if all are 0."""
    return _ratio(eigenvalues.sum(), (eigenvalues**2).sum())


def entropy_dimension(eigenvalues: Array) -> float:
    """exp of the entropy of the shares of variance; nan if all eigenvalues are 0."""
    if not eigenvalues.sum() > 0:
        return np.nan
    shares = eigenvalues[eigenvalues > 0] / eigenvalues.sum()
    return float(np.exp(-(shares * np.log(shares)).sum()))


def n90(eigenvalues: Array) -> float:
    """The fewest components that carry 90 % of the variance; nan if there is none."""
    return _components(eigenvalues, 0.90)


def n95(eigenvalues: Array) -> float:
    """The fewest components that carry 95 % of the variance; nan if there is none."""
    return _components(eigenvalues, 0.95)


def _components(eigenvalues: Array, share: float) -> float:
    if not eigenvalues.sum() > 0:
        return np.nan
    return float(components_for(np.sort(eigenvalues)[::-1], share))


def _centred_spectrum(gram: Array, rounding: float) -> Array:
    """Of points with these products, about their mean; all 0 if they are no further than that."""
    if not np.isfinite(gram).all():
        return np.full(len(gram), np.nan)
    mean = gram.mean(axis=0)
    centred = gram - mean - mean[:, None] + mean.mean()
    if np.trace(centred) <= len(gram) * rounding**2:
        return np.zeros(len(gram))
    return np.maximum(np.linalg.eigvalsh(centred)[::-1], 0.0) / len(gram)


def _ratio(total: np.float64, square: np.float64) -> float:
    return float(total**2 / square) if 0 < square < np.inf else np.nan


def _smaller_gram(points: NDArray[np.floating], tick: Callable[[], None]) -> Array:
    """Products of all pairs of points, or of all pairs of variables, about the mean."""
    mean = points.mean(axis=0, dtype=float)
    n, d = points.shape
    size = min(n, d)
    gram = np.zeros((size, size))
    # Along the longer side, so that no copy of all points is made.
    together = max(1, NUMBERS_AT_ONCE // size)
    for first in range(0, max(n, d), together):
        part = slice(first, first + together)
        away = points[part] - mean if n > d else (points[:, part] - mean[part]).T
        gram += away.T @ away
        tick()
    rounding = _EPSILONS * np.finfo(points.dtype).eps
    still = n * rounding**2 * float((mean**2).sum())
    return gram if np.trace(gram) > still else np.zeros_like(gram)
