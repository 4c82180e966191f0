"""Who is killed, and when: by a clock that never jumps, on both databases."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import psutil
import pytest

from store import experiments
from store.database import Database
from store.settings import Settings
from store.tables import attempts, utc_now
from store.transitions import release, request_cancel
from tests.store.test_transitions import accepted, claimed
from workers import last_resort
from workers.last_resort import LastResort
from workers.process import new_name

HOUR = timedelta(hours=1)


@dataclass
class Clock:
    """Takes the place of the module `time`."""

    now: float = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    stopped = Clock()
    monkeypatch.setattr(last_resort, "time", stopped)
    return stopped


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    """A process of this worker that listens to nothing."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def change(database: Database, identifier: str, **values: Any) -> None:
    mine = attempts.update().where(attempts.c.experiment_id == identifier)
    database.write(lambda connection: connection.execute(mine.values(values)))


def running(database: Database, child: subprocess.Popen[bytes], **options: Any) -> str:
    """An experiment that this child works on."""
    identifier = accepted(database, **options)
    claimed(database, identifier)
    change(database, identifier, pid=child.pid)
    return identifier


def test_a_clock_that_jumps_uses_up_no_time(
    database: Database, settings: Settings, clock: Clock, child: subprocess.Popen[bytes]
) -> None:
    identifier = running(database, child, time_limit_s=600.0)
    change(database, identifier, started_at=utc_now() - HOUR)
    resort = LastResort(settings, database, "w")
    for later in (0.0, 10.0, 590.0):
        clock.now += later
        resort.act()
    assert child.poll() is None
    clock.now += 6.0
    resort.act()
    assert child.wait(timeout=10) != 0
    error = experiments.get(database, identifier).error
    assert error == "ran longer than its time limit, and was killed"


def test_a_cancelled_run_has_a_few_seconds_from_then(
    database: Database, settings: Settings, clock: Clock, child: subprocess.Popen[bytes]
) -> None:
    identifier = running(database, child)
    resort = LastResort(settings, database, "w")
    resort.act()
    clock.now += 100.0
    request_cancel(database, identifier)
    resort.act()
    assert child.poll() is None
    clock.now += 6.0
    resort.act()
    assert child.wait(timeout=10) != 0
    assert experiments.get(database, identifier).status == "cancelled"


def test_a_run_that_was_handed_back_has_a_minute(
    database: Database, settings: Settings, clock: Clock, child: subprocess.Popen[bytes]
) -> None:
    identifier = running(database, child)
    assert release(database, "w") == (identifier,)
    resort = LastResort(settings, database, "w")
    for later in (0.0, 59.0):
        clock.now += later
        resort.act()
    assert child.poll() is None
    clock.now += 2.0
    resort.act()
    assert child.wait(timeout=10) != 0
    assert experiments.get(database, identifier).status == "queued"


def test_two_workers_never_have_the_same_name() -> None:
    first, second = new_name(), new_name()
    assert first != second, "though the process and the host are the same"
    assert first.endswith(f"@{socket.gethostname()}")


def test_a_process_that_ends_by_itself_at_the_last_moment_was_not_killed(
    child: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = psutil.Process(child.pid)
    child.kill()
    child.wait(timeout=10)
    monkeypatch.setattr(psutil.Process, "children", lambda self: [seen])
    assert not last_resort._kill(child.pid)
