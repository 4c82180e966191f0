"""What networks answer, and how wrong they are: the forward pass, ten samples at a time."""

import numpy as np

from core.kernels.activations import activate
from core.kernels.compiled import compiled, compiled_sums
from core.kernels.stack import BLOCK, Array, Model, Scratch, Weights


@compiled_sums
def respond(model: Model, weights: Weights, n: int, x: Array, scratch: Scratch) -> None:
    """h = phi(W1 x) and y = psi(W2 h) of network n, for one block of samples x: "block columns"."""
    W2, s2 = weights.W2[n], weights.s2[n]
    outputs, hidden = W2.shape
    _potentials(weights.W1[n], weights.s1[n], x, scratch.h)
    activate(model.phi, scratch.h.reshape(-1)[: hidden * BLOCK])
    y, h = scratch.y, scratch.h
    y[:] = 0
    for k in range(outputs):
        for i in range(hidden):
            w = s2[k] * W2[k, i]
            for b in range(BLOCK):
                y[k, b] += w * h[i, b]
    activate(model.psi, y.reshape(-1))


@compiled_sums
def _potentials(W: Array, s: Array, x: Array, a: Array) -> None:
    """a_ib = s_i sum_j W_ij x_bj, two rows and five samples at a time: ten sums in registers."""
    zero = W.dtype.type(0)
    for i in range(0, W.shape[0], 2):
        for b in range(0, BLOCK, 5):
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
            f, g = s[i], s[i + 1]
            a[i, b], a[i, b + 1], a[i, b + 2], a[i, b + 3] = f * p0, f * p1, f * p2, f * p3
            a[i + 1, b], a[i + 1, b + 1], a[i + 1, b + 2] = g * q0, g * q1, g * q2
            a[i, b + 4], a[i + 1, b + 3], a[i + 1, b + 4] = f * p4, g * q3, g * q4


@compiled
def add_squared_errors(
    model: Model,
    weights: Weights,
    n: int,
    x: Array,
    y: Array,
    samples: int,
    total: Array,
    scratch: Scratch,
) -> None:
    """total[n] += sum over the samples of ||y_hat - y||^2, in float64.

    x: "padded_samples columns"; y: "replicates padded_samples outputs".
    """
    answers = y[n % y.shape[0]]
    for first in range(0, samples, BLOCK):
        respond(model, weights, n, x[first : first + BLOCK], scratch)
        for b in range(min(BLOCK, samples - first)):
            for k in range(answers.shape[1]):
                e = np.float64(scratch.y[k, b]) - np.float64(answers[first + b, k])
                total[n] += e * e


@compiled
def answer(model: Model, weights: Weights, n: int, x: Array, y: Array, scratch: Scratch) -> None:
    """y[n] = what network n answers to x: "padded_samples columns"."""
    for first in range(0, x.shape[0], BLOCK):
        respond(model, weights, n, x[first : first + BLOCK], scratch)
        for b in range(BLOCK):
            for k in range(y.shape[2]):
                y[n, first + b, k] = scratch.y[k, b]
