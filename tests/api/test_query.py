"""The query language over HTTP, on the real service: lists, results, every format read back."""

import csv
import io
import json
from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest

from tests.stack import RunningStack

KIND = "curl_descent.simulation"
SMALL: dict[str, Any] = {
    "inputs": 8,
    "hidden": 4,
    "data": {"train_size": 20, "test_size": 10},
    "training": {"epochs": 20, "batch_size": 5},
    "replicates": 3,
}
MINE = f"kind = '{KIND}' and tag.test = 'query'"
SELECT = "arm, replicate, param.seed, metric.final_test_error, metric.converged, created_at, name"

READERS: Mapping[str, Callable[[bytes], list[dict[str, Any]]]] = {
    "csv": lambda body: list(csv.DictReader(io.StringIO(body.decode()))),
    "jsonl": lambda body: [json.loads(line) for line in body.splitlines()],
    "parquet": lambda body: pa.parquet.read_table(io.BytesIO(body)).to_pylist(),
    "arrow": lambda body: pa.ipc.open_file(body).read_all().to_pylist(),
}


@pytest.fixture(scope="module")
def made(stack: RunningStack) -> list[str]:
    ids = [
        stack.submit(KIND, {**SMALL, "seed": seed}, name="né", tags={"test": "query"})["id"]
        for seed in range(3)
    ]
    for identifier in ids:
        assert stack.ended(identifier)["status"] == "succeeded"
    return ids


def answer(stack: RunningStack, path: str, **query: Any) -> dict[str, Any]:
    got = stack.http.get(path, params=query)
    assert got.status_code == 200, got.text
    found: dict[str, Any] = got.json()
    return found


def refusal(stack: RunningStack, path: str, status: int, **query: Any) -> dict[str, Any]:
    got = stack.http.get(path, params=query)
    assert got.status_code == status, got.text
    assert got.headers["content-type"] == "application/problem+json"
    error: dict[str, Any] = got.json()["errors"][0]
    return error


def test_experiments_are_filtered_and_sorted(stack: RunningStack, made: list[str]) -> None:
    where = f"{MINE} and param.seed >= 1 and metric.final_test_error > 0 and arm = 'curl_descent'"
    found = answer(stack, "/v1/experiments", where=where, order_by="param.seed desc")
    assert [item["id"] for item in found["items"]] == [made[2], made[1]]
    by_error = answer(
        stack, "/v1/experiments", where=where, order_by="metric.final_test_error", limit=1
    )
    following = answer(
        stack,
        "/v1/experiments",
        where=where,
        order_by="metric.final_test_error",
        limit=1,
        cursor=by_error["next_cursor"],
    )
    errors = [
        page["items"][0]["summary"]["curl_descent"]["final_test_error"]["median"]
        for page in (by_error, following)
    ]
    assert errors[0] <= errors[1]
    assert following["next_cursor"] is None


def test_rows_have_everything_of_their_kind(stack: RunningStack, made: list[str]) -> None:
    found = answer(stack, "/v1/results", where=MINE, limit=2)
    assert len(found["items"]) == 2
    row = found["items"][0]
    assert list(row)[:3] == ["experiment", "arm", "replicate"]
    assert row["experiment"] == made[0]
    assert row["param.hidden"] == 4
    assert row["metric.diverged"] is False
    shown = stack.http.get(f"/v1/experiments/{made[0]}/results").json()["items"]
    same = [each for each in shown if (each["arm"], each["replicate"]) == (row["arm"], 0)]
    assert same[0]["metrics"] == {
        name.removeprefix("metric."): value
        for name, value in row.items()
        if name.startswith("metric.")
    }


def test_pages_of_rows_join_to_all_rows(stack: RunningStack, made: list[str]) -> None:
    rows: list[Any] = []
    cursor: dict[str, str] = {}
    while True:
        part = answer(stack, "/v1/results", where=MINE, limit=7, **cursor)
        rows += part["items"]
        if part["next_cursor"] is None:
            break
        cursor = {"cursor": part["next_cursor"]}
    assert len({(row["experiment"], row["arm"], row["replicate"]) for row in rows}) == 18
    assert len(rows) == 18


def test_groups_are_aggregated(stack: RunningStack, made: list[str]) -> None:
    found = answer(
        stack,
        "/v1/results",
        where=MINE,
        group_by="param.seed, arm",
        aggregate="median(metric.final_test_error), count()",
        order_by="param.seed desc, arm",
    )["items"]
    assert [(row["param.seed"], row["arm"]) for row in found] == [
        (seed, arm) for seed in (2, 1, 0) for arm in ("curl_descent", "gradient_descent")
    ]
    summary = stack.show(made[2])["summary"]["curl_descent"]["final_test_error"]["median"]
    assert found[0]["median(metric.final_test_error)"] == pytest.approx(summary, rel=1e-12)
    assert {row["count()"] for row in found} == {3}


@pytest.mark.parametrize("form", READERS)
def test_every_format_reads_back_as_the_json_page(
    stack: RunningStack, made: list[str], form: str
) -> None:
    query = {"where": MINE, "select": SELECT, "order_by": "param.seed, arm, replicate"}
    expected = answer(stack, "/v1/results", **query)["items"]
    got = stack.http.get("/v1/results", params={**query, "format": form})
    assert got.status_code == 200
    assert f"results.{form}" in got.headers["content-disposition"]
    rows = READERS[form](got.content)
    assert [list(row) for row in rows] == [list(row) for row in expected]
    assert [_comparable(row) for row in rows] == [_comparable(row) for row in expected]


@pytest.mark.parametrize("form", READERS)
def test_a_file_without_rows_still_has_its_columns(stack: RunningStack, form: str) -> None:
    query = {"where": f"{MINE} and arm = 'none'", "select": "arm, param.seed", "format": form}
    body = stack.http.get("/v1/results", params=query).content
    assert READERS[form](body) == []
    if form == "parquet":
        table = pa.parquet.read_table(io.BytesIO(body))
        assert table.schema.names == ["arm", "param.seed"]
        assert table.schema.types == [pa.string(), pa.int64()]


def _comparable(row: Mapping[str, Any]) -> dict[str, Any]:
    moment = row["created_at"]
    return {
        **{name: str(value).lower() for name, value in row.items()},
        "metric.final_test_error": float(row["metric.final_test_error"]),
        "created_at": moment if isinstance(moment, str) else f"{moment:%Y-%m-%dT%H:%M:%S.%fZ}",
    }


def test_a_syntax_error_names_its_position(stack: RunningStack) -> None:
    for path in ("/v1/experiments", "/v1/results"):
        error = refusal(stack, path, 400, where="priority >> 3")
        assert error["field"] == "where"
        assert error["value"] == "priority >> 3"
        assert error["position"] == 10
        assert "expected a number" in error["message"]


def test_a_problem_that_has_no_position_does_not_mention_one(stack: RunningStack) -> None:
    assert "position" not in refusal(stack, "/v1/experiments", 422, limit=0)


def test_an_unknown_name_suggests_the_nearest(stack: RunningStack) -> None:
    error = refusal(stack, "/v1/results", 400, where="metric.final_tets_error < 1")
    assert "did you mean metric.final_test_error" in error["message"]


def test_a_name_of_one_kind_needs_no_kind(stack: RunningStack, made: list[str]) -> None:
    where = (
        "param.compression_ratio < 3 and metric.final_test_error <= 1e6 "
        "and arm = 'curl_descent' and tag.test = 'query'"
    )
    rows = answer(stack, "/v1/results", where=where)["items"]
    assert rows == answer(stack, "/v1/results", where=where, kind=KIND)["items"]
    assert len(rows) == 9
    found = answer(stack, "/v1/experiments", where=where)["items"]
    assert sorted(item["id"] for item in found) == made


def test_too_many_rows_for_a_page_says_how_to_stream_them(stack: RunningStack) -> None:
    error = refusal(stack, "/v1/results", 422, limit=1001)
    assert error["value"] == 1001
    assert "next_cursor" in error["message"]
    assert "format=csv" in error["message"]
    assert stack.http.get("/v1/results", params={"limit": 1001, "format": "csv"}).is_success


def test_too_many_experiments_for_a_page_says_how_to_get_the_rest(stack: RunningStack) -> None:
    for path in ("/v1/experiments", "/v1/datasets"):
        error = refusal(stack, path, 422, limit=501)
        assert error["message"] == "a page has at most 500 items; follow next_cursor for more"
        parameters = stack.http.get("/openapi.json").json()["paths"][path]["get"]["parameters"]
        (limit,) = (each["schema"] for each in parameters if each["name"] == "limit")
        assert (limit["minimum"], limit["maximum"]) == (1, 500)


def test_a_file_has_no_cursor(stack: RunningStack, made: list[str]) -> None:
    cursor = answer(stack, "/v1/results", limit=1)["next_cursor"]
    error = refusal(stack, "/v1/results", 422, cursor=cursor, format="csv")
    assert error["message"] == "csv has no pages; it holds every row"
    error = refusal(stack, "/v1/results", 422, cursor=cursor, where="arm = 'a'")
    assert "another question" in error["message"]


def test_an_unknown_part_of_a_question_is_refused(stack: RunningStack) -> None:
    assert refusal(stack, "/v1/results", 422, filter="arm = 'a'")["field"] == "filter"
    assert refusal(stack, "/v1/results", 422, format="xlsx")["field"] == "format"


def test_an_attack_is_data(stack: RunningStack, made: list[str]) -> None:
    text = "'; DROP TABLE experiments; --"
    quoted = text.replace("'", "''")
    assert answer(stack, "/v1/results", where=f"arm = '{quoted}'")["items"] == []
    assert refusal(stack, "/v1/results", 400, where=f"arm = '{text}'")["position"] == 8
    assert stack.show(made[0])["status"] == "succeeded"
