"""The part of a session that a spec asks for, checked, with what must be said about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.experiment import Dataset, Refused
from core.independence import Units, independent_units, serial_correlation
from core.kernels.folds import in_stretches
from core.session import MIN_CELL_TRIALS, NotASession, Session, Transform, few_trials

CONTIGUOUS = (
    "the compared blocks follow each other in time: a difference between them may be drift of the "
    "recording as well as an effect of the block, and the p-value does not tell which"
)


Labels = Mapping[str, str]
"""The label that a trial must carry on each of some block factors; none: any trial."""


@dataclass(frozen=True)
class Selection:
    """Trials in the order of the file; arm: the position of the labels that each trial carries.

    units: the independent observations that they make; optimistic: whether consecutive rows are
    correlated though nothing says which belong together; contiguous: whether each arm, or
    each label of the factor that is compared, is one stretch of the recording.
    """

    session: Session
    arm: NDArray[np.int64]
    units: Units
    optimistic: bool
    contiguous: bool
    warnings: tuple[str, ...]


def selected(
    arrays: Dataset,
    arms: Sequence[Labels],
    *,
    neurons: tuple[int, ...] | None,
    transform: Transform,
    compared: str | None = None,
) -> Selection:
    """The trials of these arms, which may not overlap, and these neurons (None: all).

    `({},)` is one arm of all trials. Every target needs four independent trials in every arm.
    compared: the factor between whose labels drift would matter, where arms differ in others too.
    """
    session = Session.from_arrays(arrays)
    if neurons is not None:
        session = session.with_neurons(neurons)
    arm = _arm(session, arms)
    session, arm = session.with_trials(arm >= 0), arm[arm >= 0]
    session, silent = session.transformed(transform).without_silent_neurons()
    units = independent_units(session, arm)
    _check_cells(session, units, arms)
    serial = serial_correlation(
        session.counts, session.condition + arm * len(session.target_labels)
    )
    optimistic = serial.notable and session.group is None
    warnings = [f"neurons without any variance were left out: {list(silent)}"] if silent else []
    warnings += [serial.sentence] if optimistic else []
    contiguous = in_stretches(arm if compared is None else session.factors[compared])
    warnings += [CONTIGUOUS] if contiguous else []
    return Selection(session, arm, units, optimistic, contiguous, tuple(warnings))


def cell_name(target: str, labels: Labels) -> str:
    """A cell in words: (target 3, block before)."""
    return f"({', '.join([f'target {target}', *(' '.join(pair) for pair in labels.items())])})"


def _arm(session: Session, arms: Sequence[Labels]) -> NDArray[np.int64]:
    """The position of the labels that each trial carries; -1 for trials of no arm."""
    arm = np.full(len(session.counts), -1, dtype=np.int64)
    for position, labels in enumerate(arms):
        own = np.ones(len(arm), dtype=np.bool_)
        for factor, label in labels.items():
            if factor not in session.factors:
                known = ", ".join(session.factors) or "no block factor"
                raise Refused("factor", factor, f"the dataset has {known}")
            own &= session.factors[factor] == label
        arm[own] = position
    return arm


def _check_cells(session: Session, units: Units, arms: Sequence[Labels]) -> None:
    """Every target needs four independent observations in every arm."""
    for arm, labels in enumerate(arms):
        sizes = np.bincount(
            units.condition[units.block == arm], minlength=len(session.target_labels)
        )
        for target, size in zip(session.target_labels, sizes.tolist(), strict=True):
            if size < MIN_CELL_TRIALS:
                raise NotASession(few_trials(cell_name(target, labels), size, units.name))
