"""Linear networks: the data enter through the error of the map W2 W1 alone.

With beta the teacher's map and S = X^T X / P the covariance of a full batch,

    E = (W2 W1 - beta) S        or, of a batch,        E = (W2 W1 X^T - Y^T) X / B
    W1 <- W1 - eta D1' F^T E D1        W2 <- W2 - eta D2' E W1^T D2

which costs 3 N M and what E takes (M^2 or 2 B M) instead of 2 B N M for every output. F is W2 or,
under feedback alignment, fixed. `curl_learning` says what the signs D and the constraint do.
"""

import numpy as np

from core.kernels.compiled import inner, inner_sums, kernel
from core.kernels.curl_learning import trace_epoch
from core.kernels.linear_rows import update_rows
from core.kernels.sideways import Sideways, lay_down, stand_up, update_sideways
from core.kernels.stack import (
    BLOCK,
    Array,
    Model,
    Plasticity,
    Scratch,
    Trace,
    Weights,
    plasticity_at,
    weights_at,
)


@kernel
def learn_from_covariance(
    model: Model,
    stack: Weights,
    rules: Plasticity,
    networks: tuple[int, int],
    S: Array,
    beta: Array,
    maps: Array,
    errors: Array,
    eta: float,
    epochs: int,
    stepped: Array,
    trace: Trace,
    traced: bool,
    scratch: Scratch,
    side: Sideways,
) -> None:
    """Take the stepped ones of networks [first, last) through that many epochs of a full batch.

    S: "columns columns"; beta: "replicates outputs columns"; maps: "networks outputs columns",
    every network's W2 W1, kept between calls; errors: "two outputs columns", working memory.
    """
    for n in range(networks[0], networks[1]):
        if stepped[n]:
            weights, rule = weights_at(stack, n), plasticity_at(rules, n)
            teacher, v, e, signed = beta[n % beta.shape[0]], maps[n], errors[0], errors[1]
            step = stack.s1.dtype.type(eta)
            _lay_down(weights, rule, side)
            for _ in range(epochs):
                _correlated_errors(v, teacher, S, e)
                _sign(e, rule.pre1, signed)
                size = _update(model.constraint, weights, rule, step, v, e, signed, scratch, side)
                stepped[n] = np.isfinite(size)
                if not stepped[n]:
                    break
                _trace(weights, n, trace, traced, side)
            _stand_up(side, weights)


@kernel
def learn_from_batches(
    model: Model,
    stack: Weights,
    rules: Plasticity,
    networks: tuple[int, int],
    xs: Array,
    ys: Array,
    steps: Array,
    epoch_ends: Array,
    repeats: int,
    maps: Array,
    errors: Array,
    stepped: Array,
    trace: Trace,
    traced: bool,
    scratch: Scratch,
    side: Sideways,
) -> None:
    """Take the stepped ones of networks [first, last) through the batches, `repeats` times over.

    xs: "batches padded_batch columns"; ys: "replicates batches padded_batch outputs", both zero
    where they are padding; steps: eta / B; epoch_ends: where to retire networks that are no longer
    finite and to trace the others; maps and errors as for `learn_from_covariance`.
    """
    for n in range(networks[0], networks[1]):
        if stepped[n]:
            weights, rule = weights_at(stack, n), plasticity_at(rules, n)
            v, e, signed, answers = maps[n], errors[0], errors[1], ys[n % ys.shape[0]]
            _lay_down(weights, rule, side)
            for update in range(repeats * steps.size):
                t = update % steps.size
                step = stack.s1.dtype.type(steps[t])
                _batch_errors(v, xs[t], answers[t], e, scratch)
                _sign(e, rule.pre1, signed)
                size = _update(model.constraint, weights, rule, step, v, e, signed, scratch, side)
                if epoch_ends[t]:
                    stepped[n] = np.isfinite(size)
                    if not stepped[n]:
                        break
                    _trace(weights, n, trace, traced, side)
            _stand_up(side, weights)


@kernel
def start_maps(stack: Weights, maps: Array) -> None:
    """maps[n] = W2 W1 of every network."""
    for n in range(maps.shape[0]):
        weights = weights_at(stack, n)
        for i in range(weights.W2.shape[1]):
            for k in range(weights.W2.shape[0]):
                w = weights.s2[k] * weights.W2[k, i] * weights.s1[i]
                for j in range(weights.W1.shape[1]):
                    maps[n, k, j] += w * weights.W1[i, j]


@inner_sums
def _correlated_errors(v: Array, beta: Array, S: Array, e: Array) -> None:
    """e = (v - beta) S, four columns at a time; leaves v - beta in v."""
    zero = v.dtype.type(0)
    for k in range(v.shape[0]):
        for j in range(v.shape[1]):
            v[k, j] -= beta[k, j]
        for j in range(0, v.shape[1], 4):
            p0 = p1 = p2 = p3 = zero
            for m in range(v.shape[1]):
                x = v[k, m]
                p0 += x * S[j, m]
                p1 += x * S[j + 1, m]
                p2 += x * S[j + 2, m]
                p3 += x * S[j + 3, m]
            e[k, j], e[k, j + 1], e[k, j + 2], e[k, j + 3] = p0, p1, p2, p3


@inner_sums
def _batch_errors(v: Array, x: Array, y: Array, e: Array, scratch: Scratch) -> None:
    """e = sum_b (v . x_b - y_b) x_b, a block of samples at a time."""
    for k in range(v.shape[0]):
        for j in range(v.shape[1]):
            e[k, j] = 0
        for first in range(0, x.shape[0], BLOCK):
            _block_errors(v[k], x, y, k, first, scratch.e[k])
            _add_block(scratch.e[k], x, first, e[k])


@inner_sums
def _block_errors(v: Array, x: Array, y: Array, k: int, first: int, e: Array) -> None:
    """e_b = v . x_b - y_bk, five samples at a time."""
    zero = v.dtype.type(0)
    for half in range(0, BLOCK, 5):
        b = first + half
        p0 = p1 = p2 = p3 = p4 = zero
        for j in range(v.size):
            w = v[j]
            p0 += w * x[b, j]
            p1 += w * x[b + 1, j]
            p2 += w * x[b + 2, j]
            p3 += w * x[b + 3, j]
            p4 += w * x[b + 4, j]
        e[half], e[half + 1], e[half + 2] = p0 - y[b, k], p1 - y[b + 1, k], p2 - y[b + 2, k]
        e[half + 3], e[half + 4] = p3 - y[b + 3, k], p4 - y[b + 4, k]


@inner_sums
def _add_block(d: Array, x: Array, first: int, e: Array) -> None:
    """e_j += sum_b d_b x_bj."""
    c = first
    d0, d1, d2, d3, d4 = d[0], d[1], d[2], d[3], d[4]
    d5, d6, d7, d8, d9 = d[5], d[6], d[7], d[8], d[9]
    for j in range(e.size):
        p = d0 * x[c, j] + d1 * x[c + 1, j] + d2 * x[c + 2, j] + d3 * x[c + 3, j]
        p += d4 * x[c + 4, j] + d5 * x[c + 5, j] + d6 * x[c + 6, j] + d7 * x[c + 7, j]
        e[j] += p + d8 * x[c + 8, j] + d9 * x[c + 9, j]


@inner_sums
def _sign(e: Array, D1: Array, signed: Array) -> None:
    """signed = e D1."""
    for k in range(e.shape[0]):
        for j in range(e.shape[1]):
            signed[k, j] = e[k, j] * D1[j]


@inner
def _update(
    constraint: int,
    weights: Weights,
    rule: Plasticity,
    step: float,
    v: Array,
    e: Array,
    signed: Array,
    scratch: Scratch,
    side: Sideways,
) -> float:
    """Change both layers by the errors of the map, and the map; returns their squared norm."""
    if side.s1.size:
        return update_sideways(constraint, weights, rule, step, v, e, signed, scratch, side)
    return update_rows(constraint, weights, rule, step, v, e, signed, scratch)


@inner
def _lay_down(weights: Weights, rule: Plasticity, side: Sideways) -> None:
    """If there is room for that."""
    if side.s1.size:
        lay_down(weights, rule, side)


@inner
def _stand_up(side: Sideways, weights: Weights) -> None:
    """If it was laid down."""
    if side.s1.size:
        stand_up(side, weights)


@inner
def _trace(weights: Weights, n: int, trace: Trace, traced: bool, side: Sideways) -> None:
    """Let the weights of network n into the trace if they are wanted."""
    if traced:
        _stand_up(side, weights)
        trace_epoch(weights, n, trace)
