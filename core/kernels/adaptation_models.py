"""The models of trial-by-trial adaptation: what their parameters make of the filter's regimes.

    one_state       a, b                        z' = a z + b e
    two_state       slow and fast part          a_slow >= a_fast, b_fast >= b_slow, y = sum + v
    generalization  one part per target         z_j' = a z_j + B(|theta_j - theta_i|) e at target i
    falling_generalization   the same, with B a Gaussian of that distance

each with planning variance q and motor variance r. Slow and fast part have planning noise of their
own; targets share theirs, and what is not known of the state before a run, so that targets which
all learn alike are the one state. B is the behavioural
generalization function: how much of an error at one target is learned at another. Two states:
M. A. Smith, A. Ghazizadeh and R. Shadmehr, PLoS Biology 4:e179 (2006); generalization:
K. A. Thoroughman and R. Shadmehr, Nature 407:742 (2000).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import product
from math import log

import numpy as np
from numpy.typing import NDArray

from core.kernels.adaptation_filter import Floats, Regimes

RETENTION = (0.0, 1.1)
SENSITIVITY = (-1.0, 2.0)
SHARE = (0.001, 1.1)
LOG_VARIANCE = (log(1e-6), log(1e3))  # of the variance of the movements
START_RETENTION = (0.98, 0.8)
START_SENSITIVITY = (0.05, 0.3)
START_SHARE = (0.4, 0.8)
START_VARIANCES = ((log(0.02), log(0.3)), (log(0.2), log(0.1)))


@dataclass(frozen=True)
class Model:
    """Parameters of one arm, their box and starts, and the regimes that they make.

    names: of the parameters; the last two are log q and log r, in units of the variance of the
    movements; sensitivity: positions of those that make up the error sensitivity;
    low, high: "parameters"; starts: "starts parameters";
    regimes: from "points arms parameters", the regime of arm k and target i at k * targets + i.
    """

    names: tuple[str, ...]
    sensitivity: tuple[int, ...]
    low: Floats
    high: Floats
    starts: Floats
    targets: int
    regimes: Callable[[Floats], Regimes]

    @property
    def motor(self) -> int:
        """The position of log r."""
        return len(self.names) - 1


def one_state() -> Model:
    """Retention and error sensitivity, the same for every target."""

    def regimes(local: Floats) -> Regimes:
        return _regimes(local, local[..., :1], local[..., 1:2], np.ones((local.shape[1], 1)))

    boxes = (RETENTION, SENSITIVITY)
    starts = product(product(START_RETENTION, START_SENSITIVITY), START_VARIANCES)
    return _model(("a", "b"), (1,), boxes, [(*mean, *spread) for mean, spread in starts], regimes)


def two_state(anchor: str) -> Model:
    """A part that learns slowly and forgets slowly, and one that does both fast.

    anchor `outer`: parameters a_slow, b_fast and the gaps to a_fast, b_slow; `inner`: a_fast,
    b_slow and the gaps. Both are the same model; a profile is taken of what is a parameter itself.
    """
    outer = anchor == "outer"

    def regimes(local: Floats) -> Regimes:
        a, a_gap, b, b_gap = (local[..., k] for k in range(4))
        retention = np.stack([a, a - a_gap] if outer else [a + a_gap, a], axis=-1)
        learning = np.stack([b - b_gap, b] if outer else [b, b + b_gap], axis=-1)
        return _regimes(local, retention, learning, np.ones((local.shape[1], 2)))

    gaps = ((0.0, 1.1), (0.0, 2.0))
    boxes = (RETENTION, gaps[0], SENSITIVITY, gaps[1])
    pairs = ((0.99, 0.4, 0.2, 0.15), (0.95, 0.2, 0.3, 0.25), (0.999, 0.1, 0.1, 0.05))
    inner = [(a - ag, ag, b - bg, bg) for a, ag, b, bg in pairs]
    starts = product(pairs if outer else inner, START_VARIANCES)
    names = (
        ("a_slow", "a_gap", "b_fast", "b_gap") if outer else ("a_fast", "a_gap", "b_slow", "b_gap")
    )
    return _model(names, (2, 3), boxes, [(*mean, *spread) for mean, spread in starts], regimes)


def generalization(separation: NDArray[np.int64]) -> Model:
    """One state per target; separation: "targets targets", which value of B joins each pair."""
    n_targets, n_values = len(separation), int(separation.max()) + 1

    def regimes(local: Floats) -> Regimes:
        points, arms = local.shape[:2]
        learning = local[..., 1 : n_values + 1][..., separation]
        shape = (points, arms * n_targets, n_targets)
        retention = np.broadcast_to(local[..., None, :1], (points, arms, n_targets, n_targets))
        each = np.repeat(local, n_targets, axis=1)
        readout = np.tile(np.eye(n_targets), (arms, 1))
        found = _regimes(each, retention.reshape(shape), learning.reshape(shape), readout)
        return replace(found, common=True)

    values = [[b * 0.3 ** (k > 0) for k in range(n_values)] for b in START_SENSITIVITY]
    starts = product(START_RETENTION[:1], values, START_VARIANCES)
    names = ("a", *(f"B_{k}" for k in range(n_values)))
    boxes = (RETENTION, *(SENSITIVITY for _ in range(n_values)))
    listed = [(a, *b, *spread) for a, b, spread in starts]
    sensitivity = tuple(range(1, n_values + 1))
    return _model(names, sensitivity, boxes, listed, regimes, targets=n_targets)


def falling_generalization(angle_deg: Floats) -> Model:
    """One state per target, and an error sensitivity that falls off as a Gaussian of distance.

        B(d) = b g^((d / d_1)^2),   d_1: the least distance between two targets

    g is the share of what is learned at a target that its nearest neighbour learns too: one number
    for how far learning generalizes, beside b for how fast it is.
    """
    distinct, which = separations(angle_deg)
    n_targets, steps = len(angle_deg), np.square(distinct / distinct[1])[which]

    def regimes(local: Floats) -> Regimes:
        points, arms = local.shape[:2]
        share = local[..., 2, None, None] ** steps
        shape = (points, arms * n_targets, n_targets)
        learning = local[..., 1, None, None] * share
        retention = np.broadcast_to(local[..., None, :1], (points, arms, n_targets, n_targets))
        each = np.repeat(local, n_targets, axis=1)
        readout = np.tile(np.eye(n_targets), (arms, 1))
        found = _regimes(each, retention.reshape(shape), learning.reshape(shape), readout)
        return replace(found, common=True)

    starts = product(START_RETENTION[:1], START_SENSITIVITY, START_SHARE, START_VARIANCES)
    boxes = (RETENTION, SENSITIVITY, SHARE)
    listed = [(a, b, g, *spread) for a, b, g, spread in starts]
    return _model(("a", "b", "g"), (1,), boxes, listed, regimes, targets=n_targets)


def separations(angle_deg: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """The distinct distances between targets, in degrees, and which of them joins each pair."""
    apart = np.abs(angle_deg[:, None] - angle_deg[None, :]) % 360.0
    nearer: Floats = np.asarray(np.round(np.minimum(apart, 360.0 - apart), 3))
    distinct, which = np.unique(nearer, return_inverse=True)
    return distinct, which.reshape(nearer.shape)


def asymptote(retention: Floats, learning: Floats) -> float:
    """The share of a constant perturbation that is compensated in the end: G / (1 + G).

    G = sum of b / (1 - a) over the parts of the state; 1 where a part never forgets.
    """
    forgetting = 1 - retention
    if (forgetting <= 0).any():
        return 1.0
    gain = float((learning / forgetting).sum())
    return gain / (1 + gain)


def _regimes(local: Floats, retention: Floats, learning: Floats, readout: Floats) -> Regimes:
    return Regimes(
        retention=np.ascontiguousarray(retention),
        learning=np.ascontiguousarray(learning),
        readout=readout,
        planning_variance=np.exp(local[..., -2]),
        motor_variance=np.exp(local[..., -1]),
    )


def _model(
    names: tuple[str, ...],
    sensitivity: tuple[int, ...],
    boxes: tuple[tuple[float, float], ...],
    starts: list[tuple[float, ...]],
    regimes: Callable[[Floats], Regimes],
    *,
    targets: int = 1,
) -> Model:
    low, high = np.array([*boxes, LOG_VARIANCE, LOG_VARIANCE]).T
    every = (*names, "log_q", "log_r")
    return Model(every, sensitivity, low, high, np.array(starts), targets, regimes)
