"""Tables as DataFrames of both libraries, on the running service."""

import sys

import polars as pl
import pytest

from solenoid import Client, Experiment, Sweep
from solenoid.errors import MissingPackage
from solenoid.table import Table
from tests.solenoid.specs import SIMULATION, TINY


@pytest.fixture(scope="module")
def swept(url: str) -> Sweep:
    """A sweep whose axis mixes numbers and a text."""
    with Client(url) as client:
        axes = {"training.batch_size": [5, "full"], "seed": [0]}
        return client.sweep(SIMULATION, axes, TINY).wait(timeout=60)


def test_results_become_the_same_frame_in_polars_as_in_pandas(finished: Experiment) -> None:
    table = finished.results()
    frame = table.to_polars()
    assert frame.columns == list(table.columns)
    assert frame.rows(named=True) == [dict(row) for row in table]
    ratios = frame.filter(pl.col("arm") == "before")["participation_ratio"]
    assert ratios.item() == finished.summary["before"]["participation_ratio"]["median"]
    assert frame.filter(pl.col("arm") == "comparison")["participation_ratio"].item() is None


def test_flags_are_written_as_the_service_writes_them() -> None:
    table = Table(
        ({"arm": "a", "converged": True, "n": 1}, {"arm": "b", "converged": None, "n": 0})
    )
    assert table.to_csv() == "arm,converged,n\na,true,1\nb,,0\n"


def test_a_sweep_becomes_a_polars_frame_though_its_axis_mixes_types(
    client: Client, swept: Sweep
) -> None:
    frame = client.get_sweep(swept.id).results().to_polars()
    assert set(frame["training.batch_size"]) == {"5", "full"}
    assert frame["final_test_error"].dtype == pl.Float64


def test_answers_of_the_results_database_become_polars_frames(client: Client, swept: Sweep) -> None:
    where = f"sweep = '{swept.id}'"
    frame = client.results(where, kind=SIMULATION, group_by="arm").to_polars()
    assert dict(frame.iter_rows()) == {"curl_descent": 4, "gradient_descent": 4}


def test_a_column_that_begins_with_nulls_still_has_the_type_of_its_numbers() -> None:
    rows = ({"a": None},) * 200 + ({"a": 1}, {"a": 1.5})
    assert Table(rows).to_polars()["a"].dtype == pl.Float64


def test_a_column_without_any_value_is_of_numbers() -> None:
    table = Table(({"a": None, "b": "x"}, {"a": None, "b": None}))
    assert table.to_pandas()["a"].dtype == float
    assert table.to_polars()["a"].dtype == pl.Float64
    assert table.to_polars()["b"].to_list() == ["x", None]


def test_a_table_of_nothing_is_an_empty_polars_frame() -> None:
    assert Table(()).to_polars().is_empty()


def test_without_polars_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(MissingPackage, match="pip install polars"):
        Table(({"a": 1},)).to_polars()
