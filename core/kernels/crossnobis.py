"""Distance between two labels of a factor, target by target, without the bias of noise.

With d = mean_2 - mean_1 of a target's trials, in training folds and in the fold k left out,

    distance = 1/(K N) sum_k d_train' P_k d_test        (crossnobis; P_k = I: Euclidean).

P_k is the inverse noise covariance, from the training folds alone: one precision from all trials
knows the noise of the test fold and raises the distance by .1 to .15 noise variances where there is
none. Noise of the two parts is independent, so the distance is 0 on average where labels do not
differ, and negative about half the time; its sign is kept. Cells may have any numbers of trials.

The noise covariance is that of residuals about cell means, each neuron scaled to unit variance,
shrunk towards no correlation (O. Ledoit, M. Wolf, J. Multivariate Anal. 88:365 (2004), lemma 3.3).

Reference: A. Walther et al., Reliability of dissimilarity measures for multi-voxel pattern
analysis, NeuroImage 137:188 (2016), eq. 13.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from core.kernels.ledger import Stage, new_stage
from core.kernels.participation_ratio import Floats
from core.kernels.portions import Report
from core.kernels.resampling import codes_left_out, permuted_within

Codes = NDArray[np.int64]

LEAST_VARIANCE = 1e-12


@dataclass(frozen=True)
class Labelled:
    """What is compared: "units neurons"; of each unit its target, its state (0 where there is
    one), its side (0 or 1, the labels between which distance is taken), its size and its fold.
    """

    activity: Floats
    target: Codes
    state: Codes
    side: Codes
    size: Floats
    fold: Codes

    @property
    def shape(self) -> tuple[int, int]:
        """States and targets."""
        return int(self.state.max()) + 1, int(self.target.max()) + 1

    @property
    def part(self) -> Codes:
        """State and side in one code."""
        return self.state * 2 + self.side

    @property
    def cell(self) -> Codes:
        """Target, state and side in one code, targets outermost."""
        return self.target * 2 * self.shape[0] + self.part


def shrunk_covariance(residuals: Floats) -> tuple[Floats, Floats, float]:
    """Correlation shrunk towards I, the scale of each column, and the weight of I.

    residuals: "observations columns" of mean zero. A column that never varies has scale 0 and is
    taken for uncorrelated.
    """
    n, p = residuals.shape
    scale = np.sqrt(np.mean(np.square(residuals), axis=0))
    unit = residuals / np.where(scale > LEAST_VARIANCE, scale, np.inf)
    C = unit.T @ unit / n
    varying = int((scale > LEAST_VARIANCE).sum())
    mean = varying / p
    spread = float(np.square(C).sum()) / p - mean**2
    squares = np.square(unit)
    of_products = float(np.square(squares.sum(axis=1)).sum()) / n
    error = (of_products - float(np.square(C).sum())) / (n * p)
    weight = min(max(error, 0.0), spread) / spread if spread > 0 else 1.0
    shrunk = (1 - weight) * C
    shrunk[np.diag_indices(p)] += weight * mean
    return shrunk, scale, weight


def whitened(seen: Labelled, cell: Codes) -> list[Floats]:
    """Activity in which the noise of the training folds of each k is white, "units neurons".

    Noise is what scatters about the means of these cells. A test needs cells that its shuffles
    leave alone, `constant_cells`: residuals about the true cells know which labelling is the true
    one, and rejected 10 % of null sessions at .05.
    """
    return [seen.activity @ _whitening(seen, cell, k) for k in range(int(seen.fold.max()) + 1)]


def constant_cells(seen: Labelled, *, states: bool) -> Codes:
    """Cells of everything but the labels that `permuted_distances` shuffles."""
    kept = seen.side if states else seen.state
    return seen.target * (int(kept.max()) + 1) + kept


def distances(seen: Labelled, views: Sequence[Floats], parts: Codes) -> Floats:
    """Distance of each draw, state and target, "draws states targets".

    views: activity for each fold (`whitened`, or the activity itself for Euclidean distance);
    parts: "draws units", codes of state and side, `LEFT_OUT` for a unit a draw does without. A fold
    that has lost its last unit of a cell is passed over.
    """
    n_states, n_targets = seen.shape
    total = np.zeros((len(parts), n_states, n_targets))
    used = np.zeros_like(total)
    for k, view in enumerate(views):
        for target in range(n_targets):
            own = np.flatnonzero(seen.target == target)
            train, test = _differences(seen, view, parts, own, k)
            products = np.einsum("dsn,dsn->ds", train, test)
            defined = np.isfinite(products)
            total[:, :, target] += np.where(defined, products, 0.0)
            used[:, :, target] += defined
    found: Floats = total / np.where(used > 0, used, np.nan) / seen.activity.shape[1]
    return found


def distance_matrix(seen: Labelled, views: Sequence[Floats]) -> Floats:
    """Distances between all cells, "cells cells": mean over folds of G_ii + G_jj - G_ij - G_ji.

    G = M_train M_test', the products of cell means over neurons.
    """
    total = np.zeros((2 * seen.shape[0] * seen.shape[1],) * 2)
    for k, view in enumerate(views):
        train, test = (_means(seen, view, rows) for rows in (seen.fold != k, seen.fold == k))
        G = train @ test.T
        own = np.diag(G)
        total += own[:, None] + own[None, :] - G - G.T
    matrix: Floats = total / (len(views) * seen.activity.shape[1])
    return matrix


def left_out_distances(
    seen: Labelled,
    views: Sequence[Floats],
    report: Report,
    *,
    stage: Callable[..., Stage] = new_stage,
) -> Floats:
    """Distances with each unit left out in turn, "units states targets"; precision and folds
    as they were.
    """
    found = stage(*seen.shape, len(seen.size))
    for draws, parts in found.missing(codes_left_out(seen.part, _chunk(seen))):
        found.add(draws, np.moveaxis(distances(seen, views, parts), 0, -1))
        report(draws.stop / len(seen.size))
    return found.by_draw


def permuted_distances(
    seen: Labelled,
    views: Sequence[Floats],
    report: Report,
    *,
    seed: int,
    draws: int,
    states: bool,
    stage: Callable[..., Stage] = new_stage,
) -> Floats:
    """Distances with shuffled labels, "draws states targets".

    Sides move within target and state or, for `states`, states within target and side; always
    inside their fold, so that every cell keeps its size in every fold.
    """
    moved = seen.state if states else seen.side
    stratum = constant_cells(seen, states=states) * len(views) + seen.fold
    null = stage(*seen.shape, draws)
    for chunk, labels in null.missing(permuted_within(moved, stratum, seed, draws, _chunk(seen))):
        parts = labels * 2 + seen.side if states else seen.state * 2 + labels
        null.add(chunk, np.moveaxis(distances(seen, views, parts), 0, -1))
        report(chunk.stop / draws)
    return null.by_draw


def distance_cost(units: int, neurons: int, states: int, folds: int) -> int:
    """Scalar operations of one draw."""
    return folds * 2 * states * units * (4 * neurons + 8)


def _whitening(seen: Labelled, cell: Codes, k: int) -> Floats:
    """W with W W' = P_k."""
    rows = seen.fold != k
    weights, own = seen.size[rows], cell[rows]
    w = (own == np.unique(own)[:, None]) * weights
    means = w @ seen.activity[rows] / w.sum(axis=1, keepdims=True)
    place = np.searchsorted(np.unique(own), own)
    residuals = np.sqrt(weights)[:, None] * (seen.activity[rows] - means[place])
    shrunk, scale, _ = shrunk_covariance(residuals)
    # Residuals of n rows about C means have n - C degrees of freedom.
    spare = len(residuals) / max(len(residuals) - len(means), 1)
    lower = np.linalg.cholesky(shrunk * spare)
    inverse: Floats = scipy.linalg.solve_triangular(lower, np.eye(len(scale)), lower=True)
    return inverse.T / np.where(scale > LEAST_VARIANCE, scale, np.inf)[:, None]


def _means(seen: Labelled, view: Floats, rows: NDArray[np.bool_]) -> Floats:
    """Weighted mean of each cell over these rows, "cells neurons"."""
    n_cells = 2 * seen.shape[0] * seen.shape[1]
    w = (seen.cell == np.arange(n_cells)[:, None]) * (seen.size * rows)
    means: Floats = (w @ view) / w.sum(axis=1, keepdims=True)
    return means


def _differences(
    seen: Labelled, view: Floats, parts: Codes, own: Codes, k: int
) -> tuple[Floats, Floats]:
    """Side 1 less side 0 of one target in training and test, "draws states neurons"."""
    inside = seen.fold[own] == k
    means = []
    for rows in (own[~inside], own[inside]):
        each = []
        for part in range(2 * seen.shape[0]):
            w = (parts[:, rows] == part) * seen.size[rows]
            total = w.sum(axis=1, keepdims=True)
            each.append(w @ view[rows] / np.where(total > 0, total, np.nan))
        means.append(np.stack([b - a for a, b in zip(each[::2], each[1::2], strict=True)], axis=1))
    return means[0], means[1]


def _chunk(seen: Labelled) -> int:
    """How many draws to take at once: about 50 ms of work and less than 50 MB."""
    units, neurons = seen.activity.shape
    folds = int(seen.fold.max()) + 1
    by_work = 300_000_000 // distance_cost(units, neurons, seen.shape[0], folds)
    by_memory = 6_000_000 // (2 * units + 8 * seen.shape[0] * neurons)
    return int(min(256, max(1, min(by_work, by_memory))))
