"""One update of a linear network by the error of its map, row by row of W1.

A row is read, changed and added to the next W2 W1 while it is in the first-level cache.
"""

import math

from core.kernels.compiled import inner, inner_sums
from core.kernels.curl_learning import rescale, total
from core.kernels.stack import LAYER_NORM, ROW_NORM, Array, Plasticity, Scratch, Weights


@inner_sums
def update_rows(
    constraint: int,
    weights: Weights,
    rule: Plasticity,
    step: float,
    v: Array,
    e: Array,
    signed: Array,
    scratch: Scratch,
) -> float:
    """Change both layers by the errors e and e D1; v becomes the new map.

    Returns the squared norm of all weights, before they are rescaled.
    """
    for k in range(v.shape[0]):
        for j in range(v.shape[1]):
            v[k, j] = 0
    _learn_rows(constraint, weights, rule, step, v, e, signed, scratch)
    _rescale_all(constraint, weights, rule, v, scratch)
    return total(scratch.squares1) + total(scratch.squares2)


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
