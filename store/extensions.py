"""Extensions of sweeps: each is done once, and none undoes another.

A wider definition is made from the one that was read, so it is written only if that one still
stands. The first child of an extension carries its idempotency key, and all have its time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
import uuid_utils

from core.kinds import KINDS
from store import hooks
from store.accepting import KeyReused, Rows, digest, insert
from store.accepting_sweeps import Child, rows_of_children
from store.database import Database
from store.experiments import Conflict, NotFound
from store.sweeps import Sweep
from store.tables import ANONYMOUS, experiments, sweeps


@dataclass(frozen=True)
class Request:
    """One request to extend a sweep, told apart from all others by its key."""

    key: str
    hash: str


def request(
    identifier: str, body: Mapping[str, Any], key: str | None, owner: str = ANONYMOUS
) -> Request:
    """A request, under a key of its own if its sender gave none."""
    given = str(uuid_utils.uuid7()) if key is None else key
    return Request(digest(["extend", identifier, owner, given]), digest([identifier, body]))


def done(database: Database, request: Request) -> int | None:
    """How many children a request added before; None if it has added none so far."""
    first = sa.select(experiments).where(experiments.c.idempotency_key == request.key)
    with database.read() as connection:
        row = connection.execute(first).first()
        if row is None:
            return None
        if row.request_hash != request.hash:
            raise KeyReused(
                f"this key was used before, to extend sweep {row.sweep_id} with another body"
            )
        together = sa.select(sa.func.count()).where(
            experiments.c.sweep_id == row.sweep_id, experiments.c.created_at == row.created_at
        )
        return connection.execute(together).scalar_one()


def missing(database: Database, identifier: str, children: Sequence[Child]) -> list[Child]:
    """Those of the children that a sweep does not have."""
    with database.read() as connection:
        return _missing(connection, identifier, children)


def extend(
    database: Database,
    before: Sweep,
    definition: Mapping[str, Any],
    children: Sequence[Child],
    request: Request,
) -> int:
    """Give a sweep a wider definition and the children it lacks; how many were added.

    Raises `Conflict` if its definition is no longer the one `before`.
    """
    try:
        return database.write(
            lambda connection: _extend(connection, before, definition, children, request)
        )
    except (Conflict, sa.exc.IntegrityError):
        # The same request came twice at once, or a broken connection made us write twice.
        earlier = done(database, request)
        if earlier is None:
            raise
        return earlier


def _extend(
    connection: sa.Connection,
    before: Sweep,
    definition: Mapping[str, Any],
    children: Sequence[Child],
    request: Request,
) -> int:
    _guard(connection, before)
    change = sweeps.update().where(sweeps.c.id == before.id)
    connection.execute(change.values(definition=definition))
    added = _missing(connection, before.id, children)
    if added:
        kind = KINDS[before.kind]
        insert(connection, kind, _keyed(rows_of_children(kind, before.id, added), request))
        hooks.again(connection, experiments.c.sweep_id == before.id)
    return len(added)


def _guard(connection: sa.Connection, before: Sweep) -> None:
    """Lock the sweep; raises if it is not what it was."""
    query = sa.select(sweeps.c.definition).where(sweeps.c.id == before.id).with_for_update()
    row = connection.execute(query).first()
    if row is None:
        raise NotFound(f"no sweep has the id {before.id}")
    if row.definition != before.definition:
        raise Conflict("another request extended the sweep meanwhile; extend it again")


def _missing(connection: sa.Connection, identifier: str, children: Sequence[Child]) -> list[Child]:
    here = sa.select(experiments.c.spec_hash).where(experiments.c.sweep_id == identifier)
    known = set(connection.execute(here).scalars())
    return [child for child in children if child.submission.spec_hash not in known]


def _keyed(rows: Rows, request: Request) -> Rows:
    first, *others = rows.experiments
    named = {**first, "idempotency_key": request.key, "request_hash": request.hash}
    return replace(rows, experiments=[named, *others])
