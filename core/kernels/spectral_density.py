"""The limiting density of the stability spectrum, and the intervals it lives on."""

from collections.abc import Sequence

import numpy as np
from numpy.polynomial import polynomial

from core.kernels.critical_lines import Floats
from core.kernels.free_probability import Ensemble, critical_values, left_edge, right_edge

_REAL = 1e-5
"""Below this share of |G| an imaginary part is rounding, which splits repeated real roots."""


def density(ensemble: Ensemble, x: Floats) -> Floats:
    """rho(x) of A = kappa D1 + W1^T D2 W1, atoms left out; per unit of M Var W1.

    The Stieltjes transform G solves, with Q = 1 - G^2 and U = x Q - lambda (1 - 2 alpha_r + G),

        G (U^2 - kappa^2 Q^2) = U Q + kappa (1 - 2 alpha_h) Q^2

    (common factors cancelled where a fraction is 0 or 1), and rho = -Im G / pi for the root of
    most negative imaginary part. Derived for this project, see `free_probability`. Infinite at
    the few points where a law has a singular edge.
    """
    return np.array([_density_at(ensemble, float(point)) for point in x])


def support(ensemble: Ensemble) -> Floats:
    """Intervals of positive density, "intervals ends", atoms left out.

    Between two neighbouring critical values the density is positive throughout or nowhere.
    """
    ends = critical_values(ensemble)
    low, high = float(left_edge(ensemble)), float(right_edge(ensemble))
    ends = np.clip(ends, low, high)
    middles = (ends[1:] + ends[:-1]) / 2
    inside = (density(ensemble, middles) > 0) & (ends[1:] > ends[:-1])
    pieces = [
        [first, last] for first, last, kept in zip(ends[:-1], ends[1:], inside, strict=True) if kept
    ]
    return np.array(_joined(pieces))


def pieces(ensemble: Ensemble) -> Floats:
    """The support cut at kappa and -kappa, near which the density peaks, "pieces ends"."""
    found = support(ensemble)
    cuts = [
        place
        for place in (-ensemble.kappa, ensemble.kappa)
        if np.any((found[:, 0] < place) & (place < found[:, 1]))
    ]
    return np.sort([*found.reshape(-1), *cuts, *cuts]).reshape(-1, 2)


def density_points(intervals: Floats, count: int) -> Floats:
    """`count` points inside each interval, dense at its ends: mid + half cos(k pi / (count + 1)).

    The integral of a function f that ends like a square root is, but for rounding,
    pi half / (count + 1) sum over k of f(x_k) sin(k pi / (count + 1)) (Gauss and Chebyshev).
    """
    cosines = np.cos(np.pi * np.arange(count, 0, -1) / (count + 1))
    middle, half = intervals.mean(axis=1), np.diff(intervals, axis=1)[:, 0] / 2
    return np.asarray(middle[:, None] + half[:, None] * cosines).reshape(-1)


def _density_at(e: Ensemble, x: float) -> float:
    roots = polynomial.polyroots(_transform_polynomial(e, x))
    if len(roots) == 0:
        return 0.0
    G = roots[np.argmin(roots.imag)]
    return 0.0 if -G.imag < _REAL * max(1.0, abs(G)) else float(-G.imag / np.pi)


def _transform_polynomial(e: Ensemble, x: float) -> Floats:
    """The equation for G at one point, coefficients from the constant on."""
    if e.alpha_r == 0:
        Q, N = np.array([1.0, -1.0]), np.array([1.0])
    elif e.alpha_r == 1:
        Q, N = np.array([1.0, 1.0]), np.array([-1.0])
    else:
        Q, N = np.array([1.0, 0.0, -1.0]), np.array([1 - 2 * e.alpha_r, 1.0])
    U = polynomial.polysub(x * Q, e.rate * N)
    G = np.array([0.0, 1.0])
    if e.alpha_h in (0, 1):
        atom = e.kappa * (1 - 2 * e.alpha_h)
        left = polynomial.polymul(G, polynomial.polysub(U, atom * Q))
        return np.asarray(polynomial.polysub(left, Q))
    square = polynomial.polymul(Q, Q)
    inner = polynomial.polysub(polynomial.polymul(U, U), e.kappa**2 * square)
    right = polynomial.polymul(U, Q)
    right = polynomial.polyadd(right, e.kappa * (1 - 2 * e.alpha_h) * square)
    return np.asarray(polynomial.polysub(polynomial.polymul(G, inner), right))


def _joined(pieces: Sequence[Sequence[float]]) -> list[list[float]]:
    """Neighbouring pieces as one: a critical value in the middle is no edge."""
    joined: list[list[float]] = []
    for first, last in pieces:
        if joined and first <= joined[-1][1]:
            joined[-1][1] = last
        else:
            joined.append([first, last])
    return joined
