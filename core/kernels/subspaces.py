"""How alike the subspaces of two blocks' target means are, between a ceiling and a floor.

    principal angles: arccos of the singular values of W_a' W_b, W the top-k principal axes
    alignment of X in Y: tr(W_Y' C_X W_Y) / sum of the k largest eigenvalues of C_X
    Procrustes distance: 1 - (sum of singular values of A'B)^2, A and B centred and of norm 1

Two halves of one block already differ by 20 to 30 degrees, so every number has a split-half ceiling
beside it, and the blocks are compared half against half too. The floor is a random subspace biased
by the covariance, v = orth(U sqrt(S) g) with g normal: unbiased random subspaces of many neurons
are nearly orthogonal and would make anything look aligned. Sources: G. F. Elsayed et al., Nature
Communications 7:13239 (2016), eq. 3 and its Methods.
"""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from core.kernels.folds import halves
from core.kernels.ledger import Stage, new_stage
from core.kernels.portions import Report
from core.kernels.reaiming import target_means

Floats = NDArray[np.float64]


def principal_axes(means: Floats, k: int) -> Floats:
    """The first k principal axes of "conditions neurons": "neurons k"."""
    centred = means - means.mean(axis=0)
    return np.asarray(np.linalg.svd(centred, full_matrices=False)[2][:k].T)


def principal_angles(one: Floats, other: Floats) -> Floats:
    """Angles between two orthonormal bases "neurons k", in degrees, the largest first.

    Small angles come from their sines, as Bjorck and Golub (1973) advise.
    """
    cosines = np.linalg.svd(one.T @ other, compute_uv=False)
    sines = np.linalg.svd(other - one @ (one.T @ other), compute_uv=False)[::-1]
    exact = np.where(
        cosines**2 >= 0.5, np.arcsin(np.clip(sines, 0, 1)), np.arccos(np.clip(cosines, 0, 1))
    )
    return np.asarray(np.degrees(exact[::-1]))


def alignment(means: Floats, axes: Floats) -> float:
    """The variance of `means` inside `axes`, over the most that as many axes could hold."""
    centred = means - means.mean(axis=0)
    most = np.square(np.linalg.svd(centred, compute_uv=False)[: axes.shape[1]]).sum()
    return float(np.square(centred @ axes).sum() / most)


def procrustes_distance(one: Floats, other: Floats) -> float:
    """What remains between two configurations after shift, scale and rotation: 0 to 1."""
    A, B = (means - means.mean(axis=0) for means in (one, other))
    A, B = A / np.linalg.norm(A), B / np.linalg.norm(B)
    return float(1 - np.linalg.svd(A.T @ B, compute_uv=False).sum() ** 2)


def comparison(one: Floats, other: Floats, k: int) -> Floats:
    """k angles, alignment of `one` in `other` and of `other` in `one`, Procrustes distance."""
    axes, others = principal_axes(one, k), principal_axes(other, k)
    return np.array(
        [
            *principal_angles(axes, others),
            alignment(one, others),
            alignment(other, axes),
            procrustes_distance(one, other),
        ]
    )


def split_comparisons(
    activity: Floats,
    condition: NDArray[np.int64],
    block: NDArray[np.int64],
    k: int,
    *,
    seeds: np.random.SeedSequence,
    n_splits: int,
    report: Report,
    stage: Callable[..., Stage] = new_stage,
) -> tuple[Floats, Floats, Floats]:
    """Half against half, "splits numbers" each: within block 0, within block 1, between them."""
    found = stage(3, k + 3, n_splits)
    quarters = enumerate(_quarters(activity, condition, block, seeds, n_splits))
    for split, parts in found.missing((slice(at, at + 1), parts) for at, parts in quarters):
        within = [comparison(parts[a], parts[a + 1], k) for a in (0, 2)]
        crossed = [comparison(parts[a], parts[b], k) for a in (0, 1) for b in (2, 3)]
        found.add(split, np.stack([*within, np.mean(crossed, axis=0)])[..., None])
        report(split.stop / n_splits)
    first, second, between = (np.ascontiguousarray(each.T) for each in found.values)
    return first, second, between


def random_floor(
    activity: Floats,
    means: tuple[Floats, Floats],
    k: int,
    *,
    seed: np.random.SeedSequence,
    draws: int,
    report: Report,
) -> Floats:
    """What chance gives, "draws numbers": angles of two random subspaces, alignment with one.

    activity: "trials neurons", whose covariance biases the subspaces; columns as `comparison`
    without the Procrustes distance.
    """
    U, s, _ = np.linalg.svd((activity - activity.mean(axis=0)).T, full_matrices=False)
    generator, found = np.random.default_rng(seed), np.empty((draws, k + 2))
    for draw in range(draws):
        one, other = (
            np.linalg.qr(U @ (s[:, None] * generator.standard_normal((len(s), k))))[0]
            for _ in range(2)
        )
        found[draw] = [
            *principal_angles(one, other),
            alignment(means[0], one),
            alignment(means[1], other),
        ]
        if draw % 10 == 9:
            report((draw + 1) / draws)
    return found


def _quarters(
    activity: Floats,
    condition: NDArray[np.int64],
    block: NDArray[np.int64],
    seeds: np.random.SeedSequence,
    n_splits: int,
) -> Iterator[list[Floats]]:
    """Means of both halves of block 0, then of block 1."""
    stratum = 2 * condition + block
    for first in halves(stratum, seeds, n_splits):
        chosen = [(block == b) & half for b in (0, 1) for half in (first, ~first)]
        yield [
            target_means(activity[own], condition[own], np.ones(int(own.sum()))) for own in chosen
        ]
