"""Gradient descent, curl descent and feedback alignment on batches: the stepping kernel.

    delta2 = e psi'(a2)  (e itself for raw errors)       W2 <- W2 - step D2' delta2 h^T D2
    delta1 = (F^T delta2) phi'(a1)                       W1 <- W1 - step D1' delta1 x^T D1

F is W2 or, under feedback alignment, fixed; every D is diagonal, +-1, and -1 where a neuron is
flipped; `step` is eta / B; sums run over the batch. Then the norm constraint rescales. Reference:
Ninou, Kadmon and Cayco-Gajic, NeurIPS 2025, arXiv:2510.02765, section 2.

Networks advance one after the other, so the bits of one cannot depend on its neighbours.
"""

import math

import numpy as np

from core.kernels.activations import multiply_by_slope
from core.kernels.compiled import inner, inner_sums, kernel
from core.kernels.responses import respond
from core.kernels.stack import (
    BLOCK,
    LAYER_NORM,
    ROW_NORM,
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
def learn(
    model: Model,
    stack: Weights,
    rules: Plasticity,
    networks: tuple[int, int],
    xs: Array,
    ys: Array,
    counts: Array,
    steps: Array,
    epoch_ends: Array,
    repeats: int,
    blocks: tuple[int, int],
    stepped: Array,
    trace: Trace,
    traced: bool,
    scratch: Scratch,
) -> None:
    """Take the stepped ones of networks [first, last) through the batches, `repeats` times over.

    xs: "batches padded_batch columns"; ys: "replicates batches padded_batch outputs"; counts: the
    real samples of each batch; steps: eta / B; epoch_ends: where to retire networks that are no
    longer finite and to trace the weights of the others. `blocks` is the part of each batch to
    work on; an update takes effect with the last block.
    """
    for n in range(networks[0], networks[1]):
        weights, rule = weights_at(stack, n), plasticity_at(rules, n)
        answers = ys[n % ys.shape[0]]
        for update in range(repeats * counts.size if stepped[n] else 0):
            t = update % counts.size
            step = stack.s1.dtype.type(steps[t])
            x, y = xs[t], answers[t]
            _add_gradient(model, weights, rule, x, y, counts[t], step, blocks, scratch)
            if blocks[1] * BLOCK == x.shape[0]:
                _finish_update(model, weights, rule, step, x.shape[0] > BLOCK, scratch)
                if epoch_ends[t]:
                    _end_epoch(weights, n, stepped, trace, traced, scratch)
                    if not stepped[n]:
                        break


@inner
def _add_gradient(
    model: Model,
    weights: Weights,
    rule: Plasticity,
    x: Array,
    y: Array,
    count: int,
    step: float,
    blocks: tuple[int, int],
    scratch: Scratch,
) -> None:
    """What the blocks [first, last) of one batch add to the weights; W1 itself if there is one."""
    one_block = x.shape[0] == BLOCK
    target = weights.W1 if one_block else scratch.target
    if blocks[0] == 0:
        _clear(scratch.gradient2)
        if not one_block:
            _copy(weights.W1, target)
    for block in range(blocks[0], blocks[1]):
        first = block * BLOCK
        respond(model, weights, x, first, scratch)
        _output_errors(model, y, first, count, scratch)
        _backpropagate(model, weights, rule, step, scratch)
        _add_products(target, weights.s1, block == 0, rule.pre1, x, first, scratch)


@inner
def _output_errors(model: Model, y: Array, first: int, count: int, scratch: Scratch) -> None:
    """delta2 of the block, zero for the samples that only pad it."""
    e = scratch.e
    for k in range(e.shape[0]):
        for b in range(BLOCK):
            e[k, b] = scratch.y[k, b] - y[first + b, k] if first + b < count else 0.0
    if not model.raw_error:
        multiply_by_slope(model.psi, scratch.flat_y, scratch.flat_e, scratch.flat_e.size)


@inner_sums
def _backpropagate(
    model: Model, weights: Weights, rule: Plasticity, step: float, scratch: Scratch
) -> None:
    """d = -step D1' delta1, and the block's part of delta2 h^T."""
    h, d, e = scratch.h, scratch.d, scratch.e
    outputs, hidden = weights.W2.shape
    for i in range(hidden):
        for b in range(BLOCK):
            d[i, b] = 0
        for k in range(outputs):
            back = rule.feedback[k, i] if rule.aligned[0] else weights.s2[k] * weights.W2[k, i]
            f = -step * rule.post1[i] * back
            total = h.dtype.type(0)
            for b in range(BLOCK):
                d[i, b] += f * e[k, b]
                total += e[k, b] * h[i, b]
            scratch.gradient2[k, i] += total
    multiply_by_slope(model.phi, scratch.flat_h, scratch.flat_d, hidden * BLOCK)


@inner_sums
def _add_products(
    W: Array, s: Array, scaled: bool, D: Array, x: Array, first: int, scratch: Scratch
) -> None:
    """W_ij <- s_i W_ij + D_j sum_b d_ib x_bj, and the squared norm of every row on the way."""
    d, c = scratch.d, first
    for i in range(W.shape[0]):
        f = s[i] if scaled else W.dtype.type(1)
        d0, d1, d2, d3, d4 = d[i, 0], d[i, 1], d[i, 2], d[i, 3], d[i, 4]
        d5, d6, d7, d8, d9 = d[i, 5], d[i, 6], d[i, 7], d[i, 8], d[i, 9]
        square = W.dtype.type(0)
        for j in range(W.shape[1]):
            v = d0 * x[c, j] + d1 * x[c + 1, j] + d2 * x[c + 2, j] + d3 * x[c + 3, j]
            v += d4 * x[c + 4, j] + d5 * x[c + 5, j] + d6 * x[c + 6, j] + d7 * x[c + 7, j]
            v += d8 * x[c + 8, j] + d9 * x[c + 9, j]
            w = f * W[i, j] + D[j] * v
            W[i, j] = w
            square += w * w
        scratch.squares1[i] = square


@inner_sums
def _finish_update(
    model: Model,
    weights: Weights,
    rule: Plasticity,
    step: float,
    copied: bool,
    scratch: Scratch,
) -> None:
    """W2 <- s2 W2 - step D2' (delta2 h^T) D2, then the scales that keep the initial norms."""
    W2 = weights.W2
    if copied:
        _copy(scratch.target, weights.W1)
    for k in range(W2.shape[0]):
        square = W2.dtype.type(0)
        for i in range(W2.shape[1]):
            change = -step * rule.post2[k] * rule.pre2[i] * scratch.gradient2[k, i]
            w = weights.s2[k] * W2[k, i] + change
            W2[k, i] = w
            square += w * w
        scratch.squares2[k] = square
    rescale(model.constraint, scratch.squares1, rule.norm1, weights.s1, W2.shape[1])
    rescale(model.constraint, scratch.squares2, rule.norm2, weights.s2, W2.shape[0])


@inner_sums
def rescale(constraint: int, squares: Array, norms: Array, scale: Array, rows: int) -> None:
    """scale_i = ||initial|| / ||now||, over row i or the whole layer; 1 without a constraint."""
    if constraint == ROW_NORM:
        for i in range(rows):
            scale[i] = norms[i] / math.sqrt(squares[i])
    elif constraint == LAYER_NORM:
        initial = now = squares.dtype.type(0)
        for i in range(rows):
            initial += norms[i] * norms[i]
            now += squares[i]
        ratio = math.sqrt(initial / now)
        for i in range(rows):
            scale[i] = ratio


@inner
def _end_epoch(
    weights: Weights, n: int, stepped: Array, trace: Trace, traced: bool, scratch: Scratch
) -> None:
    """Retire network n if a weight is no longer finite; else let its weights into the trace."""
    stepped[n] = np.isfinite(total(scratch.squares1) + total(scratch.squares2))
    if traced and stepped[n]:
        trace_epoch(weights, n, trace)


@inner
def trace_epoch(weights: Weights, n: int, trace: Trace) -> None:
    """Let the weights of network n into the trace."""
    trace.epochs[n] += 1
    share = 1.0 / trace.epochs[n]
    _welford(share, weights.W1, weights.s1, trace.mean1[n], trace.spread1[n])
    _welford(share, weights.W2, weights.s2, trace.mean2[n], trace.spread2[n])


@inner_sums
def total(values: Array) -> float:
    """The sum of some numbers; not finite if any of them is not."""
    result = 0.0
    for i in range(values.size):
        result += values[i]
    return result


@inner
def _clear(a: Array) -> None:
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            a[i, j] = 0


@inner
def _copy(source: Array, target: Array) -> None:
    """By loops: numba's own array assignment takes five seconds to compile its error message."""
    for i in range(source.shape[0]):
        for j in range(source.shape[1]):
            target[i, j] = source[i, j]


@inner
def _welford(share: float, W: Array, s: Array, mean: Array, spread: Array) -> None:
    """One more value w = s_i W_ij of each weight: mean += (w - mean) / t, and its spread."""
    for i in range(W.shape[0]):
        for j in range(W.shape[1]):
            w = np.float64(s[i] * W[i, j])
            away = w - mean[i, j]
            mean[i, j] += away * share
            spread[i, j] += away * (w - mean[i, j])
