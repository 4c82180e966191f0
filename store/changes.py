"""What may change about an accepted experiment: labels, and whether it runs. Never its spec."""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from store.database import Database
from store.experiments import Conflict, Experiment, get
from store.tables import experiments, tags, utc_now

AGAIN = ("failed", "cancelled")


@dataclass(frozen=True)
class Labels:
    """New labels; what is None stays as it is, and a tag without a value is taken off."""

    name: str | None = None
    notes: str | None = None
    tags: Mapping[str, str | None] | None = None


def relabel(database: Database, identifier: str, labels: Labels) -> Experiment:
    """Change name, notes and tags of one experiment; raises `NotFound`."""
    get(database, identifier)
    database.write(lambda connection: _relabel(connection, [identifier], labels))
    return get(database, identifier)


def retry(database: Database, identifier: str) -> Experiment:
    """Queue a failed or cancelled experiment again; raises `Conflict` for any other."""
    changed = database.write(
        lambda connection: requeue(
            connection, experiments.c.id == identifier, experiments.c.status.in_(AGAIN)
        )
    )
    experiment = get(database, identifier)
    if not changed:
        raise Conflict(
            f"the experiment is {experiment.status}; only {' and '.join(AGAIN)} ones run again"
        )
    return experiment


def requeue(connection: sa.Connection, *where: sa.ColumnElement[bool]) -> int:
    """Queue ended experiments again, as if they had just been accepted; how many."""
    change = experiments.update().where(*where)
    again = change.values(
        status="queued",
        error=None,
        lost_attempts=0,
        cancel_requested=False,
        started_at=None,
        finished_at=None,
        progress=0.0,
        live={},
        worker=None,
    )
    return connection.execute(again).rowcount


def cancel(connection: sa.Connection, *where: sa.ColumnElement[bool]) -> int:
    """Cancel queued experiments and ask running ones to stop; how many had not ended."""
    at_once = experiments.update().where(*where, experiments.c.status == "queued")
    soon = experiments.update().where(*where, experiments.c.status == "running")
    now = {"status": "cancelled", "cancel_requested": True, "finished_at": utc_now()}
    ended = connection.execute(at_once.values(now)).rowcount
    return ended + connection.execute(soon.values(cancel_requested=True)).rowcount


def _relabel(connection: sa.Connection, identifiers: list[str], labels: Labels) -> None:
    mine = experiments.c.id.in_(identifiers)
    texts = {"name": labels.name, "notes": labels.notes}
    given = {field: text for field, text in texts.items() if text is not None}
    if given:
        connection.execute(experiments.update().where(mine).values(given))
    for key, value in (labels.tags or {}).items():
        old = tags.delete().where(tags.c.experiment_id.in_(identifiers), tags.c.key == key)
        connection.execute(old)
        if value is not None:
            rows = [{"experiment_id": one, "key": key, "value": value} for one in identifiers]
            connection.execute(tags.insert(), rows)
