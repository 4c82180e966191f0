"""The history of an experiment: one row per attempt, which says how it ended.

Rows are written in the transactions of `store.transitions` that begin and end attempts; an attempt
that goes on has no end yet.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

import sqlalchemy as sa

from store.database import seconds_since
from store.tables import attempts, utc_now


@dataclass(frozen=True)
class Attempt:
    """One attempt; `outcome` and `ended_at` are None while it goes on."""

    number: int
    worker: str
    started_at: datetime
    ended_at: datetime | None
    outcome: str | None


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
