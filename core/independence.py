"""Whether the rows of a session look independent, which every interval and p-value here assumes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.experiment import ExperimentError
from core.session import Session

NOTABLE_Z = 3.0


@dataclass(frozen=True)
class SerialCorrelation:
    """Correlation of consecutive rows about their cell means, and its z-score."""

    coefficient: float
    z: float

    @property
    def notable(self) -> bool:
        """Whether rows follow each other more alike than independent rows would."""
        return self.z > NOTABLE_Z

    @property
    def sentence(self) -> str:
        """The warning that goes with every interval and p-value."""
        return (
            f"consecutive rows are correlated (residual correlation {self.coefficient:.3f}, "
            f"z {self.z:.1f}) and no `group` array says which belong together: intervals and "
            "p-values, computed row by row, are optimistic"
        )


def serial_correlation(counts: NDArray[np.float64], cell: NDArray[np.int64]) -> SerialCorrelation:
    """Lag-one correlation of rows about their cell means.

        g_t = r_t . r_(t+1) - E g,   coefficient = mean g / mean |r|^2,   z = sum g / sqrt(sum g^2)

    counts: "trials neurons" in the order of recording; cell: "trials", codes from 0. Rows of one
    cell with T trials have E g = -|r|^2 / (T - 1) when independent; it is taken off.
    """
    sizes = np.bincount(cell).astype(np.float64)
    sums = np.zeros((len(sizes), counts.shape[1]))
    np.add.at(sums, cell, counts)
    residuals = counts - (sums / np.maximum(sizes, 1)[:, None])[cell]
    power = np.mean(np.square(residuals).sum(axis=1))
    products = np.einsum("ij,ij->i", residuals[:-1], residuals[1:])
    same = (cell[:-1] == cell[1:]) / np.maximum(sizes[cell[:-1]] - 1, 1)
    products = products + power * same
    spread = float(np.sqrt(np.square(products).sum()))
    if spread == 0:
        return SerialCorrelation(0.0, 0.0)
    return SerialCorrelation(float(products.mean() / power), float(products.sum() / spread))


@dataclass(frozen=True)
class Units:
    """What counts as one independent observation: a trial, or the mean of a group of them.

    activity: "units neurons"; condition, block: target and block of each; size: its trials;
    first: where its first trial is among those of the session.
    """

    activity: NDArray[np.float64]
    condition: NDArray[np.int64]
    block: NDArray[np.int64]
    size: NDArray[np.float64]
    first: NDArray[np.int64]
    name: str


def independent_units(session: Session, block: NDArray[np.int64]) -> Units:
    """The trials of a session or, where it has groups, the mean of each with its size.

    A group inside one cell moves as a whole when its mean, weighted by its size, stands for it.
    """
    if session.group is None:
        sizes = np.ones(len(session.counts))
        places = np.arange(len(session.counts))
        return Units(session.counts, session.condition, block, sizes, places, "trials")
    names, first, unit = np.unique(session.group, return_index=True, return_inverse=True)
    condition, own = session.condition[first], block[first]
    across = (condition[unit] != session.condition) | (own[unit] != block)
    if across.any():
        raise ExperimentError(across_cells(str(session.group[across][0])))
    sizes = np.bincount(unit).astype(np.float64)
    sums = np.zeros((len(names), session.counts.shape[1]))
    np.add.at(sums, unit, session.counts)
    return Units(sums / sizes[:, None], condition, own, sizes, first, "groups")


def mixed_group(group: NDArray[np.str_] | None, condition: NDArray[np.int64]) -> str | None:
    """A group with trials of several targets, if there is one."""
    if group is None:
        return None
    _, first, unit = np.unique(group, return_index=True, return_inverse=True)
    mixed = group[condition[first][unit] != condition]
    return str(mixed[0]) if len(mixed) else None


def across_cells(group: str) -> str:
    """The message about a group that is no independent observation of one cell."""
    return (
        f"group {group} has trials of several targets or blocks; here a group must lie within one "
        "target of one block. Give each its own label, or upload the session without `group`"
    )
