"""What an NWB file has of trials and units, through pynwb.

The file was walked by `core.hdf5` before it comes here. Only the table of trials, the units' spike
times and their obs_intervals are read; everything else stays on disk.
"""

import json
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import h5py
import numpy as np
from hdmf.build import ConstructError
from hdmf.common import DynamicTable, VectorData
from numpy.typing import NDArray
from pynwb import NWBHDF5IO, NWBFile

from core.hdf5 import DAMAGE, Budget, values_of
from core.kernels.window_counts import Floats
from core.mapping import Unmapped
from core.npz import UnreadableFile
from core.trial_table import Columns, described


@dataclass(frozen=True)
class Spikes:
    """Times of all units in one array, the end of each unit's part, and where it was observed."""

    times: Floats
    ends: NDArray[np.int64]
    intervals: tuple[Floats, ...] | None

    def __len__(self) -> int:
        return len(self.ends)

    def of(self, unit: int) -> Floats:
        """The times of one unit, ascending."""
        start = self.ends[unit - 1] if unit else 0
        return np.sort(self.times[start : self.ends[unit]])


@dataclass(frozen=True)
class Recording:
    """Trials and spikes of an NWB file, and all that it has, in words."""

    trials: Columns
    spikes: Spikes
    contents: str


def read_recording(file: h5py.File, table: str, budget: Budget) -> Recording:
    """The plain columns of a table of intervals, and the spikes of all units."""
    with _opened(file) as nwb:
        return Recording(_trials(nwb, table, budget), _spikes(nwb, budget), _contents(nwb))


@contextmanager
def _opened(file: h5py.File) -> Iterator[NWBFile]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of deprecated metadata, which is not used
            yield NWBHDF5IO(file=file, mode="r", load_namespaces=True).read()
    except (*DAMAGE, ConstructError, AssertionError, LookupError) as broken:
        first = str(broken).partition("\n")[0][:200]
        raise UnreadableFile(f"the NWB file is damaged, or not valid NWB: {first}") from None


def _contents(nwb: NWBFile) -> str:
    """The units and the tables of intervals of a file, in words."""
    units = nwb.units
    has_units = "no units" if units is None else f"{len(units)} units ({described(units.colnames)})"
    tables = [_table_contents(name, table) for name, table in _tables(nwb).items()]
    return f"The file has {has_units} and, of intervals, {'; '.join(tables) or 'none'}."


def _table_contents(name: str, table: DynamicTable) -> str:
    plain = [column.name for column in _plain(table)]
    others = ", ".join(f"`{column}`" for column in table.colnames if column not in plain)
    left = f"; without one plain value per row: {others}" if others else ""
    return f"`{name}` with {len(table)} rows ({described(plain)}{left})"


def _tables(nwb: NWBFile) -> dict[str, DynamicTable]:
    named = {"trials": nwb.trials, "epochs": nwb.epochs, "invalid_times": nwb.invalid_times}
    tables = {**named, **dict(nwb.intervals or {})}
    return {name: table for name, table in tables.items() if table is not None}


def _trials(nwb: NWBFile, name: str, budget: Budget) -> Columns:
    tables = _tables(nwb)
    if name not in tables or not len(tables[name]):
        raise Unmapped(
            f"no trials: looked for the table of intervals `{name}` with a row for each trial "
            f"(start_time, stop_time, its target). {_contents(nwb)} Add trials with "
            "nwbfile.add_trial(...) and their columns with nwbfile.add_trial_column(...)"
            f"{_another_table(tables)}",
            "table",
        )
    table = tables[name]
    read = {column.name: _values(column.data, budget) for column in _plain(table)}
    return {key: values for key, values in read.items() if values.shape == (len(table),)}


def _another_table(tables: Mapping[str, DynamicTable]) -> str:
    """The mapping to a table that has a column of labels, if there is one."""
    for name, table in tables.items():
        labels = [c.name for c in _plain(table) if c.name not in ("start_time", "stop_time")]
        if labels and len(table):
            mapping = json.dumps({"table": name, "target": labels[0]})
            return f", or name another table in the mapping, such as {mapping}"
    return ""


def _plain(table: DynamicTable) -> list[VectorData]:
    """The columns with one number or text per row."""
    ragged = {c.name.removesuffix("_index") for c in table.columns if c.name.endswith("_index")}
    return [
        column
        for column in table.columns
        if isinstance(column, VectorData)
        and column.name in table.colnames
        and column.name not in ragged
        and np.shape(column.data) == (len(table),)
        and _is_readable(column.data)
    ]


def _is_readable(data: Any) -> bool:
    if isinstance(data, h5py.Dataset):
        return data.dtype.kind in "biuf" or h5py.check_string_dtype(data.dtype) is not None
    return isinstance(data, list | tuple | np.ndarray)


def _values(data: Any, budget: Budget) -> NDArray[Any]:
    """Numbers or text of a column; one of anything else is empty."""
    if isinstance(data, h5py.Dataset):
        return values_of(data, budget) if _is_readable(data) else np.empty(0)
    values = np.asarray(data) if isinstance(data, list | tuple | np.ndarray) else np.empty(0)
    return values if values.dtype.kind in "biufU" else np.empty(0)


def _spikes(nwb: NWBFile, budget: Budget) -> Spikes:
    units = nwb.units
    if units is None or "spike_times" not in units.colnames or not len(units):
        return Spikes(np.empty(0), np.empty(0, dtype=np.int64), None)
    times, ends = _ragged(units, "spike_times", budget)
    if not np.isfinite(times).all():
        raise UnreadableFile("the units have spike times that are NaN or infinite")
    if "obs_intervals" not in units.colnames:
        return Spikes(times, ends, None)
    intervals, last = _ragged(units, "obs_intervals", budget)
    parts = np.split(intervals.reshape(-1, 2), last[:-1])
    return Spikes(times, ends, tuple(parts))


def _ragged(units: DynamicTable, name: str, budget: Budget) -> tuple[Floats, NDArray[np.int64]]:
    """All rows of a ragged column in one array, and where each row ends."""
    index = next(c for c in units.columns if c.name == f"{name}_index")
    values = _values(index.target.data, budget).astype(np.float64)
    ends = _values(index.data, budget).astype(np.int64)
    fits = len(ends) == len(units) and ends[-1] <= len(values) and (np.diff(ends) >= 0).all()
    if not fits or ends[0] < 0:
        raise UnreadableFile(f"the units' `{name}` and its index do not fit each other")
    return values, ends
