"""The models of trial-by-trial adaptation: what their parameters make of the filter's regimes.

    one_state       a, b                        z' = a z + b e
    two_state       slow and fast part          a_slow >= a_fast, b_fast >= b_slow, y = sum + v
    generalization  one part per target         z_j' = a z_j + B(|theta_j - theta_i|) e at target i
    falling_generalization   the same, with B a Gaussian of that distance

each with planning variance q and motor variance r. Slow and fast part have planning noise of their
own; targets share theirs, and what is not known of the state before a run, so that targets which
all learn alike are the one state. Before a run the slow part is unknown and the fast one, soon
forgotten, is 0: so two parts that keep alike are the one state, and the likelihoods compare. B is
the behavioural generalization function: how much of an error at one target is learned at another.
Two states: M. A. Smith, A. Ghazizadeh and R. Shadmehr, PLoS Biology 4:e179 (2006); generalization:
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
LEAST_WAY = 1e-9  # between two parts that both learn as much or as little as they may
SLOW: Floats = np.array([1.0, 0.0])
LOG_VARIANCE = (log(1e-6), log(1e3))  # of the variance of the movements
START_RETENTION = (0.98, 0.8)
START_SENSITIVITY = (0.05, 0.3)
START_SHARE = (0.4, 0.8)
START_PARTS = (  # retention and error sensitivity, slow and fast
    ((0.99, 0.59), (0.05, 0.2)),
    ((0.95, 0.75), (0.05, 0.3)),
    ((0.999, 0.899), (0.05, 0.1)),
)
PARAMETERS = {
    "outer": ("a_slow", "b_fast"),
    "inner": ("a_fast", "b_slow"),
    "total": ("a_slow", "b_slow + b_fast"),
}
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

    @property
    def compared(self) -> tuple[tuple[int, ...], ...]:
        """What two arms are tested to share: the error sensitivity; the motor variance."""
        return self.sensitivity, (self.motor,)


def one_state() -> Model:
    """Retention and error sensitivity, the same for every target."""

    def regimes(local: Floats) -> Regimes:
        readout = np.ones((local.shape[1], 1))
        return _regimes(local, local[..., :1], local[..., 1:2], readout, np.ones(1))

    boxes = (RETENTION, SENSITIVITY)
    starts = product(product(START_RETENTION, START_SENSITIVITY), START_VARIANCES)
    return _model(("a", "b"), (1,), boxes, [(*mean, *spread) for mean, spread in starts], regimes)


def two_state(anchor: str) -> Model:
    """A part that learns slowly and forgets slowly, and one that does both fast.

    anchor `outer`: parameters a_slow, b_fast, and how far a_fast and b_slow are below them, as
    shares of the way to the end of their box; `inner`: a_fast, b_slow, and how far the others are
    above; `total`: a_slow and a_fast as in `outer`, b_slow + b_fast, and how far these are apart.
    All are the same model; a profile is taken of what is a parameter itself.
    """

    def regimes(local: Floats) -> Regimes:
        retention, learning = parts_of(anchor, local)
        return _regimes(local, retention, learning, np.ones((local.shape[1], 2)), SLOW)

    low, high = SENSITIVITY
    box = (2 * low, 2 * high) if anchor == "total" else SENSITIVITY
    boxes = (RETENTION, (0.0, 1.0), box, (0.0, 1.0))
    starts = [
        tuple(of_parts(anchor, np.array(kept), np.array(learnt), np.array(own)).tolist())
        for (kept, learnt), own in product(START_PARTS, START_VARIANCES)
    ]
    a, b = PARAMETERS[anchor]
    return _model((a, "a_share", b, "b_share"), (2, 3), boxes, starts, regimes)


def parts_of(anchor: str, local: Floats) -> tuple[Floats, Floats]:
    """Retention and error sensitivity, "... parts" each, of parameters of the two-state model."""
    a, a_share, b, b_share = (local[..., k] for k in range(4))
    if anchor == "inner":
        kept = a + a_share * (RETENTION[1] - a), a
        learnt = b, b + b_share * (SENSITIVITY[1] - b)
    else:
        kept = a, a + a_share * (RETENTION[0] - a)
        apart = b_share * _widest(b)
        outer = b + b_share * (SENSITIVITY[0] - b), b
        learnt = ((b - apart) / 2, (b + apart) / 2) if anchor == "total" else outer
    return np.stack(kept, axis=-1), np.stack(learnt, axis=-1)


def of_parts(anchor: str, retention: Floats, learning: Floats, log_variances: Floats) -> Floats:
    """The parameters of the two-state model that make these parts; log_variances: "... 2"."""
    (a_slow, a_fast), (b_slow, b_fast) = (np.moveaxis(x, -1, 0) for x in (retention, learning))
    if anchor == "inner":
        kept = a_fast, _share(a_slow, a_fast, RETENTION[1])
        learnt = b_slow, _share(b_fast, b_slow, SENSITIVITY[1])
    elif anchor == "outer":
        kept = a_slow, _share(a_fast, a_slow, RETENTION[0])
        learnt = b_fast, _share(b_slow, b_fast, SENSITIVITY[0])
    else:
        total = b_slow + b_fast
        kept = a_slow, _share(a_fast, a_slow, RETENTION[0])
        learnt = total, (b_fast - b_slow) / np.maximum(_widest(total), LEAST_WAY)
    return np.concatenate([np.stack([*kept, *learnt], axis=-1), log_variances], axis=-1)


def _widest(total: Floats) -> Floats:
    """How far two error sensitivities of this sum can be apart in their box."""
    return np.minimum(total - 2 * SENSITIVITY[0], 2 * SENSITIVITY[1] - total)


def of_one_state(local: Floats) -> Floats:
    """The parameters of the two-state model, `outer`, that make it this one state."""
    a, b = local[..., :1], local[..., 1:2]
    halved = local[..., -2:] - np.array([log(2.0), 0.0])
    return of_parts("outer", np.repeat(a, 2, axis=-1), np.repeat(b / 2, 2, axis=-1), halved)


def _share(value: Floats, start: Floats, end: float) -> Floats:
    """How far the value is on the way from start to end; 0 where there is no way to go."""
    way = np.where(start == end, 1.0, end - start)
    return np.asarray((value - start) / way)


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
        kept, learnt = retention.reshape(shape), learning.reshape(shape)
        found = _regimes(each, kept, learnt, readout, np.ones(n_targets))
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
        kept, learnt = retention.reshape(shape), learning.reshape(shape)
        found = _regimes(each, kept, learnt, readout, np.ones(n_targets))
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


def _regimes(
    local: Floats, retention: Floats, learning: Floats, readout: Floats, unknown: Floats
) -> Regimes:
    return Regimes(
        retention=np.ascontiguousarray(retention),
        learning=np.ascontiguousarray(learning),
        readout=readout,
        planning_variance=np.exp(local[..., -2]),
        motor_variance=np.exp(local[..., -1]),
        unknown=unknown,
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
