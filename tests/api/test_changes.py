"""Relabelling and running again, on the real service."""

from typing import Any

from tests.stack import RunningStack

KIND = "curl_descent.simulation"
ENDLESS: dict[str, Any] = {"training": {"epochs": 10_000_000}, "replicates": 1}
QUICK: dict[str, Any] = {"training": {"epochs": 2}, "replicates": 1}


def test_name_notes_and_tags_can_be_changed_and_the_rest_stays(stack: RunningStack) -> None:
    made = stack.submit(KIND, QUICK, name="old", tags={"a": "1", "b": "2"})
    path = f"/v1/experiments/{made['id']}"
    stack.ended(made["id"])
    body = {"notes": "line one\nline two", "tags": {"a": None, "c": "3"}}
    changed = stack.http.patch(path, json=body).json()
    assert (changed["name"], changed["notes"]) == ("old", "line one\nline two")
    assert changed["tags"] == {"b": "2", "c": "3"}
    assert changed["spec"] == made["spec"]
    refused = stack.http.patch(path, json={"spec": {}})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "spec"


def test_a_cancelled_experiment_runs_again_and_a_succeeded_one_does_not(
    stack: RunningStack,
) -> None:
    identifier = stack.submit(KIND, ENDLESS)["id"]
    path = f"/v1/experiments/{identifier}"
    assert stack.http.post(f"{path}/retry").status_code == 409
    stack.http.post(f"{path}/cancel")
    assert stack.ended(identifier)["status"] == "cancelled"
    again = stack.http.post(f"{path}/retry")
    assert again.status_code == 202
    assert again.json()["status"] in ("queued", "running")
    stack.until(identifier, "running")
    stack.http.post(f"{path}/cancel")
    assert stack.ended(identifier)["attempts"] >= 2
    done = stack.ended(stack.submit(KIND, QUICK)["id"])
    refused = stack.http.post(f"/v1/experiments/{done['id']}/retry")
    assert refused.status_code == 409
    assert "succeeded" in refused.json()["detail"]
