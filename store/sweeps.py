"""Sweeps as rows: a definition, and children that are ordinary experiments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from store import hooks, transitions
from store.database import Database
from store.experiments import Conflict, NotFound
from store.statistics import delete_attempts
from store.tables import (
    STATUSES,
    TERMINAL,
    completion_hooks,
    experiments,
    sweeps,
    tags,
)

CHILD_PRIORITY = -1  # so that single experiments go first


@dataclass(frozen=True)
class Labels:
    """What all children of a sweep have in common, and further ones are given."""

    tags: Mapping[str, str]
    priority: int


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
    disk_bytes: int
    owner: str
    on_end: hooks.Hook | None

    @property
    def status(self) -> str:
        """`running` until every child has ended, then `ended`."""
        ended = sum(self.counts[status] for status in TERMINAL)
        return "ended" if ended == sum(self.counts.values()) else "running"


def get(database: Database, identifier: str) -> Sweep:
    """One sweep; raises `NotFound`."""
    found = _select(database, sa.select(sweeps).where(sweeps.c.id == identifier))
    if not found:
        raise NotFound(f"no sweep has the id {identifier}")
    return found[0]


def shared_labels(database: Database, identifier: str) -> Labels:
    """The tags that every child has by now, and the priority of the first."""
    children = sa.select(experiments.c.id).where(experiments.c.sweep_id == identifier)
    count = sa.select(sa.func.count()).select_from(children.subquery()).scalar_subquery()
    everywhere = (
        sa.select(tags.c.key, tags.c.value)
        .where(tags.c.experiment_id.in_(children))
        .group_by(tags.c.key, tags.c.value)
        .having(sa.func.count() == count)
    )
    first = sa.select(experiments.c.priority).where(experiments.c.sweep_id == identifier)
    with database.read() as connection:
        shared = {row.key: row.value for row in connection.execute(everywhere)}
        priority = connection.execute(first.order_by(experiments.c.id).limit(1)).scalar()
    return Labels(shared, CHILD_PRIORITY if priority is None else priority)


def newest(
    database: Database,
    limit: int,
    before: str | None = None,
    *,
    name: str = "",
    kind: str | None = None,
) -> list[Sweep]:
    """The newest sweeps, those before the id `before` when given.

    `name` is a part of the name in any letter case.
    """
    query = sa.select(sweeps).order_by(sweeps.c.id.desc()).limit(limit)
    if name:
        query = query.where(sweeps.c.name.icontains(name, autoescape=True))
    if kind is not None:
        query = query.where(sweeps.c.kind == kind)
    if before is not None:
        query = query.where(sweeps.c.id < before)
    return _select(database, query)


def rename(database: Database, identifier: str, name: str | None) -> Sweep:
    """Give a sweep another name, or none; raises `NotFound`."""
    change = sweeps.update().where(sweeps.c.id == identifier).values(name=name)
    database.write(lambda connection: connection.execute(change))
    return get(database, identifier)


def cancel(database: Database, identifier: str) -> int:
    """Cancel every child that is queued and ask those running to stop; how many were not over."""
    get(database, identifier)
    return database.write(
        lambda connection: transitions.cancel(connection, experiments.c.sweep_id == identifier)
    )


def retry(database: Database, identifier: str, statuses: Sequence[str]) -> int:
    """Queue the children that ended with one of these statuses again; how many."""
    get(database, identifier)
    return database.write(
        lambda connection: transitions.requeue(
            connection,
            experiments.c.sweep_id == identifier,
            experiments.c.status.in_(statuses),
        )
    )


def delete(database: Database, identifier: str) -> None:
    """Delete a sweep whose children have all ended, with everything that came out of them."""
    going = sa.exists().where(
        experiments.c.sweep_id == identifier, experiments.c.status.in_(("queued", "running"))
    )

    def work(connection: sa.Connection) -> None:
        delete_attempts(connection, experiments.c.sweep_id == identifier)
        gone = sweeps.delete().where(sweeps.c.id == identifier, ~going)
        if connection.execute(gone).rowcount == 0:
            counts = get(database, identifier).counts
            raise Conflict(
                f"{counts['queued']} children are queued and {counts['running']} running; "
                "cancel the sweep before deleting it"
            )

    database.write(work)


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


def axes(database: Database, identifier: str) -> list[str]:
    """What the places of the children name, in the order of its first mention."""
    query = sa.select(experiments.c.point).where(experiments.c.sweep_id == identifier)
    with database.read() as connection:
        places = connection.execute(query.order_by(experiments.c.id)).scalars()
        return list(dict.fromkeys(name for place in places for name in place))


def _select(database: Database, query: sa.Select[Any]) -> list[Sweep]:
    with database.read() as connection:
        rows = connection.execute(query).mappings().all()
        identifiers = [row["id"] for row in rows]
        counted = connection.execute(_counts(identifiers)).all()
        found = connection.execute(_seconds_left(identifiers))
        left = {sweep_id: float(seconds or 0.0) for sweep_id, seconds in found}
        told = hooks.of_owners(connection, completion_hooks.c.sweep_id, identifiers)
    counts = {identifier: dict.fromkeys(STATUSES, 0) for identifier in identifiers}
    disk = dict.fromkeys(identifiers, 0)
    for sweep_id, status, count, stored in counted:
        counts[sweep_id][status] = count
        disk[sweep_id] += int(stored)
    return [
        Sweep(
            id=row["id"],
            kind=row["kind"],
            name=row["name"],
            definition=row["definition"],
            created_at=row["created_at"],
            counts=counts[row["id"]],
            seconds_left=left.get(row["id"], 0.0),
            disk_bytes=disk[row["id"]],
            owner=row["owner"],
            on_end=told.get(row["id"]),
        )
        for row in rows
    ]


def _counts(identifiers: Sequence[str]) -> sa.Select[Any]:
    """Children and what they store, by status, all from one index: quick for thousands."""
    child = experiments.c
    return (
        sa.select(child.sweep_id, child.status, sa.func.count(), sa.func.sum(child.disk_bytes))
        .where(child.sweep_id.in_(identifiers))
        .group_by(child.sweep_id, child.status)
    )


def _seconds_left(identifiers: Sequence[str]) -> sa.Select[Any]:
    child = experiments.c
    left = child.estimate["seconds"].as_float() * (1 - child.progress)
    return (
        sa.select(child.sweep_id, sa.func.sum(left))
        .where(child.sweep_id.in_(identifiers), child.status.in_(("queued", "running")))
        .group_by(child.sweep_id)
    )
