"""CSV and Parquet tables become the arrays that their mapping names."""

import io
from typing import Any

import numpy as np
import pandas as pd
import pytest

from core.behaviour import Behaviour
from core.experiment import ExperimentError
from core.npz import TooLarge, UnreadableFile
from core.reading import read_arrays
from core.summary import summarise

BEHAVIOUR = b"trial,deviation_mm,field_on,phase\n1,2.5,0,before\n2,,1,during\n3,NA,1,during\n"
FRAME = pd.DataFrame(
    {
        "unit_0": [1, 2, 3, 4],
        "unit_1": [0, 5, 0, 5],
        "target": ["left", "right", "left", "right"],
        "target_angle_deg": [180.0, 0.0, 180.0, 0.0],
        "state": pd.Categorical(["control", "control", "hfs", "hfs"]),
        "when": pd.date_range("2020-01-01", periods=4),
    }
)


def parquet(frame: pd.DataFrame, **options: Any) -> bytes:
    content = io.BytesIO()
    frame.to_parquet(content, **options)
    return content.getvalue()


def test_a_table_of_behaviour_needs_no_counts() -> None:
    mapping = {
        "reach": "deviation_mm",
        "perturbation": {"column": "field_on", "scale": 20.0},
        "block": "phase",
    }
    reading = read_arrays(BEHAVIOUR, mapping)
    assert reading.format == "csv"
    behaviour = Behaviour.from_arrays(reading.arrays)
    assert behaviour.perturbation.tolist() == [0.0, 20.0, 20.0]
    assert behaviour.missing.tolist() == [False, True, True]
    summary = summarise(reading.arrays, reading.format)
    assert summary.behaviour is not None
    assert summary.factors == {"block": {"before": 1, "during": 2}}


def test_the_null_field_may_be_called_null() -> None:
    content = b"perturbation,reach,field\n0,NA,null\n30,NULL,force\n"
    assert read_arrays(content).arrays["field"].tolist() == ["null", "force"]


@pytest.mark.parametrize("content", [FRAME.to_csv(index=False).encode(), parquet(FRAME)])
def test_columns_of_units_are_counts_and_each_target_has_one_angle(content: bytes) -> None:
    arrays = read_arrays(content).arrays
    assert arrays["counts"].tolist() == [[1, 0], [2, 5], [3, 0], [4, 5]]
    assert arrays["target_angle_deg"].tolist() == [180.0, 0.0]
    assert arrays["state"].tolist() == ["control", "control", "hfs", "hfs"]
    assert summarise(arrays, "csv").trials == 4


@pytest.mark.parametrize("counts", [["unit_1"], {"prefix": "unit_1"}])
def test_counts_are_listed_or_begin_alike(counts: Any) -> None:
    mapping = {"counts": counts, "target": "target"}
    arrays = read_arrays(parquet(FRAME), mapping).arrays
    assert arrays["counts"].tolist() == [[0], [5], [0], [5]]
    assert set(arrays) == {"counts", "target"}


def test_angles_alone_are_the_targets() -> None:
    arrays = read_arrays(b"a;b\n0;1\n22.5;2\n0;3\n", {"target_angle_deg": "a", "reach": "b"}).arrays
    assert arrays["target"].tolist() == [0.0, 22.5, 0.0]
    assert arrays["target_angle_deg"].tolist() == [0.0, 22.5]


@pytest.mark.parametrize(
    ("content", "mapping", "message"),
    [
        (
            BEHAVIOUR,
            {"reach": "deviation"},
            r"mapping reach: there is no column 'deviation'; ",
        ),
        (BEHAVIOUR, {"counts": {"prefix": "n"}}, r"no column begins with 'n'; the table has `tri"),
        (BEHAVIOUR, {"counts": ["phase"]}, r"the column 'phase' holds text \('before'\)"),
        (BEHAVIOUR, {"reach": {"column": "field_on"}}, r"mapping reach.scale: Field required"),
        (BEHAVIOUR, {"counts": "unit"}, r"mapping counts.*a list of them or a prefix"),
        (b"target,target_angle_deg\n1,0\n1,90\n", None, r"target 1 has several angles, \[0, 90\]"),
        (b"target,target_angle_deg\n1,\n1,90\n", None, r"`target_angle_deg` has entries that are"),
        (b"a,a\n1,2\n", None, r"two columns named 'a'"),
        (b"a,b\n1,2\n1,2,3\n", None, r"the table is damaged or incomplete: CSV parse error"),
        (b"a,b\n", None, r"a text file beginning"),
        (b"a,b\n\n", None, r"the table has no rows"),
        (b"a,b\n\xff\xfe,2\n", None, r"the column 'a' is not text in UTF-8"),
        (parquet(FRAME)[:-30], None, r"the Parquet file is damaged or incomplete"),
    ],
)
def test_tables_that_do_not_fit_are_refused_in_words(
    content: bytes, mapping: dict[str, Any] | None, message: str
) -> None:
    with pytest.raises(ExperimentError, match=message):
        read_arrays(content, mapping)


def test_a_small_file_of_many_rows_is_refused_with_the_limit() -> None:
    """Ten million equal rows pack into a few kilobytes."""
    content = parquet(pd.DataFrame({"x": np.zeros(10_000_000), "y": np.zeros(10_000_000)}))
    assert len(content) < 200_000
    with pytest.raises(TooLarge, match="10000000 rows of 2 columns; at most 1000000 bytes"):
        read_arrays(content, max_bytes=1_000_000)


def test_a_table_of_text_is_refused_at_the_limit() -> None:
    content = b"a,b\n" + b"x,yyyyyyyyyyyyyyyyyyy\n" * 20_000
    with pytest.raises(TooLarge, match="takes more than"):
        read_arrays(content, max_bytes=1_000_000)
    with pytest.raises(UnreadableFile, match="an empty file"):
        read_arrays(b"")


def test_a_column_whose_name_cannot_be_kept_is_told_of_and_can_be_mapped() -> None:
    content = b"x/y,perturbation\n1,0\n2,0\n"
    reading = read_arrays(content)
    assert set(reading.arrays) == {"perturbation"}
    assert "1 arrays were left out, their names cannot be kept; map them: 'x/y'" in reading.notes
    mapped = read_arrays(content, {"reach": "x/y"})
    assert mapped.arrays["reach"].tolist() == [1, 2]
    many = ",".join(f"c{n}" for n in range(1001)).encode()
    with pytest.raises(TooLarge, match="1001 arrays; at most 1000 are kept"):
        read_arrays(many + b"\n" + b"1," * 1000 + b"1\n")
