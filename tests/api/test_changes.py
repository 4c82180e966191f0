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
    assert stack.http.patch(path, json={"name": None}).json()["name"] is None
    assert stack.http.patch(path, json={}).json()["notes"] == "line one\nline two"
    broken = stack.http.patch(path, json={"name": "two\nlines"}).json()["errors"][0]
    assert broken["message"] == "no line breaks, tabs or other control characters"
    refused = stack.http.patch(path, json={"spec": {}})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "spec"


def test_the_limit_of_tags_is_that_of_the_experiment_and_not_of_the_request(
    stack: RunningStack,
) -> None:
    made = stack.submit(KIND, QUICK, tags={f"t{n}": "" for n in range(49)})
    path = f"/v1/experiments/{made['id']}"
    assert len(stack.http.patch(path, json={"tags": {"t49": "x"}}).json()["tags"]) == 50
    refused = stack.http.patch(path, json={"tags": {"one": "too many"}})
    assert refused.status_code == 422
    assert "would have 51 tags; the limit is 50" in refused.json()["detail"]
    body = {"where": f"id = '{made['id']}'", "action": "tag", "tags": {"one": "too many"}}
    assert stack.http.post("/v1/experiments/bulk", json=body).status_code == 422
    assert len(stack.show(made["id"])["tags"]) == 50
    swapped: dict[str, Any] = {"tags": {"t0": None, "one": "in its place"}}
    assert len(stack.http.patch(path, json=swapped).json()["tags"]) == 50


def test_a_cancelled_experiment_runs_again_and_a_succeeded_one_does_not(
    stack: RunningStack,
) -> None:
    identifier = stack.submit(KIND, ENDLESS)["id"]
    path = f"/v1/experiments/{identifier}"
    stack.until(identifier, "running")
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


def test_an_action_on_a_filter_changes_what_it_applies_to_after_a_dry_run(
    stack: RunningStack,
) -> None:
    made = [stack.submit(KIND, QUICK, tags={"batch": "bulk"})["id"] for _ in range(3)]
    for identifier in made:
        stack.ended(identifier)
    endless = stack.submit(KIND, ENDLESS, tags={"batch": "bulk"})["id"]
    where = "tag.batch = 'bulk'"

    def bulk(action: str, **more: Any) -> Any:
        body = {"where": where, "action": action, **more}
        return stack.http.post("/v1/experiments/bulk", json=body).json()

    assert bulk("cancel", dry_run=True) == {"changed": 1, "dry_run": True}
    assert stack.show(endless)["status"] in ("queued", "running")
    assert bulk("cancel")["changed"] == 1
    assert stack.ended(endless)["status"] == "cancelled"
    assert bulk("tag", tags={"seen": "yes"})["changed"] == 4
    assert stack.show(made[0])["tags"] == {"batch": "bulk", "seen": "yes"}
    assert bulk("retry", dry_run=True)["changed"] == 1
    assert bulk("delete")["changed"] == 4
    assert stack.http.get(f"/v1/experiments/{made[0]}").status_code == 404
    assert bulk("delete")["changed"] == 0
    wrong = stack.http.post("/v1/experiments/bulk", json={"where": "tag.", "action": "delete"})
    assert wrong.status_code == 400
