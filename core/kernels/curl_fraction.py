"""How far a learning rule is from following any gradient, at one point in weight space.

    curl_fraction = ||(J - J^T) / 2||_F / ||J||_F,   J = dF / d theta

of the update field F: 0 for a gradient, 1 if there is nothing but rotation. J has (N M + K N)^2
entries and is never formed. Each of its blocks is a sum over samples of outer products, so that
||J||_F^2 and tr J^2 are sums over pairs of samples of products of Gram matrices:

    curl_fraction^2 = (1 - tr J^2 / ||J||_F^2) / 2

This is exact for every activation and rule here and takes P^2 (M + K^2 N) multiply-adds for P
samples. The difference leaves a rounding error of about 1e-8. For a gradient field with flips,
F = -D grad C, the same number squared is the share that entries which join two weights of opposite
sign have in the squared norm of the Hessian.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import nan, sqrt
from typing import Literal

import numpy as np

from core.kernels.clock import no_tick
from core.kernels.derivatives import Array, derivatives

_NUMBERS_AT_ONCE = 2**16


@dataclass(frozen=True)
class UpdateField:
    """A learning rule at one network, on all samples at once.

    F is -D1 delta1 x^T and -D2 delta2 h^T, averaged over samples, where delta2 = e psi'(a2) (e for
    raw errors) and delta1 = (B^T delta2) phi'(a1), B the feedback or W2 itself.
    """

    W1: Array  # "hidden inputs"
    W2: Array  # "outputs hidden"
    X: Array  # "samples inputs"
    Y: Array  # "samples outputs"
    D1: Array  # "inputs", "hidden" if postsynaptic: -1 where flipped, else 1
    D2: Array  # "hidden", "outputs" if postsynaptic
    site: Literal["presynaptic", "postsynaptic"] = "presynaptic"
    phi: str = "linear"
    psi: str = "linear"
    raw_error: bool = False
    feedback: Array | None = None  # "outputs hidden"


@dataclass(frozen=True)
class SynapseSigns:
    """The sign of a weight is that of its neuron before times that of its neuron after."""

    pre1: Array
    post1: Array
    pre2: Array
    post2: Array


@dataclass(frozen=True)
class _Factors:
    """What the blocks of J are made of, sample by sample."""

    x: Array  # "samples inputs"
    h: Array  # "samples hidden"
    slope: Array  # "samples hidden", phi'(a1)
    forward: Array  # "outputs samples hidden", d a2_k / d a1_i
    backward: Array  # "outputs samples hidden", what the rule takes for it
    delta2: Array  # "outputs samples"
    change: Array  # "outputs samples", d delta2_k / d a2_k
    bend: Array  # "samples hidden", sum_k B_ki delta2_k phi''(a1_i)
    tied: float  # 1 where errors travel back through W2, which is then differentiated too


def curl_fraction(field: UpdateField, tick: Callable[[], None] = no_tick) -> float:
    """The curl fraction, 0 to 1; nan where no weight changes the field at all.

    `tick` is called every few milliseconds and may raise to stop.
    """
    factors, signs = _factors(field), synapse_signs(field)
    unsigned = SynapseSigns(
        *(np.ones_like(s) for s in (signs.pre1, signs.post1, signs.pre2, signs.post2))
    )
    samples = len(field.X)
    rows = max(1, _NUMBERS_AT_ONCE // samples)
    square = mirrored = 0.0
    for first in range(0, samples, rows):
        part = slice(first, first + rows)
        square += _paired(factors, part, unsigned, transposed=False, tick=tick)
        mirrored += _paired(factors, part, signs, transposed=True, tick=tick)
    if not square > 0 or not np.isfinite(square):
        return nan
    return sqrt(max(0.0, (1 - mirrored / square) / 2))


def operations(samples: int, inputs: int, hidden: int, outputs: int) -> int:
    """Multiply-adds of one curl fraction."""
    return 2 * samples**2 * (inputs + hidden + (8 * outputs + 2 * outputs**2) * hidden)


def seconds(samples: int, inputs: int, hidden: int, outputs: int) -> float:
    """What they take on one core, with the passes over pairs of samples between them."""
    passes = samples**2 * (60 + 70 * outputs + 4 * outputs**2)
    return 6e-11 * operations(samples, inputs, hidden, outputs) + 1e-9 * passes


def memory_bytes(samples: int, inputs: int, hidden: int, outputs: int) -> int:
    """The most that one curl fraction holds at a time, its field included."""
    pairs = max(samples, min(samples**2, _NUMBERS_AT_ONCE))
    each = 3 * inputs + 12 * hidden + 3 * outputs * hidden + 10 * outputs
    weights = 4 * hidden * (inputs + outputs)
    return 8 * (12 * pairs + samples * each + weights)


def synapse_signs(field: UpdateField) -> SynapseSigns:
    """Of both layers, from the neurons that are flipped."""
    hidden, inputs = field.W1.shape
    if field.site == "presynaptic":
        return SynapseSigns(field.D1, np.ones(hidden), field.D2, np.ones(len(field.W2)))
    return SynapseSigns(np.ones(inputs), field.D1, np.ones(hidden), field.D2)


def _factors(field: UpdateField) -> _Factors:
    h, slope, curvature = derivatives(field.phi, field.X @ field.W1.T)
    y, psi_slope, psi_curvature = derivatives(field.psi, h @ field.W2.T)
    e = y - field.Y
    delta2, change = e * psi_slope, psi_slope**2 + e * psi_curvature
    if field.raw_error:
        delta2, change = e, psi_slope
    feedback = field.W2 if field.feedback is None else field.feedback
    return _Factors(
        x=field.X,
        h=h,
        slope=slope,
        forward=field.W2[:, None, :] * slope,
        backward=feedback[:, None, :] * slope,
        delta2=delta2.T,
        change=change.T,
        bend=(delta2 @ feedback) * curvature,
        tied=float(field.feedback is None),
    )


def _paired(
    f: _Factors, part: slice, signs: SynapseSigns, *, transposed: bool, tick: Callable[[], None]
) -> float:
    """sum_ab d_a d_b G_ab G_ab, or G_ab G_ba if transposed, for J = -D G, times P^2.

    One of the two samples of a pair is from `part`.
    """
    gram_x, gram_h = _gram(f.x, f.x, part, signs.pre1), _gram(f.h, f.h, part, signs.pre2)
    tick()
    up, down = (f.forward, 1.0), (f.backward, f.tied)
    halves = ((up, down), (down, up)) if transposed else ((up, up), (down, down))
    within_readout = between = np.zeros_like(gram_x)
    for k in range(len(f.change)):
        pairs = np.outer(f.change[k, part], f.change[k])
        within_readout = within_readout + pairs * gram_h
        for one, other in halves:
            between = between + _between(f, k, part, signs, gram_h * pairs, one, other)
        tick()
    within_W1 = _within_hidden_layer(f, part, signs, transposed=transposed, tick=tick)
    return float(
        np.sum(within_readout * gram_h) + np.sum(gram_x * between) + np.sum(gram_x**2 * within_W1)
    )


def _gram(a: Array, b: Array, part: slice, weights: Array) -> Array:
    """sum_i weights_i a_pi b_qi: "part samples"."""
    return np.asarray((a[part] * weights) @ b.T)


def _between(
    f: _Factors,
    k: int,
    part: slice,
    signs: SynapseSigns,
    activity: Array,
    one: tuple[Array, float],
    other: tuple[Array, float],
) -> Array:
    """The blocks that join row k of W2 to W1, G = <x (h c u + own delta2 phi')>, but for x.

    A half (u, own) is the forward or the backward path; the second term is there if i = i' and if
    W2 is in the path.
    """
    (u, own_u), (v, own_v) = (one[0][k], one[1]), (other[0][k], other[1])
    both = signs.pre2 * signs.post1
    c, d = f.change[k], own_v * f.delta2[k]
    joined = activity * _gram(u, v, part, signs.post1)
    joined += np.outer(c[part], d) * _gram(f.h * u, f.slope, part, both)
    joined += np.outer(own_u * f.delta2[k, part], c) * _gram(f.slope, f.h * v, part, both)
    joined += np.outer(own_u * f.delta2[k, part], d) * _gram(f.slope, f.slope, part, both)
    return np.asarray(signs.post2[k] * joined)


def _within_hidden_layer(
    f: _Factors, part: slice, signs: SynapseSigns, *, transposed: bool, tick: Callable[[], None]
) -> Array:
    """The block of W1 with itself, G = <x x (sum_k c_k b_k u_k + bend)>, but for the inputs."""
    first, second = (f.forward, f.backward) if transposed else (f.backward, f.forward)
    own = (f.change[:, :, None] * f.backward * f.forward).sum(axis=0)
    ones = np.ones(own.shape[1])
    joined = _gram(2 * own + f.bend, f.bend, part, ones)
    for k in range(len(f.change)):
        for m in range(len(f.change)):
            pairs = np.outer(f.change[k, part], f.change[m])
            pairs *= _gram(f.backward[k], first[m], part, signs.post1)
            joined += pairs * _gram(f.forward[k], second[m], part, signs.post1)
            tick()
    return joined
