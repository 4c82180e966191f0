"""Files are read in a child process that has limits, and leaves nothing when it meets them."""

import errno
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.npz import written_npz
from core.reading import load_arrays
from store.children import NoRoom
from store.inspection import Unreadable, _asked, inspect
from store.settings import Settings
from tests.core.hdf5_files import nwb_file, recording, written


@pytest.fixture
def blob(tmp_path: Path) -> Path:
    """A file as it is kept, under no name that tells its format."""
    return tmp_path / "blob"


def inspected(blob: Path, **limits: Any) -> Any:
    settings = Settings(data_dir=blob.parent, **limits)
    return inspect(settings, blob, None, blob.with_name("arrays.npz"))


def test_a_child_reads_nwb_and_writes_plain_arrays(blob: Path) -> None:
    blob.write_bytes(written(recording(target=[0, 1] * 3)))
    summary = inspected(blob)
    assert (summary.format, summary.trials, summary.neurons) == ("nwb", 6, 2)
    assert load_arrays(blob.with_name("arrays.npz"))["counts"].tolist() == [[2, 1]] * 6


def test_what_a_reader_has_to_tell_is_among_the_warnings(blob: Path) -> None:
    nwb = nwb_file()
    nwb.add_trial(0.0, 1.0)
    blob.write_bytes(written(nwb))
    assert "there are no spike times to count" in inspected(blob).warnings[0]


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"inspection_s": 0.01}, r"reading the file took longer than 0.01 s"),
        ({"max_array_bytes": 1000}, r"at most 1000 bytes are read"),
    ],
)
def test_a_file_beyond_a_limit_is_refused_with_it_and_leaves_nothing(
    blob: Path, limits: dict[str, Any], message: str
) -> None:
    blob.write_bytes(written_npz({"counts": np.zeros((100, 100))}))
    with pytest.raises(Unreadable, match=message):
        inspected(blob, **limits)
    assert [path.name for path in blob.parent.iterdir()] == ["blob"]


def test_a_full_disk_is_no_fault_of_the_file(blob: Path) -> None:
    blob.write_bytes(written_npz({"counts": np.zeros((10, 2), int)}))
    request = {"blob": str(blob), "arrays": "/dev/full", "mapping": None, "name": ""}
    with pytest.raises(NoRoom) as full:
        _asked({**request, "max_array_bytes": 10**6, "seconds": 60.0}, 60.0)
    assert full.value.errno == errno.ENOSPC
