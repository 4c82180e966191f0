"""A file named as another format is told what it is, or refused where that makes no sense."""

import zipfile
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.io

from core.file_names import misnamed
from core.mapping import Unmapped
from core.npz import UnreadableFile, written_npz
from core.reading import read_arrays
from core.summary import summarise
from tests.core.hdf5_files import mat73, nwb_file, written

TABLE = b"target,unit_1,unit_2\n0,1,2\n1,3,4\n"
NPZ = written_npz({"counts": np.ones((4, 2)), "target": np.arange(4) % 2})


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.npz", TABLE, "named .npz, but it is a text table; read as CSV"),
        ("b.NWB", NPZ, "named .nwb, but it is an NPZ archive"),
        ("c.csv", NPZ, "named .csv, but it is an NPZ archive"),
    ],
)
def test_the_first_note_tells_what_a_file_is_that_is_named_otherwise(
    name: str, content: bytes, told: str
) -> None:
    reading = read_arrays(content, name=name)
    assert reading.notes[0] == told
    assert summarise(reading.arrays, reading.format, reading.notes).warnings[0] == told


@pytest.mark.parametrize("name", ["a.csv", "a.CSV", "a.txt", "a.tsv", "a", "a.npz.csv", "a b"])
def test_a_name_that_agrees_or_says_nothing_is_passed_over(name: str) -> None:
    assert read_arrays(TABLE, name=name).notes == ()
    assert misnamed(name, "csv") == ""


def test_nwb_is_hdf5_but_hdf5_is_not_nwb() -> None:
    nwb = nwb_file()
    nwb.add_trial(0.0, 1.0)
    assert "named" not in read_arrays(written(nwb), name="a.h5").notes[0]
    assert misnamed("a.nwb", "hdf5") == (
        "named .nwb, but it is an HDF5 file that is not NWB; read as HDF5"
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            b"hello, world\n1,2\n",
            r"^the file is named \.npz, but it is a text table; read as CSV, it has the columns "
            r"`hello`, `world`, none of which .* Send the file that was meant or",
        ),
        (b"hello, world\nagain\n", r"named \.npz, but it is a text table.*: the table is damaged"),
    ],
)
def test_text_that_is_no_table_of_trials_is_refused_under_another_name(
    content: bytes, message: str
) -> None:
    with pytest.raises(UnreadableFile, match=message):
        read_arrays(content, name="a.npz")


def matlab_5(variables: Mapping[str, Any]) -> bytes:
    content = BytesIO()
    scipy.io.savemat(content, variables)
    return content.getvalue()


@pytest.mark.parametrize("written_as", [matlab_5, mat73])
@pytest.mark.parametrize("name", ["a.nwb", "a.csv", "a.npz"])
def test_a_matlab_file_under_another_name_that_needs_a_mapping_is_told_to_be_one(
    name: str, written_as: Callable[[Mapping[str, Any]], bytes]
) -> None:
    content = written_as({"session": {"spikes": np.ones((4, 2)), "aim": np.arange(4.0)}})
    with pytest.raises(Unmapped, match=rf"the file is named \{name[1:]}, but it is a MATLAB file"):
        read_arrays(content, name=name)


def test_an_nwb_file_without_trials_under_another_name_is_told_to_be_one() -> None:
    for name, told in (
        ("a.mat", r"the file is named \.mat, but it is an NWB file: "),
        ("a.nwb", ""),
    ):
        with pytest.raises(Unmapped, match=rf"^mapping table: {told}no trials: looked for"):
            read_arrays(written(nwb_file()), name=name)


def test_each_file_of_an_archive_has_its_own_name() -> None:
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("before.mat", NPZ)
        archive.writestr("after.npz", NPZ)
    reading = read_arrays(content.getvalue(), name="both.zip")
    assert reading.notes[-1] == "before.mat: named .mat, but it is an NPZ archive"
    assert not [note for note in reading.notes if note.startswith(("after", "named"))]


def test_a_name_travels_with_the_path_of_a_stored_file(tmp_path: Path) -> None:
    (tmp_path / "blob").write_bytes(TABLE)
    assert read_arrays(tmp_path / "blob", name="a.parquet").notes[0].startswith("named .parquet")
