"""Spikes of one neuron counted in a window of each trial."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def window_counts(spikes: Floats, start: Floats, stop: Floats) -> NDArray[np.int64]:
    """Spikes at start <= time < stop "trials", of times "spikes" in ascending order, in seconds."""
    first = np.searchsorted(spikes, start, side="left")
    last = np.searchsorted(spikes, stop, side="left")
    return np.asarray(np.maximum(last - first, 0), dtype=np.int64)


def observed(intervals: Floats, start: Floats, stop: Floats) -> NDArray[np.bool_]:
    """Whether each window "trials" lies within one of the intervals "intervals 2".

    Intervals that touch or overlap are one, as when a recording is written in pieces.
    """
    if not len(intervals):
        return np.zeros(len(start), dtype=np.bool_)
    ordered = intervals[np.argsort(intervals[:, 0], kind="stable")]
    ends = np.maximum.accumulate(ordered[:, 1])
    begins = np.r_[True, ordered[1:, 0] > ends[:-1]]
    merged_start = ordered[begins, 0]
    merged_stop = ends[np.r_[np.flatnonzero(begins)[1:] - 1, len(ends) - 1]]
    own = np.searchsorted(merged_start, start, side="right") - 1
    return np.asarray((own >= 0) & (stop <= merged_stop[np.maximum(own, 0)]))
