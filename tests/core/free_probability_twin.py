"""The spectrum's theory as the specification states it, in w, by plain numerical methods."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import brentq, minimize_scalar

REFERENCE = json.loads((Path(__file__).parents[1] / "data" / "critical_lines.json").read_text())
"""Check values published with the project's specification of curl descent (section 4)."""


def z(w: float, c: float, alpha_h: float, alpha_r: float, kappa: float) -> float:
    """R_X(w) + G_D^{-1}(w), leftmost branch."""
    R = ((1 - alpha_r) / (1 - w) - (alpha_r / (1 + w) if alpha_r else 0.0)) / c
    if alpha_h == 0:
        return R + kappa + 1 / w
    root = np.sqrt(1 + 4 * w * (w * kappa**2 + kappa * (1 - 2 * alpha_h)))
    return float(R + (1 + root) / (2 * w))


def maximum(c: float, alpha_h: float, alpha_r: float, kappa: float) -> tuple[float, float]:
    """The left edge and the w where it is, by golden section in the logarithm of -w."""
    nearly = 1 - 1e-12 if alpha_r else 1e6
    found = minimize_scalar(
        lambda x: -z(-np.exp(x), c, alpha_h, alpha_r, kappa),
        bounds=(np.log(1e-6), np.log(nearly)),
        method="bounded",
        options={"xatol": 1e-12},
    )
    return -float(found.fun), float(-np.exp(found.x))


def edge_scale(c: float, alpha_h: float, alpha_r: float, kappa: float, inputs: int) -> float:
    """The scale of the lowest eigenvalue's fluctuation at a square-root edge (Tracy and Widom).

    The density starts as sqrt(2 (x - edge) / |z''|) / pi, so the lowest of M eigenvalues lies at
    edge - (|z''| / 2)^(1/3) M^(-2/3) xi, where xi has mean -1.21 and standard deviation 1.27.
    """
    _, w = maximum(c, alpha_h, alpha_r, kappa)
    h = 1e-3 * min(-w, 1 + w if alpha_r else -w)
    sides = [z(w + step, c, alpha_h, alpha_r, kappa) for step in (-h, 0.0, h)]
    curvature = abs(sides[0] - 2 * sides[1] + sides[2]) / h**2
    return float((curvature / 2) ** (1 / 3) * inputs ** (-2 / 3))


def readout_line(c: float, kappa: float) -> float:
    """alpha_r* from the parametric form in w, solved for c by bracketed root finding."""
    end = min(1.0, 1 / np.sqrt(kappa))

    def p_q(t: float) -> tuple[float, float]:
        q = (1 - t) ** 2 * (1 + kappa * t**2) / (2 * t**2)
        return (1 + t) ** 2 * (1 - kappa * t**2) / (2 * t**2), q

    if sum(p_q(end)) > 1 / c:
        return 0.0 if kappa < 1 else 1.0
    t = brentq(lambda t: sum(p_q(t)) - 1 / c, 1e-8, end, xtol=1e-15, rtol=1e-14)
    return float(p_q(t)[1] * c)


def hidden_line(c: float, kappa: float) -> float:
    """alpha_h* from the parametric form in y, solved for c by bracketed root finding."""

    def excess(y: float) -> float:
        return (y**2 + kappa**2) / (y**2 * (1 + 2 * y)) - c

    if excess(kappa) < 0:
        return 0.0
    y = brentq(excess, kappa, 1e8, xtol=1e-15, rtol=1e-14)
    last = (y**2 + y - kappa**2) * (y**2 - kappa**2) / (y**2 + kappa**2)
    return float(min(1.0, (kappa - y + last) / (2 * kappa)))


def moments(c: float, alpha_h: float, alpha_r: float, kappa: float) -> list[Any]:
    """The first four moments of A, zeroth included: free cumulants of both summands add."""
    rate, mean = 1 / c, kappa * (1 - 2 * alpha_h)
    first = mean + rate * (1 - 2 * alpha_r)
    second = kappa**2 - mean**2 + rate
    third = 2 * mean**3 - 2 * mean * kappa**2 + rate * (1 - 2 * alpha_r)
    return [1.0, first, second + first**2, third + 3 * first * second + first**3]
