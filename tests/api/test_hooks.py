"""Completion hooks over HTTP, on the real service: asked for, refused, run, shown."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.stack import RunningStack

KIND = "curl_descent.simulation"
QUICK: dict[str, Any] = {
    "inputs": 8,
    "hidden": 4,
    "data": {"train_size": 20, "test_size": 10},
    "training": {"epochs": 2, "batch_size": 5},
    "replicates": 1,
}
ENDLESS = {**QUICK, "training": {"epochs": 10_000_000, "batch_size": 5}}


@pytest.fixture(scope="module")
def told(stack: RunningStack) -> Path:
    """The folder into which the command `tell` puts what it is told, by id."""
    folder = stack.folder / "told"
    folder.mkdir()
    command = stack.folder / "hooks" / "tell"
    command.parent.mkdir(exist_ok=True)
    command.write_text('#!/bin/sh\necho "$1 $3" >> told/$2.arguments\ncat > told/$2.json\n')
    command.chmod(0o755)
    return folder


def delivered(stack: RunningStack, path: str, patience_s: float = 60.0) -> dict[str, Any]:
    """The resource once its hook is delivered."""
    deadline = time.monotonic() + patience_s
    while (one := stack.http.get(path).json())["on_end"]["state"] != "delivered":
        assert time.monotonic() < deadline, one
        time.sleep(0.05)
    found: dict[str, Any] = one
    return found


def refused(stack: RunningStack, on_end: Any) -> dict[str, Any]:
    answers = [
        stack.http.post("/v1/experiments", json={"kind": KIND, "spec": QUICK, "on_end": on_end}),
        stack.http.post(
            "/v1/sweeps",
            json={"kind": KIND, "base": QUICK, "axes": {"seed": [0]}, "on_end": on_end},
        ),
    ]
    assert [answer.status_code for answer in answers] == [422, 422]
    first, second = (answer.json()["errors"][0] for answer in answers)
    assert first == second
    error: dict[str, Any] = first
    return error


def test_a_command_is_run_when_the_experiment_has_ended(stack: RunningStack, told: Path) -> None:
    experiment = stack.submit(KIND, QUICK, name="quick", on_end={"command": "tell"})
    identifier = experiment["id"]
    shown = delivered(stack, f"/v1/experiments/{identifier}")
    assert shown["on_end"] == {
        "command": "tell",
        "webhook": None,
        "state": "delivered",
        "attempts": 1,
        "error": None,
    }
    assert (told / f"{identifier}.arguments").read_text() == "experiment succeeded\n"
    document = json.loads((told / f"{identifier}.json").read_text())
    for field in document.keys() - {"type", "links"}:
        assert document[field] == shown[field], field
    assert document["links"].items() <= shown["links"].items()
    assert document["disk_bytes"] > 0


def test_a_command_is_run_once_when_the_last_of_a_sweep_has_ended(
    stack: RunningStack, told: Path
) -> None:
    body = {"kind": KIND, "base": QUICK, "axes": {"seed": [0, 1, 2]}}
    sweep = stack.http.post("/v1/sweeps", json={**body, "on_end": {"command": "tell"}}).json()
    path = f"/v1/sweeps/{sweep['id']}"
    assert sweep["on_end"]["state"] == "waiting"
    shown = delivered(stack, path)
    assert (told / f"{sweep['id']}.arguments").read_text() == "sweep ended\n"
    document = json.loads((told / f"{sweep['id']}.json").read_text())
    assert document["counts"] == shown["counts"]
    assert document["disk_bytes"] == shown["disk_bytes"] > 0
    assert stack.http.post(f"{path}/extend", json={"axes": {"seed": [3]}}).json()["changed"] == 1
    assert delivered(stack, path)["counts"]["succeeded"] == 4
    assert (told / f"{sweep['id']}.arguments").read_text() == "sweep ended\nsweep ended\n"


def test_the_end_after_a_retry_is_told_too(stack: RunningStack, told: Path) -> None:
    identifier = stack.submit(KIND, ENDLESS, on_end={"command": "tell"})["id"]
    path = f"/v1/experiments/{identifier}"
    stack.until(identifier, "running")
    assert stack.show(identifier)["on_end"]["state"] == "waiting"
    assert not (told / f"{identifier}.json").exists()
    stack.http.post(f"{path}/cancel")
    delivered(stack, path)
    assert stack.http.post(f"{path}/retry").json()["on_end"]["state"] == "waiting"
    stack.http.post(f"{path}/cancel")
    delivered(stack, path)
    arguments = (told / f"{identifier}.arguments").read_text()
    assert arguments == "experiment cancelled\n" * 2


def test_of_a_webhook_everybody_sees_the_host_alone(stack: RunningStack) -> None:
    for given, shown in (
        ("http://127.0.0.1:9/secret", "http://127.0.0.1:9/..."),
        ("http://127.0.0.1:9/?key=secret", "http://127.0.0.1:9/..."),
        ("http://127.0.0.1:9", "http://127.0.0.1:9/"),
    ):
        experiment = stack.submit(KIND, QUICK, on_end={"webhook": given})
        assert experiment["on_end"]["webhook"] == shown


def test_without_a_hook_nobody_is_told(stack: RunningStack) -> None:
    assert stack.submit(KIND, QUICK)["on_end"] is None


def test_a_command_that_is_not_there_is_refused_saying_what_is(
    stack: RunningStack, told: Path
) -> None:
    (stack.folder / "hooks" / "notes.txt").write_text("not executable")
    for name in ("tel", "notes.txt"):
        error = refused(stack, {"command": name})
        assert (error["field"], error["value"]) == ("on_end.command", name)
        _, told_of, there = error["message"].partition("there are ")
        assert told_of, error["message"]
        # Other tests put commands into the folder of the same service.
        assert "tell" in there
        assert name not in there.split(", ")


@pytest.mark.parametrize(
    ("on_end", "field", "words"),
    [
        ({}, "on_end", "exactly one of command and webhook"),
        ({"command": "tell", "webhook": "http://a/"}, "on_end", "exactly one"),
        ({"command": "../tell"}, "on_end.command", "pattern"),
        ({"command": ".tell"}, "on_end.command", "pattern"),
        ({"command": "tell now"}, "on_end.command", "pattern"),
        ({"command": "/bin/sh"}, "on_end.command", "pattern"),
        ({"shell": "rm"}, "on_end.shell", "there is no such field"),
        ({"webhook": "ftp://example.org/"}, "on_end.webhook", "http or https"),
        ({"webhook": "https:///path"}, "on_end.webhook", "with a host"),
        ({"webhook": "https://me:secret@example.org/"}, "on_end.webhook", "password"),
        ({"webhook": "http://example.org:99999999/"}, "on_end.webhook", "not a URL"),
        ({"webhook": "http://xn--/"}, "on_end.webhook", "not a URL"),
        ({"webhook": "http://exam ple.org/"}, "on_end.webhook", "pattern"),
        ({"webhook": "http://example.org/" + 2000 * "a"}, "on_end.webhook", "2000"),
    ],
)
def test_a_wrong_hook_is_refused_naming_the_field(
    stack: RunningStack, told: Path, on_end: Any, field: str, words: str
) -> None:
    error = refused(stack, on_end)
    assert error["field"] == field
    assert words in error["message"]


def test_a_cancelled_sweep_is_resumed_as_a_whole(stack: RunningStack) -> None:
    body = {"kind": KIND, "base": ENDLESS, "axes": {"seed": list(range(4))}}
    path = f"/v1/sweeps/{stack.http.post('/v1/sweeps', json=body).json()['id']}"
    for _ in range(2):
        assert stack.http.post(f"{path}/cancel").json()["changed"] == 4
        deadline = time.monotonic() + 20
        while (sweep := stack.http.get(path).json())["status"] != "ended":
            assert time.monotonic() < deadline, sweep
            time.sleep(0.05)
        assert sweep["counts"]["cancelled"] == 4
        assert stack.http.post(f"{path}/retry").json() == {"changed": 0}
        again = stack.http.post(f"{path}/retry", json={"statuses": ["failed", "cancelled"]})
        assert again.json() == {"changed": 4}
    stack.http.post(f"{path}/cancel")
    wrong = stack.http.post(f"{path}/retry", json={"statuses": ["succeeded"]})
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["field"] == "statuses.0"


def test_the_service_says_what_it_has_stored(stack: RunningStack) -> None:
    experiment = stack.ended(stack.submit(KIND, QUICK)["id"])
    total = stack.http.get("/v1/system").json()["disk_bytes"]
    assert total["experiments"] >= experiment["disk_bytes"] > 0
    where = f"id = '{experiment['id']}' and disk_bytes > 0"
    found = stack.http.get("/v1/experiments", params={"where": where}).json()["items"]
    assert [each["id"] for each in found] == [experiment["id"]]


def test_more_replicates_than_one_experiment_may_have_are_refused(stack: RunningStack) -> None:
    body = {"kind": KIND, "base": QUICK, "axes": {"seed": [0]}}
    identifier = stack.http.post("/v1/sweeps", json=body).json()["id"]
    answer = stack.http.post(f"/v1/sweeps/{identifier}/extend", json={"replicates": 20_000})
    assert answer.status_code == 422
    assert "10000 replicates of one experiment" in answer.json()["detail"]
