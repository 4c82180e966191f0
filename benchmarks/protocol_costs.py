"""What the protocol costs a database: seconds of work for a claim, a heartbeat and a commit.

Processor time, not time by the clock: it is what limits how many of them fit into a second, and it
is the same on a busy machine. SQLite works inside the process that calls it, and one writer at a
time; PostgreSQL works in processes of its own, each on a core.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psutil
import sqlalchemy as sa

from benchmarks.writing import KIND, TINY, accept
from store import results
from store.database import Database
from store.transitions import claim, heartbeat

LEASE_S = 3600.0
FEW = 200
RUNNING = 1000


@dataclass(frozen=True)
class Costs:
    """Seconds of the database for each transaction, and of the slot for one experiment."""

    claim_s: float
    claim_per_running_s: float
    """A claim counts what each owner has running."""
    heartbeat_s: float
    commit_s: float
    slot_s: float
    """What a worker process does for one experiment beside its kernel."""


def measured(database: Database) -> Costs:
    """The costs on a database, which is filled with short experiments."""
    accept(database, TINY, RUNNING + 2 * FEW)
    work = _server_time if database.engine.dialect.name == "postgresql" else _own_time
    own = time.process_time()
    claimed: list[Any] = []

    def take() -> None:
        claimed.append(claim(database, worker="benchmark", lease_s=LEASE_S))

    early = work(database, FEW, take)
    slot_claim = (time.process_time() - own) / FEW
    for _ in range(RUNNING):
        take()
    late = work(database, FEW, take)
    beats = iter(claimed)

    def beat() -> None:
        heartbeat(database, next(beats), lease_s=LEASE_S, progress=0.5, live={"loss": 0.5})

    beat_s = work(database, FEW, beat)
    spec = KIND.spec.model_validate(TINY)
    result = KIND.run(spec, {}, _unwatched)
    outcomes = [results.prepare(each.id, KIND, spec, result, {}) for each in claimed[:FEW]]
    pairs = iter(zip(claimed, outcomes, strict=False))

    def commit() -> None:
        results.commit(database, *next(pairs))

    own = time.process_time()
    commit_s = work(database, FEW, commit)
    slot_s = slot_claim + (time.process_time() - own) / FEW
    per_running = max(0.0, (late - early) / (RUNNING + FEW))
    return Costs(early, per_running, beat_s, commit_s, slot_s)


def _own_time(_database: Database, times: int, action: Callable[[], None]) -> float:
    start = time.process_time()
    for _ in range(times):
        action()
    return (time.process_time() - start) / times


def _server_time(database: Database, times: int, action: Callable[[], None]) -> float:
    with database.read() as connection:
        backend = int(connection.execute(sa.text("SELECT pg_backend_pid()")).scalar_one())
    postmaster = psutil.Process(backend).parent()
    assert postmaster is not None
    start = _family_time(postmaster)
    for _ in range(times):
        action()
    return (_family_time(postmaster) - start) / times


def _family_time(postmaster: psutil.Process) -> float:
    """Processor seconds of a server with its processes, those that ended among them."""
    family = [postmaster, *postmaster.children()]
    spent = [process.cpu_times() for process in family]
    gone = postmaster.cpu_times()
    return (
        sum(each.user + each.system for each in spent) + gone.children_user + gone.children_system
    )


def _unwatched(_: float, /, **__: float) -> None:
    """A progress callback that nobody listens to."""
