"""The history of an experiment: one row per attempt, which says how it ended.

Rows are written in the transactions of `store.transitions` that begin and end attempts; an attempt
that goes on has no end yet. Their times are by the database's clock, so that differences mean
something.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Literal

import sqlalchemy as sa

from store.database import Database, moment_now, seconds_since
from store.tables import attempts, experiments

Reason = Literal["cancel", "time", "lost"]


@dataclass(frozen=True)
class Attempt:
    """One attempt; `outcome` and `ended_at` are None while it goes on."""

    number: int
    worker: str
    started_at: datetime
    ended_at: datetime | None
    outcome: str | None


@dataclass(frozen=True)
class Watched:
    """An attempt whose process must stop, because it was cancelled or lost, or within a time.

    How much of that time is over only the clock of its worker can say, which never jumps.
    """

    experiment_id: str
    number: int
    pid: int
    reason: Reason
    allowed_s: float = 0.0


def begin(
    connection: sa.Connection, identifier: str, number: int, *, worker: str, turn: int
) -> None:
    """Write that this process begins an attempt."""
    row = {
        "experiment_id": identifier,
        "number": number,
        "worker": worker,
        "pid": os.getpid(),
        "turn": turn,
        "started_at": moment_now(),
    }
    connection.execute(attempts.insert().values(row))


def goes_on(worker: str, turn: int) -> sa.ColumnElement[bool]:
    """Whether an experiment is what this process took at this turn."""
    return sa.exists().where(
        attempts.c.experiment_id == experiments.c.id,
        attempts.c.worker == worker,
        attempts.c.pid == os.getpid(),
        attempts.c.turn == turn,
        attempts.c.outcome.is_(None),
    )


def end(connection: sa.Connection, identifiers: Iterable[str], outcome: str) -> None:
    """Write how the attempts at these experiments ended that go on."""
    change = (
        attempts.update()
        .where(attempts.c.experiment_id.in_(list(identifiers)), attempts.c.outcome.is_(None))
        .values(
            outcome=outcome, ended_at=moment_now(), seconds=seconds_since(attempts.c.started_at)
        )
    )
    connection.execute(change)


def outcome_of(database: Database, identifier: str, number: int) -> str | None:
    """How an attempt ended; None while it goes on, and of one that is gone."""
    query = sa.select(attempts.c.outcome).where(
        attempts.c.experiment_id == identifier, attempts.c.number == number
    )
    with database.read() as connection:
        return connection.execute(query).scalar()


def of_experiments(
    connection: sa.Connection, identifiers: Sequence[str]
) -> dict[str, tuple[Attempt, ...]]:
    """The attempts at some experiments, first to last, by experiment."""
    query = (
        sa.select(attempts)
        .where(attempts.c.experiment_id.in_(identifiers))
        .order_by(attempts.c.experiment_id, attempts.c.number)
    )
    names = Attempt.__dataclass_fields__
    return {
        identifier: tuple(Attempt(**{name: row[name] for name in names}) for row in rows)
        for identifier, rows in groupby(
            connection.execute(query).mappings(), key=lambda row: str(row["experiment_id"])
        )
    }


def watched(database: Database, worker: str, time_limit_s: float) -> list[Watched]:
    """What the processes of a worker work on, as far as they should not for ever."""
    query = (
        sa.select(
            attempts.c.experiment_id,
            attempts.c.number,
            attempts.c.pid,
            attempts.c.outcome,
            experiments.c.cancel_requested,
            sa.func.coalesce(experiments.c.time_limit_s, time_limit_s).label("limit_s"),
        )
        .join(experiments, experiments.c.id == attempts.c.experiment_id)
        .where(attempts.c.worker == worker, attempts.c.outcome.is_(None) | _taken_and_at_work())
    )
    with database.read() as connection:
        return [_watched(row) for row in connection.execute(query)]


def _watched(row: Any) -> Watched:
    if row.cancel_requested:
        return Watched(row.experiment_id, row.number, row.pid, "cancel")
    if row.outcome is not None:
        return Watched(row.experiment_id, row.number, row.pid, "lost")
    return Watched(row.experiment_id, row.number, row.pid, "time", row.limit_s)


def _taken_and_at_work() -> sa.ColumnElement[bool]:
    """Of attempts that were lost or handed back, those whose process has not begun another."""
    later = attempts.alias("later")
    begun = sa.exists().where(
        later.c.worker == attempts.c.worker,
        later.c.pid == attempts.c.pid,
        later.c.turn > attempts.c.turn,  # clocks may be set back
    )
    return attempts.c.outcome.in_(("lost", "handed_back")) & ~begun
