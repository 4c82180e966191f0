"""A session as an NWB file: trials, units, behaviour, and whatever else its dataset holds.

NWB has no place for counts: they become spike times. A count of k becomes k spikes, evenly spread
over its trial, so that counting them over whole trials gives the session back exactly.
"""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from hdmf.common import VectorData
from numpy.typing import NDArray
from pynwb import NWBHDF5IO, NWBFile
from pynwb.epoch import TimeIntervals
from pynwb.file import Subject

from core.experiment import Dataset, ExperimentError
from core.session import BEHAVIOUR, Session

TRIAL_S = 1.0
PAUSE_S = 1.0
MAX_SPIKES = 100_000_000
_SUBJECT = "The dataset does not name its subject; a synthetic one has none."
_NO_SPECIES = "http://purl.obolibrary.org/obo/NCBITaxon_32644"  # the taxon called unidentified
_ANY_AGE = "P0D/"  # NWB wants an age; this is a range without an upper end
_DESCRIBED = {
    "target": "Label of the target.",
    "target_angle_deg": "Angle of the target, in degrees, counter-clockwise.",
    "group": "Trials with one label belong together.",
    "error": "Signed error, in the unit of the perturbation.",
    "reach": "Deviation of the hand, in the unit of the perturbation; NaN where it is missing.",
    "perturbation": "Perturbation of the movement.",
    "clamp": "Whether the error was clamped to zero.",
}


class NotWritable(ExperimentError):
    """A dataset that cannot be an NWB file; the message says why."""


def write_nwb(arrays: Dataset, path: Path, *, name: str, identifier: str, made: datetime) -> None:
    """Write the session in these arrays; raises `NotASession` or `NotWritable`."""
    session = Session.from_arrays(arrays)
    counts = _whole(session.counts)
    start: NDArray[np.float64] = np.arange(float(len(counts))) * (TRIAL_S + PAUSE_S)
    nwb = NWBFile(
        session_description=f"Spike counts of the dataset {name}. Spike times are evenly spread "
        "over each trial: only their number is data.",
        identifier=identifier,
        session_start_time=made,
        subject=_unknown_subject(),
        notes=str(arrays["truth"].item()) if _is_text(arrays.get("truth")) else None,
    )
    nwb.trials = _trials(session, arrays, start)
    for neuron in range(counts.shape[1]):
        nwb.add_unit(spike_times=_spread(counts[:, neuron], start), id=neuron)
    # Nothing was sampled: the least that two spike times can differ by is that of their numbers.
    nwb.units.resolution = float(np.spacing(start[-1] + TRIAL_S))
    for key, values in _others(session, arrays).items():
        nwb.add_scratch(values, name=key, description="An array of the dataset.")
    with NWBHDF5IO(path, "w") as file:
        file.write(nwb)


def _unknown_subject() -> Subject:
    return Subject(
        subject_id="unknown",
        species=_NO_SPECIES,
        sex="U",
        age=_ANY_AGE,
        description=_SUBJECT,
    )


def _whole(counts: NDArray[np.float64]) -> NDArray[np.int64]:
    whole = np.rint(counts)
    odd = np.argwhere((whole != counts) | (counts < 0))
    if len(odd):
        trial, neuron = odd[0].tolist()
        raise NotWritable(
            f"`counts` is {counts[trial, neuron]:g} at trial {trial}, neuron {neuron}; NWB holds "
            "spikes, which only whole numbers can count. Download it as NPZ"
        )
    if whole.sum() > MAX_SPIKES:
        raise NotWritable(f"`counts` sums to {whole.sum():g} spikes; at most {MAX_SPIKES} are made")
    return whole.astype(np.int64)


def _trials(session: Session, arrays: Dataset, start: NDArray[np.float64]) -> TimeIntervals:
    columns = [
        VectorData(name="start_time", description="Start of the trial, in seconds.", data=start),
        VectorData(name="stop_time", description="End of the trial.", data=start + TRIAL_S),
    ]
    columns += [
        VectorData(name=name, description=_DESCRIBED.get(name, f"Label of `{name}`."), data=values)
        for name, values in _per_trial(session, arrays).items()
    ]
    return TimeIntervals(name="trials", description="The trials of the session.", columns=columns)


def _per_trial(session: Session, arrays: Dataset) -> dict[str, Any]:
    """Columns of the trials; numbers stay numbers, text becomes a list."""
    own = {"target": arrays["target"], **session.factors}
    if session.target_angle_deg is not None:
        own["target_angle_deg"] = session.target_angle_deg[session.condition]
    if session.group is not None:
        own["group"] = session.group
    rows = (len(session.counts),)
    own |= {key: arrays[key] for key in BEHAVIOUR if key in arrays and arrays[key].shape == rows}
    return {
        key: values.tolist() if values.dtype.kind == "U" else values for key, values in own.items()
    }


def _spread(counts: NDArray[np.int64], start: NDArray[np.float64]) -> NDArray[np.float64]:
    """Spike times "spikes": of k in a trial the j-th comes at (j + 1/2) / k of it."""
    k = np.repeat(counts, counts)
    first = np.repeat(np.cumsum(counts) - counts, counts)
    j = np.arange(len(k)) - first
    return np.asarray(np.repeat(start, counts) + TRIAL_S * (j + 0.5) / k)


def _others(session: Session, arrays: Dataset) -> Mapping[str, Any]:
    """Arrays that are no column of the trials, such as the true rates of a synthetic session."""
    told = {"counts", "target_angle_deg", "truth", *_per_trial(session, arrays)}
    return {
        key: values.tolist() if values.dtype.kind == "U" else values
        for key, values in arrays.items()
        if key not in told and values.ndim and values.dtype.kind in "biufU"
    }


def _is_text(values: NDArray[Any] | None) -> bool:
    return values is not None and values.ndim == 0 and values.dtype.kind == "U"
