"""The part of a session that a spec asks for, checked, with what must be said about it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.experiment import Dataset, Refused
from core.independence import Units, independent_units, serial_correlation
from core.session import MIN_CELL_TRIALS, NotASession, Session, Transform, few_trials

CONTIGUOUS = (
    "the compared blocks follow each other in time: a difference between them may be drift of the "
    "recording as well as an effect of the block, and the p-value does not tell which"
)


@dataclass(frozen=True)
class Blocks:
    """Labels of one block factor, each an arm of the result."""

    factor: str
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Selection:
    """Trials in the order of the file; arm: the position of each trial's block label.

    units: the independent observations that they make; optimistic: whether consecutive rows are
    correlated though nothing says which belong together.
    """

    session: Session
    arm: NDArray[np.int64]
    units: Units
    optimistic: bool
    warnings: tuple[str, ...]


def selected(
    arrays: Dataset,
    blocks: Blocks | None,
    *,
    neurons: tuple[int, ...] | None,
    transform: Transform,
) -> Selection:
    """The trials of these blocks (None: all, as one arm) and these neurons (None: all)."""
    session = Session.from_arrays(arrays)
    if neurons is not None:
        session = session.with_neurons(neurons)
    arm = _arm(session, blocks)
    session, arm = session.with_trials(arm >= 0), arm[arm >= 0]
    session, silent = session.transformed(transform).without_silent_neurons()
    units = independent_units(session, arm)
    _check_cells(session, units, blocks)
    serial = serial_correlation(
        session.counts, session.condition + arm * len(session.target_labels)
    )
    optimistic = serial.notable and session.group is None
    warnings = [f"neurons without any variance were left out: {list(silent)}"] if silent else []
    warnings += [serial.sentence] if optimistic else []
    warnings += [CONTIGUOUS] if np.count_nonzero(np.diff(arm)) == 1 else []
    return Selection(session, arm, units, optimistic, tuple(warnings))


def _arm(session: Session, blocks: Blocks | None) -> NDArray[np.int64]:
    """The position of each trial's label; -1 for trials of other blocks."""
    if blocks is None:
        return np.zeros(len(session.counts), dtype=np.int64)
    if blocks.factor not in session.factors:
        known = ", ".join(session.factors) or "no block factor"
        raise Refused("block.factor", blocks.factor, f"the dataset has {known}")
    labels = session.factors[blocks.factor]
    arm = np.full(len(labels), -1, dtype=np.int64)
    for position, label in enumerate(blocks.labels):
        arm[labels == label] = position
    return arm


def _check_cells(session: Session, units: Units, blocks: Blocks | None) -> None:
    """Every target needs four independent observations in every arm."""
    labels = [f", {blocks.factor} {label}" for label in blocks.labels] if blocks else [""]
    for arm, label in enumerate(labels):
        sizes = np.bincount(
            units.condition[units.block == arm], minlength=len(session.target_labels)
        )
        for target, size in zip(session.target_labels, sizes.tolist(), strict=True):
            if size < MIN_CELL_TRIALS:
                raise NotASession(few_trials(f"(target {target}{label})", size, units.name))
