"""A broker that hangs, which is worse than one that is gone, holds nobody up."""

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import redis

from api.access import Door
from store import tokens
from store.database import Database
from store.settings import Settings
from tests.api.server import served
from tests.api.test_access import SPEC
from workers.broker import HASTY_S, Memory, StillAway, connect
from workers.events import publish
from workers.redis_server import command

START_S = 30.0
PATIENCE_S = 1.0
"""Several answers of the broker that are not waited for, on a machine that has much else to do."""


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A real server on a socket of its own; its URL and its process."""
    path = tmp_path / "redis.sock"
    process = subprocess.Popen(command(path), stdout=subprocess.DEVNULL)
    client = redis.Redis(unix_socket_path=str(path))
    deadline = time.monotonic() + START_S
    while not path.exists() or not client.ping():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    client.close()
    yield f"unix://{path}", process
    process.kill()
    process.wait()


@contextmanager
def hanging(process: subprocess.Popen[bytes]) -> Iterator[None]:
    process.send_signal(signal.SIGSTOP)
    yield
    process.send_signal(signal.SIGCONT)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    start = time.monotonic()
    yield
    took = time.monotonic() - start
    assert took < seconds, took


def test_requests_go_on_while_the_broker_hangs(
    broker: tuple[str, subprocess.Popen[bytes]], database: Database, settings: Settings
) -> None:
    url, process = broker
    headers = {"Authorization": f"Bearer {tokens.create(database, 'ann', 'submit')[1]}"}
    with served(settings.model_copy(update={"redis_url": url}), Door()) as api:
        assert api.post("/v1/experiments", json=SPEC, headers=headers).status_code == 202
        assert api.get("/readyz").json()["broker"]
        with hanging(process):
            assert [answer(api, headers, *request) for request in REQUESTS] == [200, 202, 503, 200]
        until_counted(api, headers)


REQUESTS = (
    ("GET", "/v1/experiments"),
    ("POST", "/v1/experiments"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
)


def answer(api: httpx.Client, headers: dict[str, str], method: str, path: str) -> int:
    body = SPEC if method == "POST" else None
    with within(PATIENCE_S):
        return api.request(method, path, json=body, headers=headers).status_code


def until_counted(api: httpx.Client, headers: dict[str, str]) -> None:
    """Wait until the broker is asked again."""
    deadline = time.monotonic() + START_S
    while not api.get("/readyz", headers=headers).json()["broker"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_run_does_not_wait_to_tell_its_progress(
    broker: tuple[str, subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    url, process = broker
    client = connect(Settings(data_dir=tmp_path, redis_url=url))
    publish(client, "id", "progress", {"id": "id"})
    with hanging(process):
        with within(PATIENCE_S):
            publish(client, "id", "progress", {"id": "id"})
        with within(HASTY_S / 2):
            publish(client, "id", "progress", {"id": "id"})
    assert client.xlen("solenoid:events:id") >= 1
    client.close()


def test_who_was_silent_is_not_asked_again_for_a_while() -> None:
    memory = Memory()
    with pytest.raises(redis.TimeoutError), memory.asking():
        raise redis.TimeoutError
    with pytest.raises(StillAway), memory.asking():
        raise AssertionError("nobody asks")


def test_an_answer_that_is_a_refusal_is_an_answer() -> None:
    memory = Memory()
    with pytest.raises(redis.ResponseError), memory.asking():
        raise redis.ResponseError("no such stream")
    with memory.asking():
        pass
