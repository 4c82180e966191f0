"""The broker is a doorbell: whatever it loses, the dispatcher rings again for it."""

import time
from pathlib import Path

import pytest
import redis

from tests.stack import RunningStack
from workers.broker import QUEUE

KIND = "curl_descent.simulation"
QUICK = {"training": {"epochs": 2}, "replicates": 1}
ENDLESS = {"training": {"epochs": 10_000_000}, "replicates": 1}


@pytest.fixture
def single(tmp_path_factory: pytest.TempPathFactory) -> RunningStack:
    return RunningStack(tmp_path_factory.mktemp("single"), workers=1, dispatch_s=0.2)


def broker(folder: Path) -> redis.Redis:
    return redis.Redis(unix_socket_path=str(folder / "redis.sock"))


def test_messages_lost_by_the_broker_are_sent_again(single: RunningStack) -> None:
    with single as stack:
        blocker = stack.submit(KIND, ENDLESS)["id"]
        stack.until(blocker, "running")
        waiting = [stack.submit(KIND, QUICK)["id"] for _ in range(5)]
        with broker(stack.folder) as client:
            client.flushall()
            assert client.llen(QUEUE) == 0
        stack.http.post(f"/v1/experiments/{blocker}/cancel")
        for identifier in waiting:
            assert stack.ended(identifier)["status"] == "succeeded"


def test_a_message_too_many_runs_nothing_twice(single: RunningStack) -> None:
    with single as stack:
        done = stack.ended(stack.submit(KIND, QUICK)["id"])
        with broker(stack.folder) as client:
            # A dispatcher rings whenever the queue runs dry; a queued row may be rung for often.
            blocker = stack.submit(KIND, ENDLESS)["id"]
            stack.until(blocker, "running")
            queued = stack.submit(KIND, QUICK)["id"]
            deadline = time.monotonic() + 10
            while client.llen(QUEUE) < 1 and time.monotonic() < deadline:
                time.sleep(0.02)
            client.lpush(QUEUE, *client.lrange(QUEUE, 0, -1))
        stack.http.post(f"/v1/experiments/{blocker}/cancel")
        experiment = stack.ended(queued)
        assert (experiment["status"], experiment["attempts"]) == ("succeeded", 1)
        assert stack.show(done["id"])["attempts"] == 1


def test_a_stopping_worker_hands_back_what_it_runs(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("handback")
    with RunningStack(folder, workers=1) as stack:
        identifier = stack.submit(KIND, ENDLESS)["id"]
        stack.until(identifier, "running")
    with RunningStack(folder, workers=1) as stack:
        experiment = stack.until(identifier, "running", patience_s=20)
        assert experiment["attempts"] == 2
        assert experiment["lost_attempts"] == 0
        stack.http.post(f"/v1/experiments/{identifier}/cancel")
        assert stack.ended(identifier)["status"] == "cancelled"
