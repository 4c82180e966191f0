"""The exact tangent map of one full-batch update: what becomes of a small change of the weights.

An update is U = W - step D' G D with G = sum over samples of delta input^T, then the norm
constraint. A small change V of the weights moves potentials, activity and errors,

    da1 = V1 x          dh = phi'(a1) da1        da2 = W2 dh + V2 h       ddelta2 = c da2
    ddelta1 = phi'(a1) (B^T ddelta2 + V2^T delta2) + phi''(a1) da1 (B^T delta2)

with c = psi'^2 + e psi'' (psi' for raw errors) and B = W2; under feedback alignment B is fixed and
the term in V2^T is absent. Then dU = V - step D' dG D, and a constraint that keeps the norm n of U
(of the layer or of every row) turns it into

    (n / ||U||) (dU - U <U, dU> / ||U||^2).
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from core.kernels.clock import no_tick
from core.kernels.curl_fraction import UpdateField, synapse_signs
from core.kernels.derivatives import Array, derivatives
from core.kernels.stack import Constraint

_TERMS_AT_ONCE = 2**26  # multiply-adds between two looks at the clock


class _Sums(NamedTuple):
    """Sums over samples of delta input^T and of its changes."""

    G1: Array  # "hidden inputs"
    G2: Array  # "outputs hidden"
    changes1: Array  # "changes hidden inputs"
    changes2: Array  # "changes outputs hidden"


def carried(
    field: UpdateField,
    step: float,
    constraint: Constraint,
    V1: Array,
    V2: Array,
    tick: Callable[[], None] = no_tick,
) -> tuple[Array, Array]:
    """Small changes V1 "changes hidden inputs" and V2 "changes outputs hidden" after one update.

    `step` is eta over the number of samples of a batch. The weights of `field` are those that the
    last update left: their norms are the ones a constraint keeps.
    """
    signs = synapse_signs(field)
    G1, G2, dG1, dG2 = _summed(field, V1, V2, tick)
    sign1, sign2 = np.outer(signs.post1, signs.pre1), np.outer(signs.post2, signs.pre2)
    return (
        _constrained(field.W1, field.W1 - step * sign1 * G1, V1 - step * sign1 * dG1, constraint),
        _constrained(field.W2, field.W2 - step * sign2 * G2, V2 - step * sign2 * dG2, constraint),
    )


def samples_at_once(hidden: int, inputs: int, outputs: int, changes: int) -> int:
    """How many samples enter the sums between two looks at the clock."""
    return max(1, _TERMS_AT_ONCE // ((changes + 1) * hidden * (inputs + outputs)))


def _summed(field: UpdateField, V1: Array, V2: Array, tick: Callable[[], None]) -> _Sums:
    """The sums over all samples, some at a time."""
    parts = _parts(field, V1, V2)
    total = next(parts)
    for part in parts:
        total = _Sums(*(a + b for a, b in zip(total, part, strict=True)))
        tick()
    return total


def _parts(field: UpdateField, V1: Array, V2: Array) -> Iterator[_Sums]:
    (hidden, inputs), outputs = field.W1.shape, len(field.W2)
    together = samples_at_once(hidden, inputs, outputs, len(V1))
    for first in range(0, len(field.X), together):
        part = slice(first, first + together)
        yield _sums(field, field.X[part], field.Y[part], V1, V2)


def _sums(field: UpdateField, X: Array, Y: Array, V1: Array, V2: Array) -> _Sums:
    """The sums over some samples; every product is one of matrices, all changes side by side."""
    P, k, (N, M), K = len(X), len(V1), field.W1.shape, len(field.W2)
    B = field.W2 if field.feedback is None else field.feedback
    h, slope, bend = derivatives(field.phi, X @ field.W1.T)
    y, psi_slope, psi_bend = derivatives(field.psi, h @ field.W2.T)
    e = y - Y
    delta2, c = e * psi_slope, psi_slope**2 + e * psi_bend
    if field.raw_error:
        delta2, c = e, psi_slope
    back = delta2 @ B

    da1 = (X @ V1.reshape(k * N, M).T).reshape(P, k, N)
    dh = slope[:, None] * da1
    ddelta2 = c[:, None] * (dh @ field.W2.T + (h @ V2.reshape(k * K, N).T).reshape(P, k, K))
    dback = ddelta2 @ B
    if field.feedback is None:
        dback += (delta2 @ V2.transpose(1, 0, 2).reshape(K, k * N)).reshape(P, k, N)
    ddelta1 = slope[:, None] * dback + (bend * back)[:, None] * da1

    dG1 = (ddelta1.reshape(P, k * N).T @ X).reshape(k, N, M)
    dG2 = (ddelta2.reshape(P, k * K).T @ h).reshape(k, K, N)
    dG2 += (delta2.T @ dh.reshape(P, k * N)).reshape(K, k, N).transpose(1, 0, 2)
    return _Sums((back * slope).T @ X, delta2.T @ h, dG1, dG2)


def _constrained(W: Array, U: Array, dU: Array, constraint: Constraint) -> Array:
    """What the rescaling of U to the norms of W leaves of the changes dU."""
    if constraint == "none":
        return dU
    axes = (-2, -1) if constraint == "layer" else (-1,)
    kept = np.sqrt((W**2).sum(axis=axes, keepdims=True))
    square = (U**2).sum(axis=axes, keepdims=True)
    along = (U * dU).sum(axis=axes, keepdims=True) / square
    return np.asarray(kept / np.sqrt(square) * (dU - U * along))
