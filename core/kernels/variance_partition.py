"""How the mean activity of target x block cells divides into target, block and their interaction.

With m_sl the true mean of cell (target s of S, block l of L), and P_phi the projector of effect phi
on the cells (the marginalisation of a two-way analysis of variance),

    target: A_S (x) J_L,   block: J_S (x) A_L,   interaction: A_S (x) A_L,   J = 11'/n,  A = I - J,
    SS_phi = tr(P_phi M),  M_cd = m_c . m_d.

Measured means scatter, and their scatter looks like an effect: two halves of one block show 12 %
interaction. An unbiased estimate takes it off,

    SS_phi = sum_n |P_phi mean_n|^2 - sum_c P_phi[cc] v_c,
    v_c = |mean_c|^2 - (|sum_t w_t x_t|^2 - sum_t w_t^2 |x_t|^2) / ((sum w)^2 - sum w^2),

which for trials of equal weight is v_c = tr(S_c) / T_c. It can come out negative where there is no
effect. Cells of unequal size are nothing special: every cell mean counts once.

Reference: D. Kobak et al., Demixed principal component analysis of neural population data, eLife
5:e10989 (2016), eq. 4 for the marginalisations; the noise term is this project's own.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.kernels.ledger import Stage, moved_on, new_stage
from core.kernels.participation_ratio import Floats
from core.kernels.portions import Report
from core.kernels.resampling import codes_left_out, permuted_within

Codes = NDArray[np.int64]

EFFECTS = ("target", "block", "interaction")


@dataclass(frozen=True)
class Observations:
    """What is partitioned: "units neurons" with target and block codes and the weight of each."""

    activity: Floats
    target: Codes
    block: Codes
    size: Floats

    @property
    def shape(self) -> tuple[int, int]:
        """Targets and blocks."""
        return int(self.target.max()) + 1, int(self.block.max()) + 1

    @property
    def cell(self) -> Codes:
        """The cell of each unit, targets outermost."""
        return self.target * self.shape[1] + self.block


def partitions(seen: Observations, cells: Codes) -> tuple[Floats, Floats]:
    """Corrected and naive sums of squares, "draws effects", of units dealt to cells.

    cells: "draws units", `LEFT_OUT` for a unit that a draw does without. NaN where a cell has fewer
    than two units.
    """
    means, noise = _cell_means(seen, cells)
    n_targets, n_blocks = seen.shape
    of_target, of_block = 1 - 1 / n_targets, 1 - 1 / n_blocks
    shares = np.array([of_target / n_blocks, of_block / n_targets, of_target * of_block])
    naive = _marginal_squares(means.reshape(len(cells), n_targets, n_blocks, -1))
    return naive - noise.sum(axis=1)[:, None] * shares, naive


def cell_means(seen: Observations) -> Floats:
    """The weighted mean of each cell, "targets blocks neurons", about the grand mean."""
    return _cell_means(seen, seen.cell[None])[0].reshape(*seen.shape, -1)


def left_out_partitions(
    seen: Observations, report: Report, *, stage: Callable[..., Stage] = new_stage
) -> Floats:
    """Corrected sums of squares with each unit left out in turn, "units effects"."""
    found = stage(len(EFFECTS), len(seen.size))
    for draws, cells in found.missing(codes_left_out(seen.cell, _chunk(seen))):
        found.add(draws, partitions(seen, cells)[0].T)
        report(draws.stop / len(seen.size))
    return found.by_draw


def permuted_partitions(
    seen: Observations,
    report: Report,
    *,
    seed: int,
    draws: int,
    stage: Callable[..., Stage] = new_stage,
) -> Floats:
    """The corrected sum of squares of each effect where there is none, "draws effects".

    target: target labels shuffled within block. block: block labels shuffled within target.
    interaction: the same on activity without the mean change between blocks, which a shuffle would
    otherwise turn into noise.
    """
    null = stage(len(EFFECTS) * draws)  # the draws of one effect after those of another
    steady = _without_block_effect(seen)
    for effect, data in enumerate((seen, seen, steady)):
        shuffled = _shuffled_cells(data, seed + effect, draws, of_targets=effect == 0)
        placed = ((moved_on(chunk, effect * draws), cells) for chunk, cells in shuffled)
        for chunk, cells in null.missing(placed):
            null.add(chunk, partitions(data, cells)[0][:, effect])
            report(chunk.stop / (len(EFFECTS) * draws))
    return np.ascontiguousarray(null.values.reshape(len(EFFECTS), draws).T)


def partition_cost(units: int, neurons: int, cells: int) -> int:
    """Scalar operations of one draw."""
    return 2 * cells * units * neurons + 6 * cells * (units + 5 * neurons)


def _shuffled_cells(
    seen: Observations, seed: int, draws: int, *, of_targets: bool
) -> Iterator[tuple[slice, Codes]]:
    """Cells after a shuffle of targets within block, or of blocks within target."""
    moved, stratum = (seen.target, seen.block) if of_targets else (seen.block, seen.target)
    for chunk, labels in permuted_within(moved, stratum, seed, draws, _chunk(seen)):
        targets, blocks = (labels, seen.block) if of_targets else (seen.target, labels)
        yield chunk, targets * seen.shape[1] + blocks


def _without_block_effect(seen: Observations) -> Observations:
    """Activity less the change of its block, averaged over targets."""
    shift = cell_means(seen).mean(axis=0)
    return Observations(seen.activity - shift[seen.block], seen.target, seen.block, seen.size)


def _cell_means(seen: Observations, cells: Codes) -> tuple[Floats, Floats]:
    """Weighted means "draws cells neurons" and the noise v "draws cells" in their squares."""
    x = seen.activity - seen.activity.mean(axis=0)
    squares = seen.size * np.square(x).sum(axis=1)
    n_cells = seen.shape[0] * seen.shape[1]
    means = np.empty((len(cells), n_cells, x.shape[1]))
    noise = np.empty((len(cells), n_cells))
    for cell in range(n_cells):
        w = (cells == cell) * seen.size
        total = w @ x
        one, two = w.sum(axis=1), w @ seen.size
        means[:, cell] = total / np.where(one > 0, one, np.nan)[:, None]
        pairs = np.where(one**2 - two > 0, one**2 - two, np.nan)
        plain = np.square(means[:, cell]).sum(axis=1)
        noise[:, cell] = plain - (plain * one**2 - w @ squares) / pairs
    return means, noise


def _marginal_squares(means: Floats) -> Floats:
    """|P_phi m|^2 of each effect, "draws effects", from "draws targets blocks neurons"."""
    n_targets, n_blocks = means.shape[1:3]
    centred = means - means.mean(axis=(1, 2), keepdims=True)
    target = centred.mean(axis=2, keepdims=True)
    block = centred.mean(axis=1, keepdims=True)
    rest = centred - target - block
    sums = [np.einsum("dabn,dabn->d", part, part) for part in (target, block, rest)]
    return np.stack([n_blocks * sums[0], n_targets * sums[1], sums[2]], axis=1)


def _chunk(seen: Observations) -> int:
    """How many draws to take at once: about 50 ms of work and less than 50 MB."""
    units, neurons = seen.activity.shape
    cells = seen.shape[0] * seen.shape[1]
    by_work = 300_000_000 // partition_cost(units, neurons, cells)
    by_memory = 6_000_000 // (4 * units + 3 * cells * neurons)
    return int(min(256, max(1, min(by_work, by_memory))))
