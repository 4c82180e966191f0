"""Sweeps as rows: a definition, and children that are ordinary experiments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
import uuid_utils

from core.experiment import Kind
from store import transitions
from store.database import Database
from store.experiments import (
    Conflict,
    KeyReused,
    NotFound,
    Rows,
    Submission,
    insert,
    rows_of,
)
from store.tables import STATUSES, TERMINAL, experiments, medians, parameters, sweeps, utc_now


@dataclass(frozen=True)
class Child:
    """One spec of a sweep on its way into the database."""

    submission: Submission
    point: Mapping[str, Any]


@dataclass(frozen=True)
class Sweep:
    """One sweep as the database has it."""

    id: str
    kind: str
    name: str | None
    definition: Mapping[str, Any]
    created_at: datetime
    counts: Mapping[str, int]
    seconds_left: float

    @property
    def status(self) -> str:
        """`running` until every child has ended, then `ended`."""
        ended = sum(self.counts[status] for status in TERMINAL)
        return "ended" if ended == sum(self.counts.values()) else "running"


def accept(
    database: Database,
    kind: Kind[Any],
    definition: Mapping[str, Any],
    children: Sequence[Child],
    *,
    name: str | None,
    idempotency_key: str | None,
    request_hash: str,
) -> str:
    """Store a sweep and all its children in one transaction; its id."""
    identifier = str(uuid_utils.uuid7())
    row = {
        "id": identifier,
        "kind": kind.name,
        "name": name,
        "definition": definition,
        "idempotency_key": idempotency_key,
        "request_hash": request_hash,
        "created_at": utc_now(),
    }

    rows = _rows(kind, identifier, children)

    def work(connection: sa.Connection) -> None:
        connection.execute(sweeps.insert().values(row))
        insert(connection, kind, rows)

    try:
        database.write(work)
    except sa.exc.IntegrityError:
        earlier = _earlier(database, idempotency_key, identifier)
        if earlier is None:
            raise
        if earlier.request_hash != request_hash:
            raise KeyReused(
                f"this key was used before, for sweep {earlier.id} with another body"
            ) from None
        return str(earlier.id)
    return identifier


def extend(
    database: Database,
    kind: Kind[Any],
    identifier: str,
    definition: Mapping[str, Any],
    children: Sequence[Child],
) -> int:
    """Give a sweep a wider definition and the children it lacks; how many were added."""

    def work(connection: sa.Connection) -> int:
        here = sa.select(experiments.c.spec_hash).where(experiments.c.sweep_id == identifier)
        known = set(connection.execute(here).scalars())
        missing = [child for child in children if child.submission.spec_hash not in known]
        change = sweeps.update().where(sweeps.c.id == identifier)
        connection.execute(change.values(definition=definition))
        insert(connection, kind, _rows(kind, identifier, missing))
        return len(missing)

    return database.write(work)


def get(database: Database, identifier: str) -> Sweep:
    """One sweep; raises `NotFound`."""
    found = _select(database, sa.select(sweeps).where(sweeps.c.id == identifier))
    if not found:
        raise NotFound(f"no sweep has the id {identifier}")
    return found[0]


def newest(database: Database, limit: int, before: str | None = None) -> list[Sweep]:
    """The newest sweeps, those before the id `before` when given."""
    query = sa.select(sweeps).order_by(sweeps.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(sweeps.c.id < before)
    return _select(database, query)


def cancel(database: Database, identifier: str) -> int:
    """Cancel every child that is queued and ask those running to stop; how many were not over."""
    get(database, identifier)
    return database.write(
        lambda connection: transitions.cancel(connection, experiments.c.sweep_id == identifier)
    )


def retry(database: Database, identifier: str) -> int:
    """Queue the failed children again, and only those; how many."""
    get(database, identifier)
    return database.write(
        lambda connection: transitions.requeue(
            connection, experiments.c.sweep_id == identifier, experiments.c.status == "failed"
        )
    )


def delete(database: Database, identifier: str) -> None:
    """Delete a sweep whose children have all ended, with everything that came out of them."""
    going = sa.exists().where(
        experiments.c.sweep_id == identifier, experiments.c.status.in_(("queued", "running"))
    )
    gone = database.write(
        lambda connection: (
            connection.execute(sweeps.delete().where(sweeps.c.id == identifier, ~going)).rowcount
        )
    )
    if not gone:
        counts = get(database, identifier).counts
        raise Conflict(
            f"{counts['queued']} children are queued and {counts['running']} running; "
            "cancel the sweep before deleting it"
        )


def table(
    database: Database, identifier: str, limit: int, after: str | None = None
) -> list[dict[str, Any]]:
    """The children in order: id, status, place, and per arm the medians of its metrics."""
    query = (
        sa.select(
            experiments.c.id, experiments.c.status, experiments.c.point, experiments.c.summary
        )
        .where(experiments.c.sweep_id == identifier)
        .order_by(experiments.c.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(experiments.c.id > after)
    with database.read() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def diagram(
    database: Database, kind: str, identifier: str, x: str, y: str, metric: str, arm: str
) -> list[tuple[float | None, float | None, float | None]]:
    """One metric of one arm over two parameters: what a heat map shows."""
    own, found = parameters[kind], medians[kind]
    query = (
        sa.select(own.c[x], own.c[y], found.c[metric])
        .join(experiments, experiments.c.id == own.c.experiment_id)
        .join(
            found,
            (found.c.experiment_id == own.c.experiment_id) & (found.c.arm == arm),
            isouter=True,
        )
        .where(experiments.c.sweep_id == identifier)
        .order_by(experiments.c.id)
    )
    with database.read() as connection:
        return [(row[0], row[1], row[2]) for row in connection.execute(query)]


def _rows(kind: Kind[Any], identifier: str, children: Sequence[Child]) -> Rows:
    submissions = [child.submission for child in children]
    points = [child.point for child in children]
    return rows_of(kind, submissions, sweep_id=identifier, points=points)


def _earlier(database: Database, key: str | None, identifier: str) -> sa.Row[Any, Any] | None:
    same = sweeps.c.id == identifier
    if key is not None:
        same |= sweeps.c.idempotency_key == key
    with database.read() as connection:
        query = sa.select(sweeps.c.id, sweeps.c.request_hash).where(same)
        return connection.execute(query).first()


def _select(database: Database, query: sa.Select[Any]) -> list[Sweep]:
    with database.read() as connection:
        rows = connection.execute(query).mappings().all()
        counted = connection.execute(_counts([row["id"] for row in rows])).all()
    counts: dict[str, dict[str, int]] = {row["id"]: dict.fromkeys(STATUSES, 0) for row in rows}
    left: dict[str, float] = dict.fromkeys(counts, 0.0)
    for sweep_id, status, count, seconds in counted:
        counts[sweep_id][status] = count
        if status not in TERMINAL:
            left[sweep_id] += float(seconds or 0.0)
    return [
        Sweep(
            id=row["id"],
            kind=row["kind"],
            name=row["name"],
            definition=row["definition"],
            created_at=row["created_at"],
            counts=counts[row["id"]],
            seconds_left=left[row["id"]],
        )
        for row in rows
    ]


def _counts(identifiers: Sequence[str]) -> sa.Select[Any]:
    """Children by status, counted from the index: always right, and a millisecond for thousands."""
    seconds = experiments.c.estimate["seconds"].as_float()
    return (
        sa.select(
            experiments.c.sweep_id,
            experiments.c.status,
            sa.func.count(),
            sa.func.sum(seconds),
        )
        .where(experiments.c.sweep_id.in_(identifiers))
        .group_by(experiments.c.sweep_id, experiments.c.status)
    )
