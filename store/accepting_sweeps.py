"""Accepting sweeps: one row, and all children in the same transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
import uuid_utils

from core.experiment import Kind
from store import hooks
from store.accepting import KeyReused, Rows, Submission, insert, made_by, rows_of, stored_key
from store.database import Database
from store.tables import ANONYMOUS, completion_hooks, sweeps, utc_now


@dataclass(frozen=True)
class Child:
    """One spec of a sweep on its way into the database."""

    submission: Submission
    point: Mapping[str, Any]


def accept(
    database: Database,
    kind: Kind[Any],
    definition: Mapping[str, Any],
    children: Sequence[Child],
    *,
    name: str | None,
    idempotency_key: str | None,
    request_hash: str,
    owner: str = ANONYMOUS,
    on_end: hooks.Receiver | None = None,
) -> str:
    """Store a sweep and all its children in one transaction; its id."""
    identifier = str(uuid_utils.uuid7())
    key = stored_key(owner, idempotency_key)
    row = {
        "id": identifier,
        "kind": kind.name,
        "name": name,
        "definition": definition,
        "idempotency_key": key,
        "request_hash": request_hash,
        "created_at": utc_now(),
        "owner": owner,
    }

    rows = rows_of_children(kind, identifier, children)
    told = None if on_end is None else hooks.row(on_end, sweep_id=identifier)

    def work(connection: sa.Connection) -> None:
        connection.execute(sweeps.insert().values(row))
        if told is not None:
            connection.execute(completion_hooks.insert().values(told))
        insert(connection, kind, rows)

    try:
        database.write(work)
    except sa.exc.IntegrityError:
        earlier = made_by(database, sweeps, key, identifier)
        if earlier is None:
            raise
        return _of_the_same_request(earlier, request_hash)
    return identifier


def accepted_before(
    database: Database, *, idempotency_key: str | None, request_hash: str, owner: str
) -> str | None:
    """The id of the sweep that an idempotency key already made; raises `KeyReused`."""
    if idempotency_key is None:
        return None
    earlier = made_by(database, sweeps, stored_key(owner, idempotency_key))
    return None if earlier is None else _of_the_same_request(earlier, request_hash)


def _of_the_same_request(earlier: sa.Row[Any, Any], request_hash: str) -> str:
    if earlier.request_hash != request_hash:
        raise KeyReused(f"this key was used before, for sweep {earlier.id} with another body")
    return str(earlier.id)


def rows_of_children(kind: Kind[Any], identifier: str, children: Sequence[Child]) -> Rows:
    """The rows of children of a sweep, each under a new id."""
    submissions = [child.submission for child in children]
    points = [child.point for child in children]
    return rows_of(kind, submissions, sweep_id=identifier, points=points)
