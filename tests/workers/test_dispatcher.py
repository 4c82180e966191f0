"""The broker is a doorbell: whatever it loses, the dispatcher rings again for it."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tests.stack import RunningStack
from workers.broker import QUEUE

KIND = "curl_descent.simulation"
QUICK = {"training": {"epochs": 2}, "replicates": 1}
ENDLESS = {"training": {"epochs": 10_000_000}, "replicates": 1}


@pytest.fixture(scope="module")
def single(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    folder = tmp_path_factory.mktemp("single")
    with RunningStack(folder, dispatch_s=0.2) as running:
        yield running


def broker(folder: Path) -> redis.Redis:
    return redis.Redis(unix_socket_path=str(folder / "redis.sock"))


def test_messages_lost_by_the_broker_are_sent_again(single: RunningStack) -> None:
    blocker = single.submit(KIND, ENDLESS)["id"]
    single.until(blocker, "running")
    waiting = [single.submit(KIND, QUICK)["id"] for _ in range(5)]
    with broker(single.folder) as client:
        client.flushall()
        assert client.llen(QUEUE) == 0
    single.http.post(f"/v1/experiments/{blocker}/cancel")
    for identifier in waiting:
        assert single.ended(identifier)["status"] == "succeeded"


def test_a_message_too_many_runs_nothing_twice(single: RunningStack) -> None:
    done = single.ended(single.submit(KIND, QUICK)["id"])
    with broker(single.folder) as client:
        # A dispatcher rings whenever the queue runs dry; a queued row may be rung for often.
        blocker = single.submit(KIND, ENDLESS)["id"]
        single.until(blocker, "running")
        queued = single.submit(KIND, QUICK)["id"]
        deadline = time.monotonic() + 10
        while client.llen(QUEUE) < 1 and time.monotonic() < deadline:
            time.sleep(0.02)
        client.lpush(QUEUE, *client.lrange(QUEUE, 0, -1))
    single.http.post(f"/v1/experiments/{blocker}/cancel")
    experiment = single.ended(queued)
    assert (experiment["status"], experiment["attempts"]) == ("succeeded", 1)
    assert single.show(done["id"])["attempts"] == 1


def test_a_stopping_worker_hands_back_what_it_runs(single: RunningStack) -> None:
    identifier = single.submit(KIND, ENDLESS)["id"]
    single.until(identifier, "running")
    single.__exit__(None, None, None)
    single.__enter__()
    experiment = single.until(identifier, "running", patience_s=20)
    assert experiment["attempts"] == 2
    assert experiment["lost_attempts"] == 0
    single.http.post(f"/v1/experiments/{identifier}/cancel")
    assert single.ended(identifier)["status"] == "cancelled"
