"""A look at a dataset, small enough to draw: cells, condition means, activity, behaviour."""

from contextlib import suppress
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from core.behaviour import Behaviour
from core.dataset import CellSummary
from core.experiment import Dataset
from core.selection import cell_name
from core.session import NotASession, Session
from core.summary import session_cells

MAX_ROWS = 120
MAX_NEURONS = 120
MAX_POINTS = 250
VERSION = 1
"""Counts with every change of what a preview shows: previews are kept."""
T = TypeVar("T")
_Floats = NDArray[np.float64]


class Matrix(BaseModel):
    """Activity of neurons "rows neurons"; of many rows or neurons each value is a mean over some.

    `rows` names each row; `neurons` is the first neuron of each column, from 0.
    """

    model_config = ConfigDict(frozen=True)

    rows: tuple[str, ...]
    neurons: tuple[int, ...]
    values: tuple[tuple[float, ...], ...]


class Curve(BaseModel):
    """Behaviour over trials; of many trials each point is a mean over some, null if all miss."""

    model_config = ConfigDict(frozen=True)

    trials: tuple[int, ...] = Field(description="First trial of each point, from 0.")
    deviation: tuple[float | None, ...] = Field(description="Deviation of the hand.")
    perturbation: tuple[float, ...] = Field(description="Perturbation.")
    compensation: tuple[float | None, ...] = Field(description="Perturbation less deviation.")


class Preview(BaseModel):
    """What can be drawn of a dataset; parts that it does not have are null."""

    model_config = ConfigDict(frozen=True)

    cells: tuple[CellSummary, ...] = ()
    condition_means: Matrix | None = None
    activity: Matrix | None = None
    behaviour: Curve | None = None


def preview(arrays: Dataset) -> Preview:
    """The preview of a dataset, whatever of it there is."""
    found = Preview()
    with suppress(NotASession):  # the summary says why
        found = _with_session(found, Session.from_arrays(arrays))
    with suppress(NotASession):
        curve = _curve(Behaviour.from_arrays(arrays))
        found = found.model_copy(update={"behaviour": curve})
    return found


def _with_session(found: Preview, session: Session) -> Preview:
    """Cells with their means, and all trials in the order of the file."""
    cells = session_cells(session)
    trials = [str(trial) for trial in range(len(session.counts))]
    changes = {
        "cells": cells,
        "condition_means": _condition_means(session, cells[:MAX_ROWS]),
        "activity": _matrix(_thinned(session.counts, MAX_ROWS), _first(trials, MAX_ROWS)),
    }
    return found.model_copy(update=changes)


def _condition_means(session: Session, cells: tuple[CellSummary, ...]) -> Matrix:
    means = []
    for cell in cells:
        own = session.target == cell.target
        for factor, label in cell.blocks.items():
            own = own & (session.factors[factor] == label)
        means.append(session.counts[own].mean(axis=0))
    return _matrix(np.array(means), [cell_name(cell.target, cell.blocks) for cell in cells])


def _matrix(values: _Floats, rows: list[str]) -> Matrix:
    neurons = _first(list(range(values.shape[1])), MAX_NEURONS)
    thin = _thinned(values.T, MAX_NEURONS).T
    return Matrix(rows=tuple(rows), neurons=tuple(neurons), values=tuple(map(tuple, thin.tolist())))


def _curve(behaviour: Behaviour) -> Curve:
    columns = (behaviour.deviation, behaviour.perturbation, behaviour.compensation)
    deviation, perturbation, compensation = (
        _thinned(np.ascontiguousarray(column), MAX_POINTS) for column in columns
    )
    return Curve(
        trials=tuple(_first(behaviour.trials.tolist(), MAX_POINTS)),
        deviation=tuple(_known(deviation)),
        perturbation=tuple(perturbation.tolist()),
        compensation=tuple(_known(compensation)),
    )


def _known(values: _Floats) -> list[float | None]:
    return [None if np.isnan(value) else float(value) for value in values]


def _starts(length: int, most: int) -> NDArray[np.int64]:
    """Where each of at most `most` pieces of equal length begins."""
    return np.arange(0, length, -(-length // most))


def _first(values: list[T], most: int) -> list[T]:
    return [values[start] for start in _starts(len(values), most)]


def _thinned(values: _Floats, most: int) -> _Floats:
    """Means over pieces of the first axis, of what is known in them; NaN where nothing is."""
    starts = _starts(len(values), most)
    known = np.add.reduceat(np.isfinite(values).astype(np.float64), starts, axis=0)
    sums = np.add.reduceat(np.nan_to_num(values, nan=0.0), starts, axis=0)
    return np.divide(sums, known, out=np.full_like(sums, np.nan), where=known > 0)
