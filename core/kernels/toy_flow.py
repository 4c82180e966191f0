"""The two-synapse network y_hat = w1 w2 x with teacher y = x: its learning dynamics in closed form.

    w1' = -s1 w2 e,   w2' = -s2 w1 e,   e = w1 w2 - 1

s1 (hidden) and s2 (readout) are -1 where the neuron is rule-flipped. Time is in units of
1 / (learning rate * input variance). With equal signs w1^2 - w2^2 is conserved, else w1^2 + w2^2;
each conservation law leaves a Riccati equation, which is a linear flow seen in projection (worked
out for this project; the network is that of Ninou et al., NeurIPS 2025).
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Signs = tuple[int, int]

EXACT = 4 * np.finfo(np.float64).eps
"""Weights this near to a solution are on it, as far as their own rounding can tell."""

FLIPPED_SIGNS: dict[str, Signs] = {
    "none": (1, 1),
    "hidden": (-1, 1),
    "readout": (1, -1),
    "both": (-1, -1),
}


def error(weights: Floats) -> Floats:
    """e = w1 w2 - 1 of weights "... 2"; the loss is input_variance e^2 / 2."""
    return np.asarray(weights[..., 0] * weights[..., 1] - 1.0)


def field(signs: Signs, weights: Floats) -> Floats:
    """The velocity "... 2" at weights "... 2"."""
    e = error(weights)
    return np.stack([-signs[0] * weights[..., 1] * e, -signs[1] * weights[..., 0] * e], axis=-1)


def flow(signs: Signs, starts: Floats, times: Floats) -> Floats:
    """Where starts "starts 2" are after times "times" >= 0: "starts times 2".

    Nan from the moment at which gradient ascent (both signs -1) has gone to infinity.
    """
    if signs[0] == signs[1]:
        moved = _on_hyperbolas(starts, times, signs[0])
    else:
        mirror = slice(None, None, signs[0])  # a flipped hidden neuron: the roles are swapped
        moved = _on_circles(starts[:, mirror], times)[..., mirror]
    # On an unstable solution rounding would decide where to.
    return np.where(at_rest(starts)[:, None, None], starts[:, None], moved)


def escape_time(starts: Floats) -> Floats:
    """When gradient ascent from starts "starts 2" is at infinity: "starts", inf if never."""
    P, M, k = _hyperbola(starts)
    reach = np.maximum(P / 2 - 1, M / 2 + 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        time = np.arctanh(k / reach) / k
    return np.where(reach > k, time, np.inf)


def at_rest(starts: Floats) -> NDArray[np.bool_]:
    """Whether starts "starts 2" are fixed points, solutions or the origin, but for rounding."""
    return (np.abs(error(starts)) <= EXACT) | ~starts.any(axis=1)


def half_square(starts: Floats) -> Floats:
    """a = (w1^2 + w2^2) / 2, conserved on circles: they meet solutions where a >= 1."""
    return np.asarray((starts**2).sum(axis=-1) / 2)


def _on_circles(starts: Floats, times: Floats) -> Floats:
    """w1' = -w2 e, w2' = w1 e: the direction of exp(A t) w, at the radius it started with.

    theta' = a sin 2 theta - 1, or u' = -u^2 + 2 a u - 1 for u = w2 / w1, which is the projection
    of the linear flow of A = [[-a, 1], [-1, a]], A^2 = (a^2 - 1) I.
    """
    a = half_square(starts)[:, None]
    x, y = starts[:, :1], starts[:, 1:]
    C, S = _exponential((a - 1) * (a + 1), times)
    linear = np.stack([C * x + S * (y - a * x), C * y + S * (a * y - x)], axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return linear * (np.sqrt(2 * a) / np.hypot(linear[..., 0], linear[..., 1]))[..., None]


def _exponential(k_squared: Floats, times: Floats) -> tuple[Floats, Floats]:
    """exp(A t) = C I + S A up to a positive factor, for A^2 = k^2 I with any sign of k^2."""
    k = np.sqrt(np.abs(k_squared))
    turning, still = k_squared < 0, k_squared == 0
    phase = k * times
    shrunk = np.where(turning, 0.0, np.exp(-2 * np.where(turning, 0.0, phase)))
    C = np.where(turning, np.cos(phase), (1 + shrunk) / 2)
    S = np.where(turning, np.sin(phase), (1 - shrunk) / 2) / np.where(still, 1.0, k)
    return C, np.where(still, times, S)


def _hyperbola(starts: Floats) -> tuple[Floats, Floats, Floats]:
    """P = (w1 + w2)^2, M = (w1 - w2)^2 and the rate k = sqrt(1 + P M / 4)."""
    P, M = (starts[:, 0] + starts[:, 1]) ** 2, (starts[:, 0] - starts[:, 1]) ** 2
    return P, M, np.sqrt(1 + P * M / 4)


def _on_hyperbolas(starts: Floats, times: Floats, sign: int) -> Floats:
    """w1' = -sign w2 e, w2' = -sign w1 e: P' = sign (-P^2 / 2 + 2 P + P M / 2), P M constant.

    M obeys the same equation with -2 M. In both the numbers below are sums of positive terms for
    gradient descent, so that nothing cancels near the solutions.
    """
    P, M, k = (number[:, None] for number in _hyperbola(starts))
    decayed = np.exp(-2 * k * times)
    S = (1 - decayed) / (2 * k)
    above = P * M / (4 * (k + 1))  # k - 1
    C_less_S = (above + (k + 1) * decayed) / (2 * k)
    C_plus_S = ((k + 1) + above * decayed) / (2 * k)
    grown, shrunk = (C_plus_S, C_less_S) if sign > 0 else (C_less_S, C_plus_S)
    with np.errstate(invalid="ignore", divide="ignore"):
        P_now = (P * grown + sign * S * P * M / 2) / (shrunk + sign * S * P / 2)
        M_now = (M * shrunk + sign * S * P * M / 2) / (grown + sign * S * M / 2)
    # Nothing comes of nothing, even where it is divided by what has decayed to nothing.
    root_P = np.sqrt(np.maximum(np.where(P == 0, 0.0, P_now), 0))
    root_M = np.sqrt(np.maximum(np.where(M == 0, 0.0, M_now), 0))
    root_P = np.copysign(root_P, starts[:, :1] + starts[:, 1:])
    root_M = np.copysign(root_M, starts[:, :1] - starts[:, 1:])
    weights = np.stack([root_P + root_M, root_P - root_M], axis=-1) / 2
    if sign < 0:
        weights[times >= escape_time(starts)[:, None]] = np.nan
    return weights
