"""What a long run keeps for the attempt after it: one checkpoint per experiment, the newest.

It is written only by the attempt that holds the lease and is gone once the experiment has ended.
An attempt resumes only from a checkpoint that was made by the very same software, because another
might continue it with other bits.
"""

from collections.abc import Mapping

import sqlalchemy as sa

from store.database import Database
from store.tables import TERMINAL, checkpoints, experiments, utc_now


def newest(database: Database, identifier: str, versions: Mapping[str, str]) -> bytes | None:
    """The checkpoint of an experiment, unless there is none that these versions made."""
    query = sa.select(checkpoints.c.content, checkpoints.c.versions)
    with database.read() as connection:
        row = connection.execute(query.where(checkpoints.c.experiment_id == identifier)).first()
    return None if row is None or row.versions != versions else bytes(row.content)


def replace(
    connection: sa.Connection,
    identifier: str,
    attempt: int,
    versions: Mapping[str, str],
    content: bytes,
) -> None:
    """Write a checkpoint in place of the one before; the caller has made sure of the lease."""
    forget(connection, identifier)
    row = {
        "experiment_id": identifier,
        "attempt": attempt,
        "versions": dict(versions),
        "kept_at": utc_now(),
        "content": content,
    }
    connection.execute(checkpoints.insert().values(row))


def forget(connection: sa.Connection, identifier: str) -> None:
    """Delete the checkpoint of an experiment."""
    connection.execute(checkpoints.delete().where(checkpoints.c.experiment_id == identifier))


def forget_ended(connection: sa.Connection) -> None:
    """Delete the checkpoints of all that has ended: there are never more than a few."""
    ended = sa.exists().where(
        experiments.c.id == checkpoints.c.experiment_id, experiments.c.status.in_(TERMINAL)
    )
    connection.execute(checkpoints.delete().where(ended))


def advanced() -> sa.ColumnElement[bool]:
    """Whether the present attempt at an experiment has written a checkpoint."""
    return sa.exists().where(
        checkpoints.c.experiment_id == experiments.c.id,
        checkpoints.c.attempt == experiments.c.attempt,
    )
