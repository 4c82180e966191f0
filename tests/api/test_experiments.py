"""Experiments over HTTP, on the real service."""

import io
import time
from typing import Any

import numpy as np
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
ENDLESS: dict[str, Any] = {**SMALL, "training": {"epochs": 10_000_000, "batch_size": 5}}


@pytest.fixture(scope="module")
def finished(stack: RunningStack) -> dict[str, Any]:
    submitted = stack.submit(KIND, SMALL, name="small", tags={"project": "test"})
    experiment = stack.ended(submitted["id"])
    assert experiment["status"] == "succeeded", experiment["error"]
    return experiment


def refused(stack: RunningStack, spec: Any, **body: Any) -> dict[str, Any]:
    answer = stack.http.post("/v1/experiments", json={"kind": KIND, "spec": spec, **body})
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == 422
    return problem


def test_an_accepted_spec_answers_with_its_place(stack: RunningStack) -> None:
    answer = stack.http.post("/v1/experiments", json={"kind": KIND, "spec": SMALL})
    assert answer.status_code == 202
    experiment = answer.json()
    assert experiment["status"] in ("queued", "running", "succeeded")
    assert answer.headers["location"] == f"/v1/experiments/{experiment['id']}"
    assert experiment["spec"]["student"]["scale"] == 2.0, "defaults are part of the stored spec"


def test_a_finished_experiment_tells_what_was_done(finished: dict[str, Any]) -> None:
    assert (finished["name"], finished["tags"]) == ("small", {"project": "test"})
    assert (finished["attempts"], finished["progress"], finished["error"]) == (1, 1.0, None)
    assert finished["created_at"] <= finished["started_at"] <= finished["finished_at"]
    assert finished["started_at"].endswith("Z")
    assert set(finished["versions"]) >= {"solenoid", "numpy", "python"}
    summary = finished["summary"]["gradient_descent"]["final_test_error"]
    assert summary["median"] > 0
    assert summary["missing"] == 0


def test_results_come_as_json_and_csv(stack: RunningStack, finished: dict[str, Any]) -> None:
    path = f"/v1/experiments/{finished['id']}/results"
    rows = stack.http.get(path).json()["items"]
    assert [(row["arm"], row["replicate"]) for row in rows] == [
        (arm, replicate) for arm in ("gradient_descent", "curl_descent") for replicate in range(3)
    ]
    lines = stack.http.get(path, params={"format": "csv"}).text.splitlines()
    header = lines[0].split(",")
    assert header[:2] == ["arm", "replicate"]
    assert header[2:] == list(rows[0]["metrics"])
    assert len(lines) == 1 + len(rows)
    column = header.index("final_test_error")
    assert float(lines[1].split(",")[column]) == rows[0]["metrics"]["final_test_error"]
    flag = lines[1].split(",")[header.index("diverged")]
    everywhere = {"kind": KIND, "where": f"experiment = '{finished['id']}'", "format": "csv"}
    asked = stack.http.get("/v1/results", params={**everywhere, "select": "metric.diverged"}).text
    assert flag == asked.splitlines()[1] == "false"


def test_arrays_come_in_every_form_with_axes_and_units(
    stack: RunningStack, finished: dict[str, Any]
) -> None:
    path = f"/v1/experiments/{finished['id']}/arrays"
    entries = {entry["name"]: entry for entry in stack.http.get(path).json()["items"]}
    entry = entries["test_error"]
    assert entry["axes"] == ["arm", "replicate", "record"]
    exact = np.load(io.BytesIO(stack.http.get(f"{path}/test_error.npy").content))
    assert list(exact.shape) == entry["shape"]
    shown = stack.http.get(f"{path}/test_error").json()
    np.testing.assert_array_equal(np.array(shown["values"]), exact)
    archive = np.load(io.BytesIO(stack.http.get(f"{path}.npz").content))
    assert set(archive) == set(entries)
    np.testing.assert_array_equal(archive["test_error"], exact)
    table = stack.http.get(f"{path}/test_error.csv").text.splitlines()
    assert table[0] == "arm,replicate,record,test_error"
    assert len(table) == 1 + exact.size


def test_figures_are_drawn_in_every_form(stack: RunningStack, finished: dict[str, Any]) -> None:
    path = f"/v1/experiments/{finished['id']}/figures"
    entries = stack.http.get(path).json()["items"]
    assert entries
    links = entries[0]["links"]
    assert "vega-lite" in stack.http.get(links["json"]).json()["$schema"]
    starts = {"svg": b"<svg", "png": b"\x89PNG", "pdf": b"%PDF"}
    for form, start in starts.items():
        assert stack.http.get(links[form]).content.startswith(start), form


def test_a_figure_of_what_was_not_measured_says_so(
    stack: RunningStack, finished: dict[str, Any]
) -> None:
    entries = stack.http.get(f"/v1/experiments/{finished['id']}/figures").json()["items"]
    missing = {entry["name"]: entry["missing"] for entry in entries}
    assert missing["learning_curves"] is None
    assert missing["lyapunov_spectrum"] == "record.lyapunov_exponents is 0"
    drawn = stack.http.get(f"/v1/experiments/{finished['id']}/figures/lyapunov_spectrum.json")
    assert "record.lyapunov_exponents is 0" in drawn.text
    page = stack.http.get(f"/experiments/{finished['id']}").text
    assert "figures/learning_curves.json" in page
    assert "figures/lyapunov_spectrum.json" not in page
    assert "Not measured: lyapunov spectrum, lyapunov convergence" in page


def test_lists_are_paged_newest_first(stack: RunningStack) -> None:
    made = [stack.submit(KIND, SMALL)["id"] for _ in range(3)]
    first = stack.http.get("/v1/experiments", params={"limit": 2}).json()
    assert [item["id"] for item in first["items"]] == made[:0:-1]
    following = {"limit": 2, "cursor": first["next_cursor"]}
    second = stack.http.get("/v1/experiments", params=following).json()
    assert second["items"][0]["id"] == made[0]


def test_a_cursor_of_somebody_else_is_refused(stack: RunningStack) -> None:
    answer = stack.http.get("/v1/experiments", params={"cursor": "nonsense"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["value"] == "nonsense"


def test_a_running_experiment_is_cancelled_within_two_seconds(stack: RunningStack) -> None:
    identifier = stack.submit(KIND, ENDLESS)["id"]
    stack.until(identifier, "running")
    start = time.monotonic()
    answer = stack.http.post(f"/v1/experiments/{identifier}/cancel")
    assert answer.status_code == 202
    experiment = stack.ended(identifier, patience_s=10)
    assert time.monotonic() - start < 2.0
    assert experiment["status"] == "cancelled"
    assert stack.http.get(f"/v1/experiments/{identifier}/results").json()["items"] == []
    figure = stack.http.get(f"/v1/experiments/{identifier}/figures/learning_curves.svg")
    arrays = stack.http.get(f"/v1/experiments/{identifier}/arrays.npz")
    for answer in (figure, arrays):
        assert answer.status_code == 409
        assert "cancelled" in answer.json()["detail"]


def test_only_ended_experiments_can_be_deleted(stack: RunningStack) -> None:
    identifier = stack.submit(KIND, ENDLESS)["id"]
    path = f"/v1/experiments/{identifier}"
    assert stack.http.delete(path).status_code == 409
    stack.http.post(f"{path}/cancel")
    stack.ended(identifier, patience_s=10)
    assert stack.http.delete(path).status_code == 204
    assert stack.http.get(path).status_code == 404
    assert stack.http.delete(path).status_code == 404


def test_an_idempotency_key_makes_one_experiment(stack: RunningStack) -> None:
    body = {"kind": KIND, "spec": SMALL}
    headers = {"Idempotency-Key": f"key-{time.time_ns()}"}
    first = stack.http.post("/v1/experiments", json=body, headers=headers)
    again = stack.http.post("/v1/experiments", json=body, headers=headers)
    assert first.json()["id"] == again.json()["id"]
    other = stack.http.post("/v1/experiments", json={**body, "name": "x"}, headers=headers)
    assert other.status_code == 422
    assert other.json()["errors"][0]["field"] == "Idempotency-Key"


def test_reuse_answers_with_the_finished_twin(
    stack: RunningStack, finished: dict[str, Any]
) -> None:
    answer = stack.http.post("/v1/experiments", json={"kind": KIND, "spec": SMALL, "reuse": True})
    assert answer.status_code == 200
    twin = answer.json()
    assert twin["status"] == "succeeded"
    assert twin["spec"] == finished["spec"]


def test_the_same_spec_gives_the_same_bits(stack: RunningStack, finished: dict[str, Any]) -> None:
    again = stack.ended(stack.submit(KIND, SMALL)["id"])
    assert again["id"] != finished["id"]
    for name in ("train_error", "test_error"):
        one, other = (
            stack.http.get(f"/v1/experiments/{e['id']}/arrays/{name}.npy").content
            for e in (finished, again)
        )
        assert one == other


def test_an_estimate_stores_nothing(stack: RunningStack) -> None:
    before = stack.http.get("/v1/experiments", params={"limit": 1}).json()["items"]
    cost = stack.http.post("/v1/experiments/estimate", json={"kind": KIND, "spec": SMALL}).json()
    assert cost["fits"] is True
    assert cost["seconds"] > 0
    after = stack.http.get("/v1/experiments", params={"limit": 1}).json()["items"]
    assert before == after


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"hiden": 3}, "spec.hiden"),
        ({"training": {"epocs": 3}}, "spec.training.epocs"),
        ({"inputs": 0}, "spec.inputs"),
        ({"inputs": True}, "spec.inputs"),
        ({"inputs": "8"}, "spec.inputs"),
        ({"student": {"scale": False}}, "spec.student.scale"),
        ({"activation": "softmax"}, "spec.activation"),
        ({"flips": {"readout": {"count": 5}}}, "spec.flips.readout.count"),
        ({"training": {"batch_size": 21}}, "spec.training.batch_size"),
    ],
)
def test_a_refused_spec_names_field_and_value(
    stack: RunningStack, change: dict[str, Any], field: str
) -> None:
    error = refused(stack, {**SMALL, **change})["errors"][0]
    assert error["field"] == field
    assert error["message"]
    given: Any = change
    for name in field.split(".")[1:]:
        given = given[name]
    assert error["value"] == given


def test_numbers_that_are_not_finite_are_refused(stack: RunningStack) -> None:
    body = '{"kind": "curl_descent.simulation", "spec": {"student": {"scale": NaN}}}'
    answer = stack.http.post(
        "/v1/experiments", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "spec.student.scale"


def test_a_spec_too_large_for_this_machine_is_refused_by_its_estimate(
    stack: RunningStack,
) -> None:
    huge = {**SMALL, "inputs": 10_000, "data": {"train_size": 1_000_000, "test_size": 10}}
    body = {"kind": KIND, "spec": huge}
    cost = stack.http.post("/v1/experiments/estimate", json=body).json()
    assert cost["memory_bytes"] > 70e9
    assert cost["fits"] is False
    error = refused(stack, huge)["errors"][0]
    assert error["value"] == cost["memory_bytes"]
    assert "limit of this installation is 4 GiB" in error["message"]


def test_an_unknown_kind_names_the_known_ones(stack: RunningStack) -> None:
    answer = stack.http.post("/v1/experiments", json={"kind": "curl.sim", "spec": {}})
    assert answer.status_code == 422
    message = answer.json()["errors"][0]["message"]
    assert "curl_descent.simulation" in message


def test_half_a_character_is_refused_like_any_other_value(stack: RunningStack) -> None:
    body = '{"kind": "curl_descent.simulation", "spec": {}, "name": "\\ud800"}'
    headers = {"Content-Type": "application/json"}
    answer = stack.http.post("/v1/experiments", content=body, headers=headers)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["value"] == "\\ud800"


def test_a_body_that_is_not_json_says_where(stack: RunningStack) -> None:
    headers = {"Content-Type": "application/json"}
    answer = stack.http.post("/v1/experiments", content='{"kind": ', headers=headers)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "body"
    assert "character 9" in answer.json()["detail"]


def test_a_field_of_a_group_is_told_with_its_group(stack: RunningStack) -> None:
    (error,) = refused(stack, {**SMALL, "epochs": 3})["errors"]
    assert error["message"] == "there is no such field; did you mean training.epochs?"


def test_a_body_without_its_header_is_told_which(stack: RunningStack) -> None:
    body = '{"kind": "curl_descent.simulation", "spec": {}}'
    headers = {"Content-Type": "application/x-www-form-urlencoded"}  # as curl -d sends it
    (error,) = stack.http.post("/v1/experiments", content=body, headers=headers).json()["errors"]
    assert (error["field"], error["value"]) == ("body", body)
    assert "Content-Type: application/json" in error["message"]


def test_a_name_with_a_control_character_is_refused(stack: RunningStack) -> None:
    assert refused(stack, SMALL, name="a\0b")["errors"][0]["field"] == "name"
    assert refused(stack, SMALL, tags={"k": "\0"})["errors"][0]["field"].startswith("tags")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/experiments/0199f5f0-0000-7000-8000-000000000000", 404),
        ("GET", "/v1/experiments/not-an-id", 404),
        ("GET", "/v1/kinds/none", 404),
        ("GET", "/v1/nothing", 404),
        ("PUT", "/v1/experiments", 405),
        ("GET", "/v1/experiments?where=status", 400),
        ("GET", "/v1/experiments?filter=status", 422),
        ("POST", "/v1/presets/none/run", 422),
    ],
)
def test_every_error_is_a_problem_document(
    stack: RunningStack, method: str, path: str, status: int
) -> None:
    answer = stack.http.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status


def test_a_wrong_method_names_all_allowed_ones(stack: RunningStack) -> None:
    assert stack.http.put("/v1/experiments").headers["allow"] == "GET, POST"


def test_a_body_beyond_the_limit_is_refused(stack: RunningStack) -> None:
    answer = stack.http.post("/v1/experiments", content=b" " * (5 * 2**20))
    assert answer.status_code == 413
    assert str(4 * 2**20) in answer.json()["detail"]


def test_a_field_of_several_forms_is_refused_for_the_form_that_was_meant(
    stack: RunningStack,
) -> None:
    for starts, field, message in (
        ([], "spec.starts", "List should have at least 1 item after validation, not 0"),
        ("x", "spec.starts", "Input should be a valid list or an object"),
        ({"random": 0}, "spec.starts.random", "Input should be greater than or equal to 1"),
    ):
        body = {"kind": "curl_descent.toy", "spec": {"starts": starts}}
        [error] = stack.http.post("/v1/experiments", json=body).json()["errors"]
        assert (error["field"], error["message"]) == (field, message)
