"""Server-sent events: what a watcher sees, whenever it comes."""

import json
from collections.abc import Iterator
from itertools import takewhile
from typing import Any

from tests.stack import RunningStack

KIND = "curl_descent.simulation"
FEW_SECONDS: dict[str, Any] = {
    "inputs": 50,
    "data": {"train_size": 1000, "test_size": 10},
    "training": {"epochs": 1500},
    "replicates": 5,
}
QUICK: dict[str, Any] = {"training": {"epochs": 2}, "replicates": 1}

Event = tuple[str, str, dict[str, Any]]


def events(stack: RunningStack, identifier: str, last: str | None = None) -> Iterator[Event]:
    headers = {} if last is None else {"Last-Event-ID": last}
    path = f"/v1/experiments/{identifier}/events"
    with stack.http.stream("GET", path, headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        fields: dict[str, str] = {}
        for line in answer.iter_lines():
            name, _, value = line.partition(": ")
            if line and name:
                fields[name] = value
            elif "data" in fields:
                yield fields["id"], fields["event"], json.loads(fields["data"])
                fields = {}


def test_a_watcher_sees_progress_grow_and_then_the_end(stack: RunningStack) -> None:
    identifier = stack.submit(KIND, FEW_SECONDS)["id"]
    seen = list(events(stack, identifier))
    progress = [content["progress"] for _, name, content in seen if name == "progress"]
    assert progress, "a run of a few seconds reports at least once"
    assert progress == sorted(progress)
    assert all(0 <= value <= 1 for value in progress)
    assert seen[-1][1:] == ("status", {"id": identifier, "status": "succeeded", "progress": 1.0})
    values = next(content["values"] for _, name, content in seen if name == "progress")
    assert "epoch" in values


def test_a_late_watcher_gets_the_present_state_and_the_stream_ends(stack: RunningStack) -> None:
    identifier = stack.submit(KIND, QUICK)["id"]
    stack.ended(identifier)
    ((_, name, content),) = events(stack, identifier)
    assert (name, content["status"], content["progress"]) == ("status", "succeeded", 1.0)


def test_a_watcher_resumes_after_the_last_event_it_saw(stack: RunningStack) -> None:
    identifier = stack.submit(KIND, FEW_SECONDS)["id"]
    live = events(stack, identifier)
    before = list(takewhile(lambda event: event[1] != "progress", live))
    stack.ended(identifier)
    resumed = list(events(stack, identifier, last=before[-1][0]))
    assert resumed[-1][2]["status"] == "succeeded"
    missed = [event for event in resumed if event[1] == "progress"]
    assert missed, "events between the two connections are replayed"


def test_the_events_of_nothing_are_not_found(stack: RunningStack) -> None:
    answer = stack.http.get("/v1/experiments/0199f5f0-0000-7000-8000-000000000000/events")
    assert answer.status_code == 404
