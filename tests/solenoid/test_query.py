"""The results database through the client, on the running service."""

import csv
import io
import json
from pathlib import Path
from uuid import uuid4

import pytest

from solenoid import BadArgument, BadInput, Client, Sweep
from tests.solenoid.specs import SIMULATION, TINY

ERROR = "metric.final_test_error"


@pytest.fixture(scope="module")
def swept(url: str) -> Sweep:
    """Three experiments to ask about."""
    with Client(url) as client:
        made = client.sweep(SIMULATION, {"seed": [0, 1, 2]}, TINY, tags={"asked": "yes"})
        return made.wait(timeout=60)


@pytest.fixture(scope="module")
def mine(swept: Sweep) -> str:
    """The filter for them."""
    return f"kind = '{SIMULATION}' and sweep = '{swept.id}'"


def test_experiments_are_filtered_and_sorted(client: Client, swept: Sweep, mine: str) -> None:
    listed = list(client.experiments(f"{mine} and param.seed >= 1", order_by="param.seed desc"))
    assert [each.spec["seed"] for each in listed] == [2, 1]
    best = list(client.experiments(mine, order_by=[ERROR, "id"], limit=1))
    arms = best[0].summary.values()
    assert all(arm["final_test_error"]["median"] is not None for arm in arms)


def test_rows_are_selected_and_joined_over_experiments(client: Client, mine: str) -> None:
    table = client.results(mine, select=["param.seed", "arm", ERROR], order_by="param.seed")
    assert table.columns == ("param.seed", "arm", ERROR)
    assert len(table) == 3 * 2 * 2
    assert len(client.results(mine, limit=5)) == 5


def test_groups_are_aggregated(client: Client, mine: str) -> None:
    grouped = client.results(
        mine, group_by="param.seed, arm", aggregate=[f"max({ERROR})", "count()"]
    )
    assert grouped.column("count()") == [2] * 6
    rows = client.results(mine)
    largest = max(row[ERROR] for row in rows if row["arm"] == "curl_descent")
    found = [row for row in grouped if row["arm"] == "curl_descent"]
    assert max(row[f"max({ERROR})"] for row in found) == largest


def test_no_row_is_an_empty_table(client: Client) -> None:
    assert len(client.results("tag.asked = 'nobody'", kind=SIMULATION)) == 0


def test_no_row_is_a_frame_with_the_columns_that_were_asked_for(client: Client) -> None:
    select = ["arm", "replicate", ERROR, "created_at"]
    table = client.results("arm = 'nope'", kind=SIMULATION, select=select)
    assert table.columns == tuple(select)
    assert table.to_csv() == ",".join(select) + "\n"
    for frame in (table.to_pandas(), table.to_polars()):
        assert list(frame.columns) == select
        assert len(frame) == 0
    assert str(table.to_pandas().dtypes[ERROR]) == "float64"
    grouped = client.results("arm = 'nope'", kind=SIMULATION, group_by="arm")
    assert list(grouped.to_pandas().columns) == ["arm", "count()"]


def test_times_are_times_in_utc_and_absent_numbers_are_numbers(
    client: Client, swept: Sweep, mine: str
) -> None:
    absent = "metric.epochs_to_threshold"
    table = client.results(mine, select=["created_at", absent, "metric.diverged"], limit=4)
    created = {each.created_at for each in client.get_sweep(swept.id).experiments()}
    assert set(table.column("created_at")) <= created
    pandas = table.to_pandas()
    assert set(pandas["created_at"].dt.to_pydatetime()) <= created
    assert (str(pandas[absent].dtype), pandas[absent].count()) == ("float64", 0)
    assert str(pandas["metric.diverged"].dtype) == "bool"
    polars = table.to_polars()
    assert set(polars["created_at"]) <= created
    assert polars[absent].dtype.is_numeric()
    written = {line.partition(",")[0] for line in table.to_csv().splitlines()[1:]}
    assert written <= {each.data["created_at"] for each in client.get_sweep(swept.id).experiments()}


def test_rows_are_made_of_columns_when_they_are_looked_at(client: Client, mine: str) -> None:
    rows = client.results(mine, select=["arm", "replicate"], order_by=["arm", "replicate"]).rows
    assert list(rows) == [rows[n] for n in range(12)]
    assert (rows[-1], rows[:2]) == (list(rows)[-1], rows[0:2])
    assert list(rows[2:4]) == list(rows)[2:4]
    with pytest.raises(IndexError):
        rows[12]


def test_a_great_many_rows_are_held_only_if_a_limit_asks_for_them(
    client: Client, mine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("solenoid.question.MOST_ROWS", 11)
    with pytest.raises(BadArgument, match=r"more than 11 rows: give a limit .*save_results"):
        client.results(mine)
    assert len(client.results(mine, limit=12)) == 12
    assert len(client.results(mine, group_by="arm")) == 2
    client.save_results(tmp_path / "rows.csv", mine)
    assert len((tmp_path / "rows.csv").read_text().splitlines()) == 13
    monkeypatch.setattr("solenoid.question.MOST_ROWS", 12)
    assert len(client.results(mine)) == 12


def test_a_mistake_in_a_filter_is_told(client: Client) -> None:
    with pytest.raises(BadInput, match=r"metric\.final_test_error"):
        client.results("metric.final_test_eror < 1", kind=SIMULATION)
    with pytest.raises(BadInput, match="where"):
        list(client.experiments("status ="))


def test_results_are_saved_in_the_format_of_the_files_name(
    client: Client, mine: str, tmp_path: Path
) -> None:
    rows = client.results(mine, order_by="param.seed")
    client.save_results(tmp_path / "new" / "rows.jsonl", mine, order_by="param.seed")
    lines = (tmp_path / "new" / "rows.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == list(rows.rows)
    client.save_results(tmp_path / "rows.parquet", mine)
    assert (tmp_path / "rows.parquet").read_bytes().startswith(b"PAR1")
    opened = io.BytesIO()
    client.save_results(opened, mine, format="csv")
    assert len(list(csv.DictReader(io.StringIO(opened.getvalue().decode())))) == len(rows)
    with pytest.raises(BadArgument, match="csv, jsonl, parquet, arrow; not 'xls'"):
        client.save_results(tmp_path / "rows.xls", mine)


def test_a_refused_question_leaves_no_file(client: Client, tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        client.save_results(tmp_path / "rows.csv", f"nothing.{uuid4().hex} = 1")
    assert list(tmp_path.iterdir()) == []
