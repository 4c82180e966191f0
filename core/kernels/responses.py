"""What networks answer, and how wrong they are: the forward pass, ten samples at a time."""

import numpy as np

from core.kernels.activations import activate
from core.kernels.compiled import inner_sums, kernel
from core.kernels.stack import BLOCK, Array, Model, Scratch, Weights, weights_at


@inner_sums
def respond(model: Model, weights: Weights, x: Array, first: int, scratch: Scratch) -> None:
    """h = phi(W1 x) and y = psi(W2 h) for the block of samples of x that begins at `first`."""
    _potentials(weights.W1, weights.s1, x, first, scratch.h)
    outputs, hidden = weights.W2.shape
    activate(model.phi, scratch.flat_h, hidden * BLOCK)
    y, h = scratch.y, scratch.h
    for k in range(outputs):
        for b in range(BLOCK):
            y[k, b] = 0
        for i in range(hidden):
            w = weights.s2[k] * weights.W2[k, i]
            for b in range(BLOCK):
                y[k, b] += w * h[i, b]
    activate(model.psi, scratch.flat_y, outputs * BLOCK)


@inner_sums
def _potentials(W: Array, s: Array, x: Array, first: int, a: Array) -> None:
    """a_ib = s_i sum_j W_ij x_bj, two rows and five samples at a time: ten sums in registers."""
    zero = W.dtype.type(0)
    for i in range(0, W.shape[0], 2):
        for half in range(0, BLOCK, 5):
            b = first + half
            p0 = p1 = p2 = p3 = p4 = zero
            q0 = q1 = q2 = q3 = q4 = zero
            for j in range(W.shape[1]):
                p, q = W[i, j], W[i + 1, j]
                x0, x1, x2, x3, x4 = x[b, j], x[b + 1, j], x[b + 2, j], x[b + 3, j], x[b + 4, j]
                p0 += p * x0
                p1 += p * x1
                p2 += p * x2
                p3 += p * x3
                p4 += p * x4
                q0 += q * x0
                q1 += q * x1
                q2 += q * x2
                q3 += q * x3
                q4 += q * x4
            f, g, c = s[i], s[i + 1], half
            a[i, c], a[i, c + 1], a[i, c + 2], a[i, c + 3] = f * p0, f * p1, f * p2, f * p3
            a[i + 1, c], a[i + 1, c + 1], a[i + 1, c + 2] = g * q0, g * q1, g * q2
            a[i, c + 4], a[i + 1, c + 3], a[i + 1, c + 4] = f * p4, g * q3, g * q4


@kernel
def add_squared_errors(
    model: Model,
    stack: Weights,
    networks: tuple[int, int],
    x: Array,
    y: Array,
    samples: tuple[int, int],
    totals: Array,
    scratch: Scratch,
) -> None:
    """totals[n] += sum over samples [first, last) of ||y_hat - y||^2, in float64.

    x: "padded_samples columns"; y: "replicates padded_samples outputs"; `first` begins a block.
    """
    for n in range(networks[0], networks[1]):
        weights, answers = weights_at(stack, n), y[n % y.shape[0]]
        for start in range(samples[0], samples[1], BLOCK):
            respond(model, weights, x, start, scratch)
            for b in range(min(BLOCK, samples[1] - start)):
                for k in range(answers.shape[1]):
                    e = np.float64(scratch.y[k, b]) - np.float64(answers[start + b, k])
                    totals[n] += e * e


@kernel
def answer(
    model: Model,
    stack: Weights,
    networks: tuple[int, int],
    x: Array,
    y: Array,
    blocks: tuple[int, int],
    scratch: Scratch,
) -> None:
    """y[n] = what network n answers to those blocks of x: "padded_samples columns"."""
    for n in range(networks[0], networks[1]):
        weights = weights_at(stack, n)
        for start in range(blocks[0] * BLOCK, blocks[1] * BLOCK, BLOCK):
            respond(model, weights, x, start, scratch)
            for b in range(BLOCK):
                for k in range(y.shape[2]):
                    y[n, start + b, k] = scratch.y[k, b]
