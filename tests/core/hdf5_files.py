"""HDF5 files as other programs write them: MATLAB 7.3 and NWB, in memory."""

import io
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray
from pynwb import NWBHDF5IO, NWBFile


def mat73(variables: Mapping[str, Any]) -> bytes:
    """A tree (dicts, lists, arrays, text) in the layout of `save -v7.3`, with its header."""
    content = io.BytesIO()
    with h5py.File(content, "w", userblock_size=512) as file:
        refs = file.create_group("#refs#")
        for name, value in variables.items():
            _write(file, refs, name, value)
    data = bytearray(content.getvalue())
    data[:128] = b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\0\2IM"
    return bytes(data)


def _write(group: h5py.Group, refs: h5py.Group, name: str, value: Any) -> None:
    if isinstance(value, np.ndarray) and value.dtype.kind == "U":
        value = value.tolist()
    if isinstance(value, dict):
        struct = group.create_group(name)
        struct.attrs["MATLAB_class"] = np.bytes_("struct")
        for key, inner in value.items():
            _write(struct, refs, key, inner)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        struct = group.create_group(name)
        struct.attrs["MATLAB_class"] = np.bytes_("struct")
        for key in value[0]:
            _references(struct, refs, key, [each[key] for each in value])
    elif isinstance(value, list):
        _references(group, refs, name, value).attrs["MATLAB_class"] = np.bytes_("cell")
    elif isinstance(value, str):
        numbers = np.frombuffer(value.encode("utf-16-le"), dtype=np.uint16)[:, None]
        text = group.create_dataset(name, data=numbers)
        text.attrs["MATLAB_class"] = np.bytes_("char")
    else:
        _matrix(group, name, np.atleast_2d(value))


def _matrix(group: h5py.Group, name: str, values: NDArray[Any]) -> None:
    logical = values.dtype == bool
    data = group.create_dataset(name, data=values.T.astype(np.uint8) if logical else values.T)
    data.attrs["MATLAB_class"] = np.bytes_("logical" if logical else "double")


def _references(group: h5py.Group, refs: h5py.Group, name: str, values: list[Any]) -> h5py.Dataset:
    there = []
    for value in values:
        key = f"r{len(refs)}"
        _write(refs, refs, key, value)
        there.append(refs[key].ref)
    data = np.array(there, dtype=h5py.ref_dtype)[:, None]
    return group.create_dataset(name, data=data, dtype=h5py.ref_dtype)


def nwb_file() -> NWBFile:
    """A recording without trials and units."""
    return NWBFile("a test", "test", datetime(2020, 1, 1, tzinfo=UTC))


def written(nwb: NWBFile) -> bytes:
    """The bytes of an NWB file."""
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        io_ = NWBHDF5IO(file=file, mode="w")
        io_.write(nwb)
    return content.getvalue()


def recording(trials: int = 6, intervals: Any = (None, None), **columns: Any) -> NWBFile:
    """Trials a second apart, from 1 s; one unit with spikes at 1/8 and 3/8 s, one at 1/4 s."""
    nwb = nwb_file()
    for name in columns:
        nwb.add_trial_column(name, f"the {name}")
    for trial in range(trials):
        own = {name: values[trial] for name, values in columns.items()}
        nwb.add_trial(start_time=1.0 + trial, stop_time=1.5 + trial, **own)
    start = 1.0 + np.arange(trials)
    spikes = (np.sort(np.r_[start + 0.125, start + 0.375]), start + 0.25)
    for times, seen in zip(spikes, intervals, strict=True):
        nwb.add_unit(spike_times=times, **({} if seen is None else {"obs_intervals": seen}))
    return nwb
