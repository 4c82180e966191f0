"""Edges and atoms of the stability spectrum of large linear networks, with flips in both layers.

A = kappa D1 + X, X = W1^T D2 W1, in units of M Var W1, N, M -> infinity at c = M / N. D1 (fraction
alpha_h of -1) is free of X, a compound free Poisson law of rate lambda = 1/c, so that the inverse
z(w) of the Stieltjes transform of A is R_X(w) + G_D^{-1}(w). With v = -1/w, to the left of all
eigenvalues,

    z(v) = lambda v [(1 - alpha_r)/(v + 1) - alpha_r/(v - 1)] - [v + S(v)]/2,
    S(v)^2 = (v - m)^2 + q,  m = 2 kappa (1 - 2 alpha_h),  q = 16 kappa^2 alpha_h (1 - alpha_h);

without flipped inputs the last term is kappa - v. z(v) is concave there: both summands' slopes
fall with v. Derived for this project from Ninou, Kadmon and Cayco-Gajic, NeurIPS 2025,
arXiv:2510.02765; free cumulants as in Mingo and Speicher, Free Probability and Random Matrices
(2017).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.polynomial import polynomial

from core.kernels.critical_lines import Floats

_BISECTIONS = 60
_LEAST_SHARE = 1e-14  # of flipped inputs; a smaller one is lost in rounding
_REAL = 1e-4  # a root this near the real line counts as real: double roots split by 1e-8 or so


@dataclass(frozen=True)
class Ensemble:
    """Networks of one kind: numbers, or arrays that broadcast."""

    c: Any
    alpha_h: Any
    alpha_r: Any
    kappa: Any

    @property
    def rate(self) -> Any:
        """lambda, hidden neurons per input."""
        return 1 / self.c

    @property
    def mirrored(self) -> "Ensemble":
        """The ensemble of -A: all flips the other way round."""
        return Ensemble(self.c, 1 - self.alpha_h, 1 - self.alpha_r, self.kappa)


def left_edge(ensemble: Ensemble) -> Floats:
    """The lowest point of the spectrum: the maximum of z(v) over v > 1 (v > 0 if alpha_r = 0).

    The manifold is stable where it is positive. An atom to the left of all else is found as the
    limit v -> 0. By bisection of the slope, which falls with v.
    """
    parameters = (ensemble.c, ensemble.alpha_h, ensemble.alpha_r, ensemble.kappa)
    c, alpha_h, alpha_r, kappa = np.broadcast_arrays(*(np.asarray(x, float) for x in parameters))
    whole = Ensemble(c, alpha_h, alpha_r, kappa)
    low = np.where(alpha_r > 0, 1.0, 0.0)
    high = _beyond_maximum(whole)
    for _ in range(_BISECTIONS):
        v = (low + high) / 2
        rises = _free_poisson_slope(whole, v) > _atoms_slope(whole, v)
        low, high = np.where(rises, v, low), np.where(rises, high, v)
    return _free_poisson(whole, high) - _atoms_term(whole, high)


def right_edge(ensemble: Ensemble) -> Floats:
    """The highest point of the spectrum."""
    return -left_edge(ensemble.mirrored)


def atoms(ensemble: Ensemble) -> Floats:
    """Position and mass of each atom, "atoms two": inputs that no hidden neuron speaks for."""
    kept, flipped = 1 - ensemble.alpha_h - ensemble.rate, ensemble.alpha_h - ensemble.rate
    found = [(-ensemble.kappa, flipped), (ensemble.kappa, kept)]
    return np.array([atom for atom in found if atom[1] > 0]).reshape(-1, 2)


def critical_joint_fraction(c: Any, alpha_h: Any, kappa: Any) -> Floats:
    """Largest stable fraction of flipped hidden neurons beside flipped inputs; 0 if there is none.

    z(v) and its slope are linear in both shares of lambda. With U the last term of z, r = dU/dv,
    they vanish where

        lambda = r (v^2 - 1) + 2 U / v,     lambda alpha_r = (v - 1)^2 [(v + 1) r - U / v] / (2 v)

    The first rises with v wherever the second is positive, so bisection finds v.
    """
    c, alpha_h, kappa = np.broadcast_arrays(*(np.asarray(x, float) for x in (c, alpha_h, kappa)))
    e = Ensemble(c, np.where(alpha_h > 0, np.maximum(alpha_h, _LEAST_SHARE), 0.0), 0.0, kappa)
    low, high = np.ones(c.shape), _beyond_maximum(e)
    for _ in range(_BISECTIONS):
        v = (low + high) / 2
        U, r = _atoms_term(e, v), _atoms_slope(e, v)
        below = (r * (v**2 - 1) + 2 * U / v < e.rate) | ((v + 1) * r < U / v)
        low, high = np.where(below, v, low), np.where(below, high, v)
    # At the lower end, where the second is negative if it is what stopped the search.
    U, r = _atoms_term(e, low), _atoms_slope(e, low)
    fraction = c * (low - 1) ** 2 * ((low + 1) * r - U / low) / (2 * low)
    return np.asarray(np.clip(fraction, 0, 1))


def critical_values(ensemble: Ensemble) -> Floats:
    """Ascending real values of z where its slope vanishes, on all branches: every edge is one.

    The slope is zero where L(v) = lambda [(1 - alpha_r)/(v + 1)^2 + alpha_r/(v - 1)^2] equals
    [1 +- (v - m)/S]/2, a polynomial equation once squared. The values at v = 0 and infinity are
    always among them, since the polynomial loses its roots there. Scalar ensembles only.
    """
    roots = polynomial.polyroots(_slope_polynomial(ensemble))
    v = roots.real[np.abs(roots.imag) <= _REAL * (1 + np.abs(roots))]
    term = v - _middle(ensemble) / 2
    if 0 < ensemble.alpha_h < 1:
        S = np.sqrt((v - _middle(ensemble)) ** 2 + _spread(ensemble))
        sign = np.sign((2 * _free_poisson_slope(ensemble, v) - 1) * (v - _middle(ensemble)))
        term = (v + sign * S) / 2
    at_zero = [-ensemble.kappa, ensemble.kappa]
    at_infinity = ensemble.rate * (1 - 2 * ensemble.alpha_r) - _middle(ensemble) / 2
    return np.sort([*(_free_poisson(ensemble, v) - term), *at_zero, at_infinity])


def _beyond_maximum(e: Ensemble) -> Floats:
    """A v from which on z falls: dU/dv is above 1/2 there, L(v) below."""
    return np.asarray(np.maximum(2 * e.kappa, 1 + np.sqrt(2 * e.rate)))


def _free_poisson(e: Ensemble, v: Floats) -> Floats:
    """R_X at w = -1/v."""
    return np.asarray((_share(1 - e.alpha_r, v + 1, v) - _share(e.alpha_r, v - 1, v)) * e.rate)


def _share(fraction: Any, distance: Floats, v: Floats) -> Floats:
    """fraction v / distance, but 0 without any such neurons."""
    return np.asarray(np.divide(fraction * v, distance, where=fraction > 0, out=np.zeros_like(v)))


def _free_poisson_slope(e: Ensemble, v: Floats) -> Floats:
    """L(v), the slope of R_X in v."""
    first = _share(1 - e.alpha_r, (v + 1) ** 2, np.ones_like(v))
    second = _share(e.alpha_r, (v - 1) ** 2, np.ones_like(v))
    return np.asarray((first + second) * e.rate)


def _atoms_term(e: Ensemble, v: Floats) -> Floats:
    """-G_D^{-1} at w = -1/v, left of all atoms."""
    both = (v + np.sqrt((v - _middle(e)) ** 2 + _spread(e))) / 2
    return np.asarray(np.where(e.alpha_h > 0, both, v - e.kappa))


def _atoms_slope(e: Ensemble, v: Floats) -> Floats:
    """The slope of `_atoms_term`, which rises with v to 1."""
    x = v - _middle(e)
    return np.asarray(np.where(e.alpha_h > 0, (1 + x / np.sqrt(x**2 + _spread(e))) / 2, 1.0))


def _middle(e: Ensemble) -> Any:
    """m."""
    return 2 * e.kappa * (1 - 2 * e.alpha_h)


def _spread(e: Ensemble) -> Any:
    """q; never quite 0, so that S has a slope where it touches zero."""
    return np.maximum(16 * e.kappa**2 * e.alpha_h * (1 - e.alpha_h), np.finfo(float).tiny)


def _slope_polynomial(e: Ensemble) -> Floats:
    """The squared equation, coefficients from the constant on; a factor common to all cancelled."""
    up, down = polynomial.polypow([1, 1], 2), polynomial.polypow([-1, 1], 2)
    if e.alpha_r == 0:
        P, B = np.ones(1), up
    elif e.alpha_r == 1:
        P, B = np.ones(1), down
    else:
        P = polynomial.polyadd((1 - e.alpha_r) * down, e.alpha_r * up)
        B = polynomial.polymul(up, down)
    rest = polynomial.polysub(B, e.rate * P)
    if e.alpha_h in (0, 1):
        return np.asarray(rest)
    v_m = polynomial.polypow([-_middle(e), 1], 2)
    left = 4 * e.rate * polynomial.polymul(polynomial.polymul(v_m, P), rest)
    right = polynomial.polypow(polynomial.polysub(rest, e.rate * P), 2)
    return np.asarray(polynomial.polysub(left, _spread(e) * right))
