"""What survives when processes die: the real stack, real signals."""

import json
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.stack import RunningStack

KIND = "curl_descent.simulation"
LEASE_S = 10.0
BREAKING = Path(__file__).parent / "breaking"

LONG: dict[str, Any] = {
    "inputs": 60,
    "hidden": 10,
    "training": {"epochs": 1_000, "norm_constraint": "layer"},
    "replicates": 5,
}

ENDLESS = {**LONG, "training": {"epochs": 10_000_000}}
GOING_ON = "status in ('queued', 'running')"
QUICK = {"training": {"epochs": 2}, "replicates": 1}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """One for all tests: whatever they do to it, it recovers."""
    folder = tmp_path_factory.mktemp("lossy")
    with RunningStack(folder, workers=2, lease_s=LEASE_S, preload=BREAKING) as running:
        yield running


@pytest.fixture(autouse=True)
def nothing_left_running(stack: RunningStack) -> Iterator[None]:
    """A test that fails takes no worker from the next."""
    yield
    if stack.process.poll() is None:
        stack.http.post("/v1/experiments/bulk", json={"action": "cancel", "where": GOING_ON})


def test_a_killed_worker_process_costs_an_attempt_and_the_experiment_succeeds_once(
    stack: RunningStack,
) -> None:
    undisturbed = stack.ended(stack.submit(KIND, LONG)["id"])
    identifier = stack.submit(KIND, LONG)["id"]
    stack.until(identifier, "running")
    children = list(stack.descendants("spawn_main"))
    assert children
    for child in children:
        child.send_signal(signal.SIGKILL)
    experiment = stack.ended(identifier)
    assert experiment["status"] == "succeeded", experiment
    assert experiment["attempts"] == 2
    assert experiment["lost_attempts"] == 1
    rows = stack.http.get(f"/v1/experiments/{identifier}/results").json()["items"]
    keys = [(row["arm"], row["replicate"]) for row in rows]
    assert len(keys) == len(set(keys)) == 10
    assert rows == _rows(stack, undisturbed["id"])


def test_every_line_of_the_logs_is_json_also_when_processes_die(stack: RunningStack) -> None:
    identifier = stack.submit(KIND, ENDLESS)["id"]
    stack.until(identifier, "running")
    for child in stack.descendants("spawn_main"):
        child.send_signal(signal.SIGKILL)
    stack.http.post(f"/v1/experiments/{identifier}/cancel")
    stack.ended(identifier)
    for name in ("api", "worker"):
        text = (stack.folder / "logs" / f"{name}.log").read_text()
        lines = [json.loads(line) for line in text.splitlines()]
    assert [line for line in lines if "exited with 'signal 9" in line["message"]]
    begun = [line for line in lines if line["message"] == "attempt 1 begins"]
    assert identifier in {line["experiment"] for line in begun}
    assert not [line for line in lines if "WorkerLostError" in line["message"]]


def test_a_killed_api_and_broker_come_back_while_work_goes_on(stack: RunningStack) -> None:
    running = stack.submit(KIND, ENDLESS)["id"]
    stack.until(running, "running")
    for name in ("-m api", "redis.sock"):
        for process in stack.descendants(name):
            process.send_signal(signal.SIGKILL)
    stack.wait_until_ready()
    assert stack.ended(stack.submit(KIND, QUICK)["id"])["status"] == "succeeded"
    experiment = stack.until(running, "running")
    ended = [attempt["outcome"] for attempt in experiment["history"][:-1]]
    assert set(ended) <= {"handed_back"}  # by a worker that breaks down as in the next test
    assert experiment["lost_attempts"] == 0
    stack.http.post(f"/v1/experiments/{running}/cancel")
    assert stack.ended(running)["status"] == "cancelled"


def test_a_worker_that_breaks_down_hands_on_what_it_runs(stack: RunningStack) -> None:
    identifier = stack.submit(KIND, ENDLESS)["id"]
    stack.until(identifier, "running")
    (stack.folder / "break").touch()
    for process in stack.descendants("redis.sock"):
        process.send_signal(signal.SIGKILL)
    assert stack.ended(stack.submit(KIND, QUICK)["id"])["status"] == "succeeded"
    experiment = stack.until(identifier, "running")
    *ended, now = [attempt["outcome"] for attempt in experiment["history"]]
    assert (set(ended), now) == ({"handed_back"}, None)
    stack.http.post(f"/v1/experiments/{identifier}/cancel")
    assert stack.ended(identifier)["status"] == "cancelled"
    assert not (stack.folder / "break").exists()


def test_a_worker_that_slept_through_its_lease_writes_nothing(stack: RunningStack) -> None:
    identifier = stack.submit(KIND, LONG)["id"]
    stack.until(identifier, "running")
    sleeper = psutil.Process(pid_of_attempt(stack, identifier))
    sleeper.send_signal(signal.SIGSTOP)
    experiment = stack.ended(identifier)
    sleeper.send_signal(signal.SIGCONT)
    assert (experiment["status"], experiment["attempts"]) == ("succeeded", 2)
    before = _rows(stack, identifier)
    assert stack.ended(stack.submit(KIND, QUICK)["id"])["status"] == "succeeded"
    assert _rows(stack, identifier) == before
    assert stack.show(identifier)["attempts"] == 2


def pid_of_attempt(stack: RunningStack, identifier: str) -> int:
    """The process that is at work on an experiment."""
    query = "SELECT pid FROM attempts WHERE experiment_id = ? ORDER BY number DESC"
    with closing(sqlite3.connect(stack.folder / "solenoid.db")) as database:
        return int(database.execute(query, [identifier]).fetchone()[0])


def _rows(stack: RunningStack, identifier: str) -> list[object]:
    rows: list[object] = stack.http.get(f"/v1/experiments/{identifier}/results").json()["items"]
    return rows


def test_a_process_that_does_not_listen_is_killed_when_its_work_is_cancelled(
    stack: RunningStack,
) -> None:
    identifier = stack.submit(KIND, ENDLESS)["id"]
    stack.until(identifier, "running")
    deaf = psutil.Process(pid_of_attempt(stack, identifier))
    deaf.send_signal(signal.SIGSTOP)
    stack.http.post(f"/v1/experiments/{identifier}/cancel")
    experiment = stack.ended(identifier)
    assert experiment["status"] == "cancelled"
    psutil.wait_procs([deaf], timeout=30)
    assert not deaf.is_running()
    assert stack.ended(stack.submit(KIND, QUICK)["id"])["status"] == "succeeded"


def test_a_stack_killed_outright_goes_on_at_once_and_says_so(stack: RunningStack) -> None:
    identifier = stack.submit(KIND, ENDLESS)["id"]
    stack.until(identifier, "running")
    stack.kill()
    stack.__enter__()
    experiment = stack.until(identifier, "running")
    stack.http.post(f"/v1/experiments/{identifier}/cancel")
    assert stack.ended(identifier)["status"] == "cancelled"
    family = stack.descendants()
    assert len(family) >= 4
    output = stack.stop(signal.SIGTERM)
    assert "the last stack was killed; experiments that go on: 1" in output
    assert "stopping" in output
    assert stack.process.returncode == 0
    assert psutil.wait_procs(family, timeout=5)[1] == []
    assert [attempt["outcome"] for attempt in experiment["history"]] == ["lost", None]
