"""Leases under clocks that jump: the database's decides, and whatever it does no two may write.

The truth to compare with is a model of one lease in a few lines. SQLite's clock is its machine's,
so here its `julianday` is replaced by a number that the test sets.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from store import tables, transitions
from store.database import Database
from store.transitions import Claim, LeaseLost
from tests.store.test_transitions import accepted, status

LEASE_S = 30.0
START_S = 1.8e9
UNIX_EPOCH = 2440587.5  # as a Julian day

WORKERS = st.sampled_from(["near", "far"])
JUMPS = st.floats(-1e5, 1e5)
STEPS = st.one_of(
    st.tuples(st.just("wait"), st.floats(0.0, 1.5 * LEASE_S)),
    st.tuples(st.just("process clock jumps"), JUMPS),
    st.tuples(st.just("claim"), WORKERS),
    st.tuples(st.just("renew"), WORKERS),
    st.tuples(st.just("reap"), st.none()),
)
DATABASE_JUMPS = st.tuples(st.just("database clock jumps"), JUMPS)


@dataclass
class Clock:
    """Seconds since 1970, as the database has them."""

    now: float = START_S

    def julianday(self, moment: str) -> float:
        if moment == "now":
            return UNIX_EPOCH + self.now / 86400.0
        told = datetime.fromisoformat(moment).replace(tzinfo=UTC)
        return UNIX_EPOCH + told.timestamp() / 86400.0


@dataclass
class Model:
    """One lease: who holds it, and until when by the database's clock."""

    clock: Clock
    attempt: int = 0
    running: bool = False
    until: float = 0.0
    held: dict[str, int] = field(default_factory=dict)

    def claim(self, worker: str) -> bool:
        if self.running:
            return False
        self.attempt += 1
        self.held[worker] = self.attempt
        self.running, self.until = True, self.clock.now + LEASE_S
        return True

    def renew(self, worker: str) -> bool:
        mine = self.running and self.held.get(worker) == self.attempt
        if mine:
            self.until = self.clock.now + LEASE_S
        return mine

    def reap(self) -> bool:
        self.until = min(self.until, self.clock.now + LEASE_S)
        expired = self.running and self.until < self.clock.now
        self.running = self.running and not expired
        return expired


@pytest.fixture(scope="module")
def shifted() -> Iterator[Callable[[float], None]]:
    """Moves the clock of this process, which stands for those of all machines but one."""
    shift = timedelta()

    class Jumping(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.now(tz) + shift

    def jump(seconds: float) -> None:
        nonlocal shift
        shift = timedelta(seconds=seconds)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "datetime", Jumping)
        yield jump


@pytest.fixture(scope="module")
def clock() -> Clock:
    """The clock of the database."""
    return Clock()


@pytest.fixture(scope="module")
def timed(
    clock: Clock, migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """A database that takes the time from the clock."""
    path = tmp_path_factory.mktemp("clocks") / "solenoid.db"
    shutil.copyfile(migrated_sqlite, path)
    database = Database(f"sqlite:///{path}")

    @sa.event.listens_for(database.engine, "connect")
    def _set(connection: Any, _: object) -> None:
        connection.create_function("julianday", 1, clock.julianday)

    yield database
    database.close()


@pytest.fixture(scope="module")
def workplace(timed: Database, clock: Clock, shifted: Callable[[float], None]) -> "Workplace":
    return Workplace(timed, clock, shifted)


@dataclass
class Workplace:
    """The workers of the test and what each believes it holds, beside the model."""

    database: Database
    clock: Clock
    jump: Callable[[float], None]
    model: Model = field(init=False)
    claims: dict[str, Claim] = field(default_factory=dict)

    def follow(self, steps: list[tuple[str, Any]]) -> None:
        """Take the steps with a fresh experiment; in the end only its holder may write."""
        self.clock.now, self.model, self.claims = START_S, Model(self.clock), {}
        identifier = accepted(self.database)
        for name, value in steps:
            self.act(name, value)
        running = status(self.database, identifier) == "running"
        assert running == self.model.running
        holders = [name for name, held in self.model.held.items() if held == self.model.attempt]
        assert self.enders() == (holders if running else [])
        if not running:
            transitions.request_cancel(self.database, identifier)

    def act(self, name: str, value: Any) -> None:
        """One step, with the same outcome as the model's."""
        match name:
            case "wait" | "database clock jumps":
                self.clock.now += value
            case "process clock jumps":
                self.jump(value)
            case "claim":
                assert self.claimed(value) == self.model.claim(value)
            case "renew":
                assert self.renewed(value) == self.model.renew(value)
            case "reap":
                transitions.bound_leases(self.database, LEASE_S)
                reaped = transitions.reap(self.database, max_attempts=1000)
                assert bool(reaped.queued) == self.model.reap()

    def claimed(self, worker: str) -> bool:
        claim = transitions.claim(self.database, worker=worker, lease_s=LEASE_S)
        if claim is not None:
            self.claims[worker] = claim
        return claim is not None

    def renewed(self, worker: str) -> bool:
        with suppress(LeaseLost, KeyError):
            claim = self.claims[worker]
            transitions.heartbeat(self.database, claim, lease_s=LEASE_S, progress=0.5, live={})
            return True
        return False

    def enders(self) -> list[str]:
        """Those who may end the experiment, asked one after the other."""
        found = []
        for worker, claim in self.claims.items():
            with suppress(LeaseLost):
                transitions.fail(self.database, claim, "the end")
                found.append(worker)
        return found


@settings(max_examples=40)
@given(steps=st.lists(STEPS, min_size=5, max_size=25))
def test_the_clocks_of_workers_and_dispatchers_change_nothing(
    steps: list[tuple[str, Any]], workplace: Workplace
) -> None:
    workplace.follow(steps)


@settings(max_examples=40)
@given(steps=st.lists(STEPS | DATABASE_JUMPS, min_size=5, max_size=25))
def test_whatever_the_databases_clock_does_one_attempt_may_write(
    steps: list[tuple[str, Any]], workplace: Workplace
) -> None:
    workplace.follow(steps)


@settings(max_examples=15)
@given(back=st.floats(0.0, 1e7), forth=st.floats(0.0, 1e7))
def test_a_dead_workers_lease_ends_in_time_though_the_clock_was_set_back(
    back: float, forth: float, workplace: Workplace
) -> None:
    workplace.follow(
        [
            ("database clock jumps", forth),
            ("claim", "near"),
            ("database clock jumps", -back),
            ("reap", None),
            ("wait", LEASE_S + 1.0),
            ("reap", None),
        ]
    )
    assert not workplace.model.running
