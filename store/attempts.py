"""The history of an experiment: one row per attempt, which says how it ended.

Rows are written in the transactions of `store.transitions` that begin and end attempts; an attempt
that goes on has no end yet.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Literal

import sqlalchemy as sa

from store.database import Database, seconds_since
from store.tables import attempts, experiments, utc_now

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
class Doomed:
    """An attempt whose process should have stopped: it was cancelled, took too long, or is lost."""

    experiment_id: str
    number: int
    pid: int
    reason: Reason


def begin(connection: sa.Connection, identifier: str, number: int, worker: str) -> None:
    """Write that this process begins an attempt."""
    row = {
        "experiment_id": identifier,
        "number": number,
        "worker": worker,
        "pid": os.getpid(),
        "started_at": utc_now(),
    }
    connection.execute(attempts.insert().values(row))


def end(connection: sa.Connection, identifiers: Iterable[str], outcome: str) -> None:
    """Write how the attempts at these experiments ended that go on."""
    change = (
        attempts.update()
        .where(attempts.c.experiment_id.in_(list(identifiers)), attempts.c.outcome.is_(None))
        .values(outcome=outcome, ended_at=utc_now(), seconds=seconds_since(attempts.c.started_at))
    )
    connection.execute(change)


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


def doomed(database: Database, worker: str, time_limit_s: float) -> list[Doomed]:
    """What the processes of a worker should not be working on any more."""
    limit = sa.func.coalesce(experiments.c.time_limit_s, time_limit_s)
    going = attempts.c.outcome.is_(None)
    lost = (attempts.c.outcome == "lost") & ~_has_moved_on()
    unwanted = experiments.c.cancel_requested
    found: dict[Reason, sa.ColumnElement[bool]] = {
        "cancel": (going | lost) & unwanted,
        "time": going & (seconds_since(attempts.c.started_at) > limit),
        "lost": lost & ~unwanted,
    }
    with database.read() as connection:
        return [
            Doomed(row.experiment_id, row.number, row.pid, reason)
            for reason, condition in found.items()
            for row in connection.execute(_of_worker(worker, condition))
        ]


def _of_worker(worker: str, condition: sa.ColumnElement[bool]) -> sa.Select[Any]:
    return (
        sa.select(attempts.c.experiment_id, attempts.c.number, attempts.c.pid)
        .join(experiments, experiments.c.id == attempts.c.experiment_id)
        .where(attempts.c.worker == worker, condition)
    )


def _has_moved_on() -> sa.ColumnElement[bool]:
    """Whether the process of an attempt has begun another."""
    later = attempts.alias("later")
    return sa.exists().where(
        later.c.worker == attempts.c.worker,
        later.c.pid == attempts.c.pid,
        later.c.started_at > attempts.c.started_at,
    )
