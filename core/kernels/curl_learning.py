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
from core.kernels.compiled import compiled, compiled_sums
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
)


@compiled
def learn(
    model: Model,
    weights: Weights,
    plasticity: Plasticity,
    xs: Array,
    ys: Array,
    counts: Array,
    steps: Array,
    epoch_ends: Array,
    repeats: int,
    alive: Array,
    trace: Trace,
    traced: bool,
    scratch: Scratch,
) -> None:
    """Take every living network through the batches, `repeats` times over.

    xs: "batches padded_batch columns"; ys: "replicates batches padded_batch outputs"; counts: the
    real samples of each batch; steps: eta / B; epoch_ends: where to look for networks that are no
    longer finite, which are not stepped again, and to trace the weights.
    """
    last = xs.shape[1] // BLOCK
    for n in range(alive.size):
        answers = ys[n % ys.shape[0]]
        for update in range(repeats * counts.size if alive[n] else 0):
            t = update % counts.size
            learn_blocks(
                model,
                weights,
                plasticity,
                n,
                xs[t],
                answers[t],
                counts[t],
                steps[t],
                0,
                last,
                scratch,
            )
            if epoch_ends[t]:
                end_epoch(weights, n, alive, trace, traced, scratch)
                if not alive[n]:
                    break


@compiled
def learn_blocks(
    model: Model,
    weights: Weights,
    plasticity: Plasticity,
    n: int,
    x: Array,
    y: Array,
    count: int,
    step: float,
    first: int,
    last: int,
    scratch: Scratch,
) -> None:
    """One update of network n, or its part that blocks [first, last) of the batch contribute."""
    blocks = x.shape[0] // BLOCK
    W1 = weights.W1[n]
    if first == 0:
        scratch.gradient2[:] = 0
        if blocks > 1:
            scratch.target[:] = W1
    for block in range(first, last):
        start = block * BLOCK
        here = x[start : start + BLOCK]
        respond(model, weights, n, here, scratch)
        _output_errors(model, y[start : start + BLOCK], count - start, scratch)
        _backpropagate(model, weights, plasticity, n, step, scratch)
        target = scratch.target if blocks > 1 else W1
        _add_products(target, weights.s1[n], block == 0, plasticity.pre1[n], here, scratch)
    if last == blocks:
        if blocks > 1:
            W1[:] = scratch.target
        _update_readout(weights, plasticity, n, step, scratch)
        _constrain(model.constraint, weights, plasticity, n, scratch)


@compiled
def _output_errors(model: Model, y: Array, samples: int, scratch: Scratch) -> None:
    """delta2 of the block, zero for the samples that only pad it."""
    e = scratch.e
    for k in range(e.shape[0]):
        for b in range(BLOCK):
            e[k, b] = scratch.y[k, b] - y[b, k] if b < samples else 0.0
    if not model.raw_error:
        multiply_by_slope(model.psi, scratch.y.reshape(-1), e.reshape(-1))


@compiled_sums
def _backpropagate(
    model: Model, weights: Weights, plasticity: Plasticity, n: int, step: float, scratch: Scratch
) -> None:
    """d = -step D1' delta1, and the block's part of delta2 h^T."""
    W2, s2 = weights.W2[n], weights.s2[n]
    h, d, e = scratch.h, scratch.d, scratch.e
    outputs, hidden = W2.shape
    for i in range(hidden):
        sign = W2.dtype.type(-step) * plasticity.post1[n, i]
        for b in range(BLOCK):
            d[i, b] = 0
        for k in range(outputs):
            f = sign * (plasticity.feedback[n, k, i] if plasticity.aligned[n] else s2[k] * W2[k, i])
            total = W2.dtype.type(0)
            for b in range(BLOCK):
                d[i, b] += f * e[k, b]
                total += e[k, b] * h[i, b]
            scratch.gradient2[k, i] += total
    size = hidden * BLOCK
    multiply_by_slope(model.phi, h.reshape(-1)[:size], d.reshape(-1)[:size])


@compiled_sums
def _add_products(W: Array, s: Array, scaled: bool, D: Array, x: Array, scratch: Scratch) -> None:
    """W_ij <- s_i W_ij + D_j sum_b d_ib x_bj, and the squared norm of every row on the way."""
    d = scratch.d
    for i in range(W.shape[0]):
        f = s[i] if scaled else W.dtype.type(1)
        d0, d1, d2, d3, d4 = d[i, 0], d[i, 1], d[i, 2], d[i, 3], d[i, 4]
        d5, d6, d7, d8, d9 = d[i, 5], d[i, 6], d[i, 7], d[i, 8], d[i, 9]
        square = W.dtype.type(0)
        for j in range(W.shape[1]):
            change = d0 * x[0, j] + d1 * x[1, j] + d2 * x[2, j] + d3 * x[3, j] + d4 * x[4, j]
            change += d5 * x[5, j] + d6 * x[6, j] + d7 * x[7, j] + d8 * x[8, j] + d9 * x[9, j]
            w = f * W[i, j] + D[j] * change
            W[i, j] = w
            square += w * w
        scratch.squares[i] = square


@compiled
def _update_readout(
    weights: Weights, plasticity: Plasticity, n: int, step: float, scratch: Scratch
) -> None:
    """W2 <- s2 W2 - step D2' (sum over the batch of delta2 h^T) D2."""
    W2, s2 = weights.W2[n], weights.s2[n]
    for k in range(W2.shape[0]):
        sign = W2.dtype.type(-step) * plasticity.post2[n, k]
        for i in range(W2.shape[1]):
            change = sign * plasticity.pre2[n, i] * scratch.gradient2[k, i]
            W2[k, i] = s2[k] * W2[k, i] + change


@compiled_sums
def _constrain(
    constraint: int, weights: Weights, plasticity: Plasticity, n: int, scratch: Scratch
) -> None:
    """The scales that bring each layer, or each row, back to its initial norm."""
    W2 = weights.W2[n]
    for k in range(W2.shape[0]):
        square = W2.dtype.type(0)
        for i in range(W2.shape[1]):
            square += W2[k, i] * W2[k, i]
        scratch.squares2[k] = square
    rescale(constraint, scratch.squares[: W2.shape[1]], plasticity.norm1[n], weights.s1[n])
    rescale(constraint, scratch.squares2, plasticity.norm2[n], weights.s2[n])


@compiled_sums
def rescale(constraint: int, squares: Array, norms: Array, scale: Array) -> None:
    """scale_i = ||initial|| / ||now||, over row i or the whole layer; 1 without a constraint."""
    if constraint == ROW_NORM:
        for i in range(squares.size):
            scale[i] = norms[i] / math.sqrt(squares[i])
    elif constraint == LAYER_NORM:
        initial = now = squares.dtype.type(0)
        for i in range(squares.size):
            initial += norms[i] * norms[i]
            now += squares[i]
        scale[:] = math.sqrt(initial / now)


@compiled
def end_epoch(
    weights: Weights, n: int, alive: Array, trace: Trace, traced: bool, scratch: Scratch
) -> None:
    """Retire network n if a weight is no longer finite; else let its weights into the trace."""
    alive[n] = np.isfinite(scratch.squares.sum() + scratch.squares2.sum())
    if traced and alive[n]:
        trace.count[n] += 1
        _welford(
            trace.count[n], weights.W1[n], weights.s1[n], trace.mean1[n], trace.spread1[n]
        )
        _welford(
            trace.count[n], weights.W2[n], weights.s2[n], trace.mean2[n], trace.spread2[n]
        )


@compiled
def _welford(count: int, W: Array, s: Array, mean: Array, spread: Array) -> None:
    """One more value w = s_i W_ij of each weight: mean += (w - mean) / t, and its spread."""
    share = 1.0 / count
    for i in range(W.shape[0]):
        for j in range(W.shape[1]):
            w = np.float64(s[i] * W[i, j])
            away = w - mean[i, j]
            mean[i, j] += away * share
            spread[i, j] += away * (w - mean[i, j])
