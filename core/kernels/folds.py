"""Folds for cross-validation that leave every stratum in every training and test part."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

PSEUDO_OBSERVATIONS = 8


def stratified_folds(
    stratum: NDArray[np.int64], n_folds: int, generator: np.random.Generator
) -> NDArray[np.int64]:
    """The fold, 0 to K - 1, of each observation.

    Inside a stratum the folds' sizes differ by one at most; strata begin with different folds, so
    that the folds' totals stay alike too. A stratum smaller than K misses in some folds: see
    `most_folds`.
    """
    fold = np.empty(len(stratum), dtype=np.int64)
    start = 0
    for label in np.unique(stratum):
        members = generator.permutation(np.flatnonzero(stratum == label))
        fold[members] = (start + np.arange(len(members))) % n_folds
        start = (start + len(members)) % n_folds
    return fold


def most_folds(stratum: NDArray[np.int64], wanted: int) -> int:
    """As many folds as wanted, or as the smallest stratum has observations."""
    return min(wanted, int(np.unique(stratum, return_counts=True)[1].min()))


def halves(
    stratum: NDArray[np.int64], seeds: np.random.SeedSequence, n_splits: int
) -> Iterator[NDArray[np.bool_]]:
    """Random halves, stratified: for each split, which observations are in the first half."""
    for seed in seeds.spawn(n_splits):
        yield stratified_folds(stratum, 2, np.random.default_rng(seed)) == 0


def in_stretches(label: NDArray[Any]) -> bool:
    """Whether each of two labels or more is one stretch of the trials, "trials" in their order."""
    changes, labels = np.count_nonzero(label[1:] != label[:-1]), len(np.unique(label))
    return labels > 1 and changes == labels - 1


def makes_pseudo_blocks(stratum: NDArray[np.int64]) -> bool:
    """Whether every stratum of a block has enough observations to be cut into two of four."""
    return bool(np.bincount(stratum).min() >= PSEUDO_OBSERVATIONS)


def early_half(stratum: NDArray[np.int64], time: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which observations are in the first half of their stratum by time; a middle one is.

    Early and late halves of one block are pseudo-blocks: what differs between them is drift.
    """
    early = np.zeros(len(stratum), dtype=np.bool_)
    for label in np.unique(stratum):
        members = np.flatnonzero(stratum == label)
        ordered = members[np.argsort(time[members], kind="stable")]
        early[ordered[: (len(ordered) + 1) // 2]] = True
    return early
