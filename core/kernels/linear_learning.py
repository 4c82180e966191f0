"""Linear networks on a full batch: the data enter through their covariance alone.

With S = X^T X / P and teacher map beta, an epoch is

    E = (W2 W1 - beta) S        W1 <- W1 - eta D1' F^T E D1        W2 <- W2 - eta D2' E W1^T D2

which costs N M + M^2 instead of P N M. One pass over the rows of W1 does everything: a row is read,
changed and added to the next W2 W1 while it is in the first-level cache.
"""

import math

from core.kernels.compiled import inner, inner_sums, kernel
from core.kernels.curl_learning import end_epoch, rescale
from core.kernels.stack import (
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
    alive: Array,
    trace: Trace,
    traced: bool,
    scratch: Scratch,
) -> None:
    """Take the living networks [first, last) through that many epochs of linear learning.

    S: "columns columns"; beta: "replicates outputs columns"; maps: "networks outputs columns",
    every network's W2 W1, kept between calls; errors: "two outputs columns", working memory.
    """
    for n in range(networks[0], networks[1]):
        weights, rule = weights_at(stack, n), plasticity_at(rules, n)
        teacher, v, e, signed = beta[n % beta.shape[0]], maps[n], errors[0], errors[1]
        step = stack.s1.dtype.type(eta)
        for _ in range(epochs if alive[n] else 0):
            _correlated_errors(v, teacher, S, rule.pre1, e, signed)
            _learn_rows(model.constraint, weights, rule, step, v, e, signed, scratch)
            _rescale_all(model.constraint, weights, rule, v, scratch)
            end_epoch(weights, n, alive, trace, traced, scratch)
            if not alive[n]:
                break


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
def _correlated_errors(v: Array, beta: Array, S: Array, D1: Array, e: Array, signed: Array) -> None:
    """e = (v - beta) S and e D1, four columns at a time; leaves v - beta in v."""
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
        for j in range(v.shape[1]):
            signed[k, j] = e[k, j] * D1[j]
            v[k, j] = 0


@inner_sums
def _learn_rows(
    constraint: int,
    weights: Weights,
    rule: Plasticity,
    step: float,
    v: Array,
    e: Array,
    signed: Array,
    scratch: Scratch,
) -> None:
    """Change every row of W1 and column of W2, and add their product to v."""
    W1, s1, W2, s2 = weights.W1, weights.s1, weights.W2, weights.s2
    outputs, hidden = W2.shape
    for i in range(hidden):
        for k in range(1, outputs):
            scratch.gradient2[k, i] = s1[i] * _dot(e[k], W1[i])
        for k in range(outputs):
            back = rule.feedback[k, i] if rule.aligned[0] else s2[k] * W2[k, i]
            f = -step * rule.post1[i] * back
            scale = s1[i] if k == 0 else W1.dtype.type(1)
            g, scratch.squares1[i] = _change_row(W1, i, scale, f, e[k], signed[k])
            if k == 0:
                scratch.gradient2[k, i] = s1[i] * g
        kept = W1.dtype.type(1)
        if constraint == ROW_NORM:
            kept = rule.norm1[i] / math.sqrt(scratch.squares1[i])
        for k in range(outputs):
            change = -step * rule.post2[k] * rule.pre2[i] * scratch.gradient2[k, i]
            W2[k, i] = s2[k] * W2[k, i] + change
            _add_row(W2[k, i] * kept, W1, i, v[k])


@inner_sums
def _dot(a: Array, b: Array) -> float:
    total: float = a.dtype.type(0)
    for j in range(a.size):
        total += a[j] * b[j]
    return total


@inner_sums
def _change_row(
    W: Array, i: int, scale: float, f: float, e: Array, signed: Array
) -> tuple[float, float]:
    """W_i <- scale W_i + f e D; returns e . W_i before, and ||W_i||^2 after."""
    product = square = W.dtype.type(0)
    for j in range(W.shape[1]):
        w = W[i, j]
        product += e[j] * w
        w = scale * w + f * signed[j]
        W[i, j] = w
        square += w * w
    return product, square


@inner
def _add_row(f: float, W: Array, i: int, v: Array) -> None:
    for j in range(v.size):
        v[j] += f * W[i, j]


@inner_sums
def _rescale_all(
    constraint: int, weights: Weights, rule: Plasticity, v: Array, scratch: Scratch
) -> None:
    """The scales that keep the initial norms, and v made the product of the rescaled weights."""
    W2 = weights.W2
    for k in range(W2.shape[0]):
        scratch.squares2[k] = _dot(W2[k], W2[k])
    rescale(constraint, scratch.squares1, rule.norm1, weights.s1, W2.shape[1])
    rescale(constraint, scratch.squares2, rule.norm2, weights.s2, W2.shape[0])
    for k in range(v.shape[0]):
        f = weights.s2[k] * (
            weights.s1[0] if constraint == LAYER_NORM else weights.s2.dtype.type(1)
        )
        for j in range(v.shape[1]):
            v[k, j] *= f
