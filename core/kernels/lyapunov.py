"""Lyapunov exponents by re-orthogonalised tangent vectors, and when they mean chaos.

Tangent vectors are carried by the tangent map of every epoch and made orthonormal again by QR. With
R_t the triangle of epoch t, exponent i is the mean of log |R_t,ii|, per epoch, and its standard
error comes from the means over consecutive blocks of epochs. Reference: G. Benettin, L. Galgani,
A. Giorgilli and J.-M. Strelcyn, Meccanica 15 (1980), 9-30.
"""

from collections.abc import Callable

import numpy as np

from core.kernels.derivatives import Array

BLOCKS = 20
"""Consecutive blocks of equal length whose means give the standard error."""

LEAST_WINDOW = 2 * BLOCKS
SETTLED_Q = 1e-6
"""Weights with an order parameter below this have settled: a positive exponent is none of chaos."""

_ERRORS = 3

TangentMap = Callable[[Array, Array], tuple[Array, Array]]
"""What becomes of changes "changes hidden inputs" and "changes outputs hidden"."""


def block_epochs(window: int) -> int:
    """Epochs per block; what is left, a tenth of the window or more, lets the vectors align."""
    return max(1, window * 9 // 10 // BLOCKS)


def tangent_vectors(rng: np.random.Generator, k: int, weights: int) -> Array:
    """k random orthonormal directions, "vectors weights"."""
    return orthonormal(rng.standard_normal((k, weights)))[0]


def orthonormal(vectors: Array) -> tuple[Array, Array]:
    """The same space by orthonormal "vectors weights", and log |R_ii|, the growth of each.

    Vectors that are not finite stay so, with nan for their growth.
    """
    with np.errstate(all="ignore"):
        if not np.isfinite(vectors).all():
            return np.full_like(vectors, np.nan), np.full(len(vectors), np.nan)
        if len(vectors) == 1:
            norm = np.linalg.norm(vectors)
            return vectors / norm, np.log([norm])
        Q, R = np.linalg.qr(vectors.T)
        return np.ascontiguousarray(Q.T), np.log(np.abs(np.diagonal(R)))


def carried_on(vectors: Array, shape: tuple[int, int], through: TangentMap) -> tuple[Array, Array]:
    """The vectors after one epoch, orthonormal again, and their growth; W1 has that shape."""
    size, k = shape[0] * shape[1], len(vectors)
    V1, V2 = vectors[:, :size], vectors[:, size:]
    V1, V2 = through(V1.reshape(k, *shape), V2.reshape(k, -1, shape[0]))
    return orthonormal(np.concatenate([V1.reshape(k, -1), V2.reshape(k, -1)], axis=1))


def ordered(blocks: Array) -> Array:
    """Block means "... blocks exponents" with the exponents from the largest mean down."""
    order = np.argsort(-blocks.mean(axis=-2), axis=-1, kind="stable")
    return np.take_along_axis(blocks, order[..., None, :], axis=-1)


def exponents(blocks: Array) -> tuple[Array, Array]:
    """Mean over blocks and its standard error, "... exponents"."""
    with np.errstate(invalid="ignore"):  # a direction that a constraint forbids has -inf
        error = blocks.std(axis=-2, ddof=1) / np.sqrt(blocks.shape[-2])
        return blocks.mean(axis=-2), error


def first_nonzero(mean: Array, error: Array, epochs: int) -> Array:
    """The largest exponent that is told from 0, along the last axis; nan if none is.

    That is one beyond three standard errors which changes a distance by more than a factor e over
    the epochs it was measured in: growth by a power of time has no exponent but leaves a trace.
    """
    told = (np.abs(mean) > _ERRORS * error) & (np.abs(mean) * epochs > 1)
    first = np.take_along_axis(mean, told.argmax(axis=-1)[..., None], axis=-1)[..., 0]
    return np.where(told.any(axis=-1), first, np.nan)


def chaotic(largest: Array, error: Array, order_parameter_q: Array, epochs: int) -> Array:
    """Whether the largest exponent is positive and told from 0, and weights still move.

    Told from 0 as in `first_nonzero`: else a slow transient of gradient descent would count.
    Converged networks with more weights than needed have exponents that are 0 to rounding.
    """
    told = (largest > _ERRORS * error) & (largest * epochs > 1)
    return np.asarray(told & (order_parameter_q > SETTLED_Q))
