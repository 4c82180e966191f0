"""Whatever happens to a file on its way, it is read or refused in words, by every reader.

The damage is drawn from fixed seeds: the libraries beneath are C, and a find of theirs should be
looked into rather than stop another day's tests.
"""

import io
import tempfile
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
import scipy.io
from hypothesis import example, given, settings

from core.experiment import ExperimentError
from core.npz import written_npz
from core.reading import Reading, read_arrays
from core.summary import summarise
from tests.core.hdf5_files import mat73, recording, written

COUNTS = np.random.default_rng(0).poisson(3.0, (12, 3))
ARRAYS: dict[str, Any] = {
    "counts": COUNTS,
    "target": np.arange(12) % 2,
    "block": np.array(["a", "b"] * 6),
    "reach": np.arange(12.0),
}
FRAME = pd.DataFrame({f"unit_{n}": COUNTS[:, n] for n in range(3)} | {"target": ARRAYS["target"]})
LIMIT = 10_000_000


def mat5() -> bytes:
    content = io.BytesIO()
    scipy.io.savemat(content, {"counts": COUNTS, "s": {"x": [1, 2]}}, do_compression=True)
    return content.getvalue()


def parquet() -> bytes:
    content = io.BytesIO()
    FRAME.to_parquet(content)
    return content.getvalue()


FILES = {
    "npz": written_npz(ARRAYS),
    "mat": mat5(),
    "mat73": mat73({**ARRAYS, "s": [{"x": np.ones((2, 2))}, {"x": np.zeros((2, 2))}]}),
    "csv": FRAME.to_csv(index=False).encode(),
    "parquet": parquet(),
    "nwb": written(recording(direction=["left", "right"] * 3)),
}


def tried(content: bytes) -> Reading | None:
    """What is read of a damaged file; None where it is refused in words of our own.

    From disk, as uploads are: a file's errors are others than those of bytes in memory.
    """
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        try:
            reading = read_arrays(Path(file.name), max_bytes=LIMIT)
            summarise(reading.arrays, reading.format)
        except ExperimentError:
            return None
    return reading


@pytest.mark.parametrize("form", sorted(FILES))
@given(
    cut=st.floats(0.0, 1.0),
    places=st.lists(st.floats(0.0, 0.9999), max_size=4),
    byte=st.binary(min_size=4, max_size=4),
)
@example(cut=1.0, places=[], byte=b"\0\0\0\0")
@settings(max_examples=25, derandomize=True)
def test_a_damaged_file_is_read_or_refused_in_words(
    form: str, cut: float, places: list[float], byte: bytes
) -> None:
    content = bytearray(FILES[form])
    for place, value in zip(places, byte, strict=False):
        content[int(place * len(content))] = value
    kept = len(content) if places else int(cut * len(content))
    reading = tried(bytes(content[:kept]))
    assert reading is not None or places or cut < 1


def changed(values: dict[int, bytes]) -> bytes:
    """The NPZ archive with other bytes at places of the first entry of its directory."""
    content = bytearray(FILES["npz"])
    start = content.index(b"PK\1\2")
    for place, new in values.items():
        content[start + place : start + place + len(new)] = new
    return bytes(content)


DIRECTORIES = {
    "of a file that has lost bytes": FILES["npz"][:100] + FILES["npz"][280:],
    "for a later version": changed({6: b"\x63"}),
    "with a name that is no text": changed({9: b"\x08", 46: b"\xff"}),
    "with an unknown packing": changed({10: b"\x63"}),
    "that points behind the end": changed({42: b"\xff\xff\xff\x7f"}),
}


@pytest.mark.parametrize("name", DIRECTORIES)
def test_a_directory_that_cannot_be_is_refused_in_words(name: str) -> None:
    assert tried(DIRECTORIES[name]) is None
