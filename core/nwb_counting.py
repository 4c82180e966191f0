"""The arrays of a session from an NWB recording: spikes counted in windows of its trials."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from core.behaviour import has_behaviour
from core.hdf5 import Budget
from core.kernels.window_counts import Floats, observed, window_counts
from core.mapping import Unmapped
from core.nwb_mapping import NwbMapping, Window
from core.nwb_reading import Recording, Spikes, read_recording
from core.session import BEHAVIOUR
from core.trial_table import Columns, chosen, described, with_angles_per_target

Arrays = dict[str, NDArray[Any]]
_TIMES = ("start_time", "stop_time")


@dataclass(frozen=True)
class Span:
    """Beginning and end of one window in each trial "trials", NaN where they are not known."""

    start: Floats
    stop: Floats

    def at(self, rows: NDArray[np.int64]) -> "Span":
        """The window in these trials."""
        return Span(self.start[rows], self.stop[rows])

    @property
    def known(self) -> NDArray[np.bool_]:
        """The trials in which the window has a length."""
        return np.isfinite(self.start) & (self.stop > self.start)


@dataclass(frozen=True)
class _Choice:
    """Trials by what speaks for them, and the units to count."""

    wanted: NDArray[np.bool_]
    timed: NDArray[np.bool_]
    seen: NDArray[np.bool_]
    units: tuple[int, ...]

    @property
    def rows(self) -> NDArray[np.int64]:
        """The trials to use."""
        return np.flatnonzero(self.wanted & self.timed & self.seen)


def read_nwb(
    file: h5py.File, mapping: NwbMapping | None, max_bytes: int
) -> tuple[Arrays, tuple[str, ...]]:
    """The arrays of a session, and what to tell about how they were made."""
    wanted = mapping or NwbMapping()
    budget = Budget(max_bytes)
    recording = read_recording(file, wanted.table, budget)
    labels = _labels(recording.trials, mapping)
    if not len(recording.spikes):
        rows = np.flatnonzero(_wanted(recording.trials, wanted))
        told = f"there are no spike times to count. {recording.contents}"
        return _taken(labels, rows, 1), (told,)
    return _counted(recording, wanted, labels, budget)


def _counted(
    recording: Recording, wanted: NwbMapping, labels: Arrays, budget: Budget
) -> tuple[Arrays, tuple[str, ...]]:
    trials, spikes = recording.trials, recording.spikes
    spans = {label: _span(trials, window, "counts") for label, window in wanted.windows().items()}
    baseline = [] if wanted.baseline is None else [_span(trials, wanted.baseline, "baseline")]
    choice = _choice(recording, [*spans.values(), *baseline], wanted)
    rows = choice.rows
    budget.spend(8 * len(rows) * len(choice.units) * len(spans))
    arrays = _taken(labels, rows, len(spans))
    own = [span.at(rows) for span in spans.values()]
    before = [span.at(rows) for span in baseline]
    arrays["counts"] = np.concatenate([_counts(spikes, choice.units, s, before) for s in own])
    if len(spans) > 1:
        _check_behaviour(arrays)
        arrays["window"] = np.repeat(list(spans), len(rows))
        arrays["group"] = np.tile(rows, len(spans))
    return arrays, _notes(choice, len(spikes), own[0])


def _labels(trials: Columns, mapping: NwbMapping | None) -> Arrays:
    """Labels and behaviour: what the mapping names, or every column that is no time."""
    if mapping is not None and mapping.columns():
        return chosen(trials, mapping)
    return {name: values for name, values in trials.items() if name not in _TIMES}


def _taken(labels: Arrays, rows: NDArray[np.int64], windows: int) -> Arrays:
    """The labels of these trials, once per window."""
    taken = {name: np.tile(values[rows], windows) for name, values in labels.items()}
    return with_angles_per_target(taken)


def _wanted(trials: Columns, wanted: NwbMapping) -> NDArray[np.bool_]:
    kept = np.ones(len(next(iter(trials.values()))), dtype=np.bool_)
    for name, value in wanted.only.items():
        if name not in trials:
            raise Unmapped(f"the trials have no column {name!r}, {described(trials)}", "only")
        kept &= np.asarray(trials[name] == value)
    if not kept.any():
        raise Unmapped(f"none of the {len(kept)} trials has {wanted.only}", "only")
    return kept


def _span(trials: Columns, window: Window, key: str) -> Span:
    """A window, which the mapping has under this key, in each trial."""
    start = _moment(trials, window.align, key)
    if window.stop is None:
        return Span(start + window.start, _moment(trials, "stop_time", key))
    return Span(start + window.start, start + window.stop)


def _moment(trials: Columns, name: str, key: str) -> Floats:
    if name not in trials or trials[name].dtype.kind not in "iuf":
        raise Unmapped(
            f"looked for the moments of trials in the column {name!r} (numbers, in seconds); the "
            f"trials have {described(trials)}",
            key,
        )
    return trials[name].astype(np.float64)


def _choice(recording: Recording, spans: list[Span], wanted: NwbMapping) -> _Choice:
    """Trials and units of which every window, the baseline's too, was observed."""
    kept = _wanted(recording.trials, wanted)
    timed = np.all([span.known for span in spans], axis=0)
    units, seen = tuple(range(len(recording.spikes))), np.ones(len(kept), dtype=np.bool_)
    if recording.spikes.intervals is not None:
        present = [
            np.all([observed(own, s.start, s.stop) for s in spans], axis=0)
            for own in recording.spikes.intervals
        ]
        if wanted.unobserved == "leave_out_units":
            units = tuple(unit for unit in units if present[unit][kept & timed].all())
        else:
            seen = np.all(present, axis=0)
    choice = _Choice(kept, timed, seen, units)
    if not len(choice.rows) or not units:
        raise Unmapped(
            f"{len(choice.rows)} trials and {len(units)} units are left: of {len(kept)} trials "
            f"{int(kept.sum())} are asked for, {int((kept & timed).sum())} of these have the "
            "window's times, and the others were not within obs_intervals; choose another window, "
            'or {"unobserved": "leave_out_units"} or "leave_out_trials"',
            "counts",
        )
    return choice


def _counts(
    spikes: Spikes, units: tuple[int, ...], span: Span, baseline: list[Span]
) -> NDArray[Any]:
    """Counts "trials units", less what the baseline's rate would give in a window as long."""
    columns: list[NDArray[Any]] = []
    for unit in units:
        times = spikes.of(unit)
        counts: NDArray[Any] = window_counts(times, span.start, span.stop)
        for before in baseline:
            rate = window_counts(times, before.start, before.stop) / (before.stop - before.start)
            counts = counts - rate * (span.stop - span.start)
        columns.append(counts)
    return np.stack(columns, axis=1)


def _check_behaviour(arrays: Mapping[str, NDArray[Any]]) -> None:
    if has_behaviour(arrays):
        named = ", ".join(f"`{name}`" for name in BEHAVIOUR if name in arrays)
        raise Unmapped(
            f"several windows give several rows per trial, but {named} is one number per trial; "
            "name the labels that you need in the mapping, and read behaviour as a dataset of its "
            "own, with one window",
            "counts",
        )


def _notes(choice: _Choice, units: int, span: Span) -> tuple[str, ...]:
    """What was left out, and windows of unequal length."""
    untimed = int((choice.wanted & ~choice.timed).sum())
    unseen = int((choice.wanted & choice.timed & ~choice.seen).sum())
    unused = units - len(choice.units)
    lengths = span.stop - span.start
    told = {
        f"{untimed} trials were left out: their window has no beginning or no end": untimed > 0,
        f"{unseen} trials were left out: their window is not within every unit's obs_intervals": (
            unseen > 0
        ),
        f"{unused} units were left out: some window is not within their obs_intervals": unused > 0,
        f"counts are over whole trials of {lengths.min():.3g} to {lengths.max():.3g} s; give a "
        "window of one length": bool(np.ptp(lengths) > 1e-3 * lengths.max()),
    }
    return tuple(sentence for sentence, true in told.items() if true)
