"""One update of a tall linear network: laid on its side, hidden neurons along the fast axis.

The rows of W1 of a network with 2 inputs and 217 hidden neurons are too short for vectors; its
columns are not, and sums over inputs then need no vector to be added up across its lanes. They are
padded to whole vectors.
"""

from typing import Any, NamedTuple

import numpy as np

from core.kernels.compiled import inner, inner_sums
from core.kernels.curl_learning import rescale, total
from core.kernels.stack import Array, Plasticity, Scratch, Weights, padded

_AT_ONCE = 4  # inputs that meet a vector of hidden neurons while it is in a register
_VECTORS_BYTES = 128
_MOST_INPUTS, _FEWEST_HIDDEN = 64, 16  # measured: outside, rows are faster


class Sideways(NamedTuple):
    """Working memory for one network, reused for all; padded neurons have no weights."""

    W1: Array  # "inputs hidden"
    s1: Array  # "hidden", scales of the rows of W1, and so on
    squares1: Array
    post1: Array
    pre2: Array
    ones: Array
    W2: Array  # "outputs hidden"
    feedback: Array
    back: Array  # what takes errors to the rows of W1, signs and step included
    projected: Array  # errors of the map times W1


def is_tall(inputs: int, hidden: int) -> bool:
    """Whether a linear network is faster on its side."""
    return inputs <= _MOST_INPUTS and hidden >= _FEWEST_HIDDEN


def sideways_for(weights: Weights, inputs: int) -> Sideways:
    """Room for one network of so many inputs if it is tall, else none."""
    outputs, hidden = weights.W2.shape[1:]
    dtype: np.dtype[Any] = weights.W1.dtype
    width = padded(hidden, _VECTORS_BYTES // dtype.itemsize) if is_tall(inputs, hidden) else 0
    W1 = np.zeros((padded(inputs, _AT_ONCE), width), dtype)
    s1, squares1, post1, pre2, ones = np.ones((5, width), dtype)
    W2, feedback, back, projected = np.zeros((4, outputs, width), dtype)
    return Sideways(W1, s1, squares1, post1, pre2, ones, W2, feedback, back, projected)


@inner
def lay_down(weights: Weights, rule: Plasticity, side: Sideways) -> None:
    """Copy one network and its signs into the working memory."""
    outputs, hidden = weights.W2.shape
    for i in range(hidden):
        side.s1[i], side.post1[i], side.pre2[i] = weights.s1[i], rule.post1[i], rule.pre2[i]
        for j in range(side.W1.shape[0]):
            side.W1[j, i] = weights.W1[i, j]
        for k in range(outputs):
            side.W2[k, i] = weights.W2[k, i]
            if rule.aligned[0]:
                side.feedback[k, i] = rule.feedback[k, i]


@inner
def stand_up(side: Sideways, weights: Weights) -> None:
    """Copy the network back."""
    outputs, hidden = weights.W2.shape
    for i in range(hidden):
        weights.s1[i] = side.s1[i]
        for j in range(side.W1.shape[0]):
            weights.W1[i, j] = side.W1[j, i]
        for k in range(outputs):
            weights.W2[k, i] = side.W2[k, i]


@inner_sums
def update_sideways(
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
    """Change both layers by the errors e and e D1; v becomes the new map.

    Returns the squared norm of all weights, before they are rescaled.
    """
    s2, outputs = weights.s2, weights.W2.shape[0]
    for k in range(outputs):
        _set_back(rule, step, s2[k], side, k)
        _project(side.W1, e[k], side.projected[k])
    for k in range(outputs):
        scale = side.s1 if k == 0 else side.ones
        _change(side.W1, scale, side.back[k], signed[k], side.squares1)
        scratch.squares2[k] = _change_readout(rule, step, s2[k], side, k)
    size = total(side.squares1) + total(scratch.squares2)
    rescale(constraint, side.squares1, rule.norm1, side.s1, weights.W2.shape[1])
    rescale(constraint, scratch.squares2, rule.norm2, s2, outputs)
    for k in range(outputs):
        for i in range(side.s1.size):
            side.back[k, i] = s2[k] * side.W2[k, i] * side.s1[i]
        _collect(side.W1, side.back[k], v[k])
    return size


@inner
def _set_back(rule: Plasticity, step: float, scale: float, side: Sideways, k: int) -> None:
    """back_i = -step D1'_i F_ki."""
    if rule.aligned[0]:
        for i in range(side.s1.size):
            side.back[k, i] = -step * side.post1[i] * side.feedback[k, i]
    else:
        for i in range(side.s1.size):
            side.back[k, i] = -step * side.post1[i] * scale * side.W2[k, i]


@inner_sums
def _change_readout(rule: Plasticity, step: float, scale: float, side: Sideways, k: int) -> float:
    """W2_ki <- s2_k W2_ki - step D2'_k D2_i s1_i (E W1^T)_ki; returns the row's squared norm."""
    square: float = side.s1.dtype.type(0)
    f = -step * rule.post2[k]
    for i in range(side.s1.size):
        w = scale * side.W2[k, i] + f * side.pre2[i] * side.s1[i] * side.projected[k, i]
        side.W2[k, i] = w
        square += w * w
    return square


@inner_sums
def _project(W: Array, e: Array, product: Array) -> None:
    """product_i = sum_j e_j W_ji."""
    for i in range(W.shape[1]):
        product[i] = 0
    for j in range(0, W.shape[0], _AT_ONCE):
        e0, e1, e2, e3 = e[j], e[j + 1], e[j + 2], e[j + 3]
        for i in range(W.shape[1]):
            product[i] += e0 * W[j, i] + e1 * W[j + 1, i] + e2 * W[j + 2, i] + e3 * W[j + 3, i]


@inner_sums
def _change(W: Array, scale: Array, f: Array, c: Array, squares: Array) -> None:
    """W_ji <- scale_i W_ji + f_i c_j, and squares_i = sum_j W_ji^2."""
    for i in range(W.shape[1]):
        squares[i] = 0
    for j in range(W.shape[0]):
        cj = c[j]
        for i in range(W.shape[1]):
            w = scale[i] * W[j, i] + f[i] * cj
            W[j, i] = w
            squares[i] += w * w


@inner_sums
def _collect(W: Array, f: Array, v: Array) -> None:
    """v_j = sum_i f_i W_ji."""
    zero = W.dtype.type(0)
    for j in range(0, W.shape[0], _AT_ONCE):
        p0 = p1 = p2 = p3 = zero
        for i in range(W.shape[1]):
            p0 += f[i] * W[j, i]
            p1 += f[i] * W[j + 1, i]
            p2 += f[i] * W[j + 2, i]
            p3 += f[i] * W[j + 3, i]
        v[j], v[j + 1], v[j + 2], v[j + 3] = p0, p1, p2, p3
