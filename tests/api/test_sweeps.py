"""Sweeps over HTTP, on the real service."""

import csv
import io
import json
import time
from typing import Any

import pytest

from api.pages import MOST_ITEMS
from tests.stack import RunningStack

KIND = "curl_descent.simulation"
BASE: dict[str, Any] = {
    "inputs": 8,
    "hidden": 4,
    "data": {"train_size": 20, "test_size": 10},
    "training": {"epochs": 10, "batch_size": 5},
    "replicates": 2,
}
AXES = {"student.scale": [0.5, 1.0, 2.0], "seed": [0, 1]}


def submit(stack: RunningStack, **body: Any) -> dict[str, Any]:
    answer = stack.http.post("/v1/sweeps", json={"kind": KIND, "base": BASE, **body})
    assert answer.status_code == 202, answer.text
    sweep: dict[str, Any] = answer.json()
    return sweep


def ended(stack: RunningStack, identifier: str, patience_s: float = 60.0) -> dict[str, Any]:
    deadline = time.monotonic() + patience_s
    while True:
        sweep: dict[str, Any] = stack.http.get(f"/v1/sweeps/{identifier}").json()
        if sweep["status"] == "ended":
            return sweep
        assert time.monotonic() < deadline, sweep
        time.sleep(0.05)


@pytest.fixture(scope="module")
def finished(stack: RunningStack) -> dict[str, Any]:
    return ended(stack, submit(stack, axes=AXES, name="scales", tags={"project": "test"})["id"])


def children(stack: RunningStack, identifier: str) -> list[dict[str, Any]]:
    answer = stack.http.get(f"/v1/sweeps/{identifier}/results", params={"limit": 500})
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def test_every_point_becomes_an_ordinary_experiment(
    stack: RunningStack, finished: dict[str, Any]
) -> None:
    assert finished["counts"]["succeeded"] == 6
    assert finished["progress"] == 1.0
    rows = children(stack, finished["id"])
    assert [row["point"] for row in rows] == [
        {"student.scale": scale, "seed": seed} for scale in (0.5, 1.0, 2.0) for seed in (0, 1)
    ]
    child = stack.show(rows[2]["id"])
    assert child["sweep"] == finished["id"]
    assert child["tags"] == {"project": "test"}
    assert child["spec"]["student"]["scale"] == 1.0
    median = child["summary"]["curl_descent"]["final_test_error"]["median"]
    assert rows[2]["metrics"]["curl_descent"]["final_test_error"] == median


def test_a_question_about_a_sweep_is_about_its_kind(
    stack: RunningStack, finished: dict[str, Any]
) -> None:
    where = f"sweep = '{finished['id']}'"
    rows = stack.http.get("/v1/results", params={"where": where}).json()["items"]
    assert len(rows) == 6 * 2 * 2
    assert {row["param.student_scale"] for row in rows} == {0.5, 1.0, 2.0}
    assert all(row["metric.final_test_error"] > 0 for row in rows)


def test_the_table_comes_as_csv(stack: RunningStack, finished: dict[str, Any]) -> None:
    answer = stack.http.get(f"/v1/sweeps/{finished['id']}/results", params={"format": "csv"})
    header, *lines = answer.text.splitlines()
    assert header.startswith("experiment,status,student.scale,seed,arm,")
    assert len(lines) == 6 * 2


def test_the_csv_holds_every_child_whatever_the_limit(
    stack: RunningStack, finished: dict[str, Any]
) -> None:
    path = f"/v1/sweeps/{finished['id']}/results"
    query: dict[str, str | int] = {"format": "csv", "limit": 2}
    found = csv.DictReader(io.StringIO(stack.http.get(path, params=query).text))
    for line, row in zip(list(found)[::2], children(stack, finished["id"]), strict=True):
        medians = row["metrics"][line["arm"]]
        assert (line["experiment"], line["seed"]) == (row["id"], str(row["point"]["seed"]))
        assert float(line["final_test_error"]) == medians["final_test_error"]
        assert medians.keys() <= line.keys()
    cursor = stack.http.get(path, params={"limit": 2}).json()["next_cursor"]
    refused = stack.http.get(path, params={**query, "cursor": cursor})
    assert refused.status_code == 422
    assert "csv has no pages" in refused.json()["detail"]


def test_a_csv_goes_on_where_a_page_ends(stack: RunningStack) -> None:
    identifier = submit(stack, axes={"seed": list(range(MOST_ITEMS + 1))}, priority=-10)["id"]
    stack.http.post(f"/v1/sweeps/{identifier}/cancel")
    path = f"/v1/sweeps/{identifier}/results"
    answer = stack.http.get(path, params={"format": "csv"})
    lines = csv.DictReader(io.StringIO(answer.text))
    found = list(dict.fromkeys(line["seed"] for line in lines))
    assert found == [str(seed) for seed in range(MOST_ITEMS + 1)]


def test_places_that_are_no_scalars_are_json_in_a_csv(stack: RunningStack) -> None:
    rules = [["curl_descent"], ["gradient_descent", "curl_descent"]]
    identifier = ended(stack, submit(stack, axes={"rules": rules})["id"])["id"]
    answer = stack.http.get(f"/v1/sweeps/{identifier}/results", params={"format": "csv"})
    found = [json.loads(row["rules"]) for row in csv.DictReader(io.StringIO(answer.text))]
    assert found == [rules[0], rules[1], rules[1]]


def test_the_heat_map_is_drawn(stack: RunningStack, finished: dict[str, Any]) -> None:
    path = f"/v1/sweeps/{finished['id']}/figures/heatmap"
    over = {
        "x": "student.scale",
        "y": "seed",
        "metric": "final_test_error",
        "arm": "curl_descent",
    }
    document = stack.http.get(f"{path}.json", params=over).json()
    assert "vega-lite" in document["$schema"]
    assert stack.http.get(f"{path}.png", params=over).content.startswith(b"\x89PNG")
    wrong = stack.http.get(f"{path}.png", params={**over, "x": "student_scal"})
    assert wrong.status_code == 422
    assert "student_scale" in wrong.json()["errors"][0]["message"]


def test_a_metric_that_no_experiment_reached_is_drawn_in_grey(
    stack: RunningStack, finished: dict[str, Any]
) -> None:
    over = {"x": "student_scale", "y": "seed", "metric": "epochs_to_threshold"}
    path = f"/v1/sweeps/{finished['id']}/figures/heatmap.png"
    answer = stack.http.get(path, params={**over, "arm": "curl_descent"})
    assert answer.content.startswith(b"\x89PNG")
    wrong = stack.http.get(path, params={**over, "arm": "curl"})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "arm")
    assert "curl_descent" in wrong.json()["detail"]


def test_a_profile_along_words_is_refused(stack: RunningStack, finished: dict[str, Any]) -> None:
    path = f"/v1/sweeps/{finished['id']}/figures/profile.png"
    answer = stack.http.get(path, params={"x": "activation", "metric": "final_test_error"})
    assert answer.status_code == 422
    assert "heat map" in answer.json()["detail"]


def test_the_profile_is_drawn(stack: RunningStack, finished: dict[str, Any]) -> None:
    path = f"/v1/sweeps/{finished['id']}/figures/profile"
    along = {"x": "student_scale", "metric": "final_test_error"}
    document = stack.http.get(f"{path}.json", params=along).json()
    (points,) = document["datasets"].values()
    assert {(point["arm"], point["x"]) for point in points} == {
        (arm, scale) for arm in ("gradient_descent", "curl_descent") for scale in (0.5, 1.0, 2.0)
    }
    assert stack.http.get(f"{path}.pdf", params=along).content.startswith(b"%PDF")
    wrong = stack.http.get(f"{path}.png", params={**along, "metric": "error"})
    assert "final_test_error" in wrong.json()["errors"][0]["message"]


def test_a_sweep_is_renamed(stack: RunningStack, finished: dict[str, Any]) -> None:
    path = f"/v1/sweeps/{finished['id']}"
    assert stack.http.patch(path, json={"name": "wide"}).json()["name"] == "wide"
    assert stack.http.patch(path, json={"name": None}).json()["name"] is None
    assert stack.http.patch(path, json={"name": finished["name"]}).json()["name"] == "scales"
    assert stack.http.patch(path, json={}).status_code == 422
    unknown = f"/v1/sweeps/{finished['id'][:-4]}0000"
    assert stack.http.patch(unknown, json={"name": "none"}).status_code == 404


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("name=ONCE 100%25", True),
        ("name=once_100", False),
        (f"name=found once&kind={KIND}", True),
        ("name=found once&kind=curl_descent.toy", False),
    ],
)
def test_sweeps_are_found_by_a_part_of_their_name_and_by_kind(
    stack: RunningStack, finished: dict[str, Any], asked: str, found: bool
) -> None:
    stack.http.patch(finished["links"]["self"], json={"name": "Found once 100% sure"})
    items = stack.http.get(f"/v1/sweeps?{asked}").json()["items"]
    stack.http.patch(finished["links"]["self"], json={"name": finished["name"]})
    assert [item["id"] for item in items] == [finished["id"]] * found


def test_an_unknown_kind_of_sweeps_is_refused(stack: RunningStack) -> None:
    answer = stack.http.get("/v1/sweeps?kind=curl_descent.simulatin")
    assert answer.status_code == 422
    assert "curl_descent.simulation" in answer.text


def test_what_derived_axes_need_is_told_and_misspelt_kinds_are_guessed(
    stack: RunningStack,
) -> None:
    told = stack.http.get(f"/v1/kinds/{KIND}").json()["derived_axes"]
    assert told["compression_ratio"] == ["total_neurons"]
    for path, body in (
        ("/v1/sweeps", {"kind": "curl_descent.simulaton", "axes": {"seed": [1]}}),
        ("/v1/experiments", {"kind": "curl_descent.simulaton", "spec": {}}),
    ):
        error = stack.http.post(path, json=body).json()["errors"][0]
        assert error["field"] == "kind"
        assert f"did you mean {KIND}" in error["message"]


def test_equal_specs_of_a_sweep_are_one_experiment(stack: RunningStack) -> None:
    """Two ratios so close that layers of whole neurons are the same, and a seed given twice."""
    axes = {"compression_ratio": [1.0, 2.9, 2.95], "seed": [1, 1]}
    body = {"kind": KIND, "base": BASE, "axes": axes, "derive": {"total_neurons": 20}}
    preview = stack.http.post("/v1/sweeps/preview", json=body).json()
    assert (preview["count"], preview["duplicates"]) == (2, 4)
    sweep = stack.http.post("/v1/sweeps", json=body).json()
    assert sum(sweep["counts"].values()) == 2
    again = stack.http.post(f"/v1/sweeps/{sweep['id']}/extend", json={"axes": {"seed": [1]}})
    assert again.json()["changed"] == 0
    ended(stack, sweep["id"])  # the next test compares lists that a running sweep changes


def test_a_preview_stores_nothing(stack: RunningStack) -> None:
    before = stack.http.get("/v1/sweeps").json()
    body = {"kind": KIND, "base": BASE, "axes": AXES}
    preview = stack.http.post("/v1/sweeps/preview", json=body).json()
    assert preview["count"] == 6
    assert preview["seconds"] > 0
    assert preview["specs"][0]["student"]["scale"] == 0.5
    assert stack.http.get("/v1/sweeps").json() == before


def test_extending_runs_only_what_is_new(stack: RunningStack) -> None:
    identifier = ended(stack, submit(stack, axes={"seed": [0, 1]})["id"])["id"]
    before = children(stack, identifier)
    wider = stack.http.post(f"/v1/sweeps/{identifier}/extend", json={"axes": {"seed": [1, 2]}})
    assert wider.json() == {"changed": 1}
    more = stack.http.post(f"/v1/sweeps/{identifier}/extend", json={"replicates": 3})
    assert more.json() == {"changed": 3}
    after = children(stack, ended(stack, identifier)["id"])
    assert after[:2] == before
    added = [stack.show(row["id"])["spec"] for row in after[3:]]
    assert [(s["seed"], s["replicate_offset"], s["replicates"]) for s in added] == [
        (0, 2, 3),
        (1, 2, 3),
        (2, 2, 3),
    ]


def test_an_idempotency_key_extends_once(stack: RunningStack) -> None:
    identifier = submit(stack, axes={"seed": [0, 1]})["id"]
    path, headers = f"/v1/sweeps/{identifier}/extend", {"Idempotency-Key": "three"}
    for _ in range(2):
        answer = stack.http.post(path, json={"replicates": 3}, headers=headers)
        assert answer.json() == {"changed": 2}
    assert stack.http.post(path, json={"replicates": 4}, headers=headers).status_code == 422
    sweep = stack.http.get(f"/v1/sweeps/{identifier}").json()
    assert sweep["definition"]["more_replicates"] == [3]
    assert sum(sweep["counts"].values()) == 4


def test_what_extends_a_sweep_has_the_tags_that_all_its_experiments_share(
    stack: RunningStack,
) -> None:
    tags = {"project": "extended", "draft": "yes"}
    identifier = submit(stack, axes={"seed": [0, 1]}, tags=tags, priority=3)["id"]
    first, _ = children(stack, identifier)
    of_first = {"tags": {"mine": "1", "draft": "no"}}
    assert stack.http.patch(f"/v1/experiments/{first['id']}", json=of_first).status_code == 200
    stack.http.post(f"/v1/sweeps/{identifier}/extend", json={"axes": {"seed": [2]}})
    added = stack.show(children(stack, identifier)[-1]["id"])
    assert (added["tags"], added["priority"]) == ({"project": "extended"}, 3)
    ended(stack, identifier)


def test_cancelling_ends_every_child_and_then_the_sweep_can_go(stack: RunningStack) -> None:
    endless = {**BASE, "training": {"epochs": 10_000_000, "batch_size": 5}}
    identifier = submit(stack, base=endless, axes={"seed": list(range(20))})["id"]
    path = f"/v1/sweeps/{identifier}"
    assert stack.http.delete(path).status_code == 409
    assert stack.http.post(f"{path}/cancel").json()["changed"] == 20
    assert ended(stack, identifier, patience_s=10)["counts"]["cancelled"] == 20
    child = children(stack, identifier)[0]["id"]
    assert stack.http.delete(path).status_code == 204
    assert stack.http.get(f"/v1/experiments/{child}").status_code == 404


def test_retrying_runs_nothing_that_succeeded(
    stack: RunningStack, finished: dict[str, Any]
) -> None:
    answer = stack.http.post(f"/v1/sweeps/{finished['id']}/retry")
    assert answer.json() == {"changed": 0}


def test_the_events_of_a_sweep_count_until_it_ends(stack: RunningStack) -> None:
    identifier = submit(stack, axes={"seed": list(range(8))})["id"]
    with stack.http.stream("GET", f"/v1/sweeps/{identifier}/events") as answer:
        seen = [json.loads(x[6:]) for x in answer.iter_lines() if x.startswith("data: ")]
    assert seen[-1]["status"] == "ended"
    assert seen[-1]["counts"]["succeeded"] == 8
    assert all(sum(event["counts"].values()) == 8 for event in seen)


def test_an_idempotency_key_makes_one_sweep(stack: RunningStack) -> None:
    body = {"kind": KIND, "base": BASE, "axes": {"seed": [0]}}
    headers = {"Idempotency-Key": f"sweep-{time.time_ns()}"}
    first, again = (
        stack.http.post("/v1/sweeps", json=body, headers=headers).json() for _ in range(2)
    )
    assert first["id"] == again["id"]
    other = stack.http.post("/v1/sweeps", json={**body, "name": "x"}, headers=headers)
    assert other.status_code == 422


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"axes": {"seed": list(range(300)), "hidden": list(range(1, 301))}}, "axes"),
        ({"axes": {"hiden": [1]}}, "spec.hiden"),
        ({"axes": {"compression_ratio": [1]}}, "derive.total_neurons"),
        ({"axes": {"seed": {"zip": {"seed": [1], "hidden": [2, 3]}}}}, "axes.seed.zip"),
        ({"axes": {}}, "axes"),
        ({"axes": {"seed": [0]}, "kind": "none"}, "kind"),
        ({"axes": {"seed": {"linspace": [0, 1]}}}, "axes.seed"),
        ({"axes": {"inputs": [10_000]}, "base": {"data": {"train_size": 10**7}}}, "spec"),
    ],
)
def test_a_refused_sweep_names_the_field(
    stack: RunningStack, body: dict[str, Any], field: str
) -> None:
    answer = stack.http.post("/v1/sweeps", json={"kind": KIND, "base": BASE, **body})
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["field"].startswith(field)
