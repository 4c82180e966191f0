"""What may change about an accepted experiment: labels, and whether it runs. Never its spec."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import sqlalchemy as sa

from store.database import Database
from store.experiments import Conflict, Experiment, get, remove
from store.query.experiments import matching
from store.tables import TERMINAL, experiments, tags
from store.transitions import cancel, requeue

AGAIN = ("failed", "cancelled")
MOST_TAGS = 50
AT_ONCE = 500  # databases limit the number of values in one statement

Action = Literal["cancel", "retry", "tag", "delete"]

AFFECTED: Mapping[Action, tuple[str, ...] | None] = {
    "cancel": ("queued", "running"),
    "retry": AGAIN,
    "delete": TERMINAL,
    "tag": None,
}
"""The statuses that an action applies to; None: all."""


@dataclass(frozen=True)
class Labels:
    """New texts, `name` and `notes`, and tags; None takes one off, and what is absent stays."""

    texts: Mapping[str, str | None] = field(default_factory=dict)
    tags: Mapping[str, str | None] = field(default_factory=dict)


class TooManyTags(Exception):
    """An experiment would have more tags than one may have."""

    def __init__(self, identifier: str, count: int) -> None:
        super().__init__(
            f"experiment {identifier} would have {count} tags; the limit is {MOST_TAGS}"
        )
        self.count = count


def relabel(database: Database, identifier: str, labels: Labels) -> Experiment:
    """Change name, notes and tags of one experiment; raises `NotFound` or `TooManyTags`."""
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


def bulk(database: Database, where: str, action: Action, labels: Labels | None = None) -> int:
    """Do one thing to every experiment of a filter that it can be done to; how many.

    All or none: raises `TooManyTags`.
    """
    return database.write(lambda connection: _bulk(connection, where, action, labels))


def bulk_count(database: Database, where: str, action: Action) -> int:
    """How many experiments `bulk` would change."""
    affected = sa.select(sa.func.count()).select_from(experiments).where(*_within(where, action))
    with database.read() as connection:
        return connection.execute(affected).scalar_one()


def _within(where: str, action: Action) -> tuple[sa.ColumnElement[bool], ...]:
    chosen = experiments.c.id.in_(matching(where))
    statuses = AFFECTED[action]
    return (chosen,) if statuses is None else (chosen, experiments.c.status.in_(statuses))


def _bulk(connection: sa.Connection, where: str, action: Action, labels: Labels | None) -> int:
    within = _within(where, action)
    match action:
        case "cancel":
            return cancel(connection, *within)
        case "retry":
            return requeue(connection, *within)
        case "delete":
            return remove(connection, *within)
        case "tag":
            identifiers = connection.execute(sa.select(experiments.c.id).where(*within)).scalars()
            chosen = list(identifiers)
            for first in range(0, len(chosen), AT_ONCE):
                _relabel(connection, chosen[first : first + AT_ONCE], labels or Labels())
            return len(chosen)


def _relabel(connection: sa.Connection, identifiers: list[str], labels: Labels) -> None:
    mine = experiments.c.id.in_(identifiers)
    if labels.texts:
        connection.execute(experiments.update().where(mine).values(labels.texts))
    for key, value in labels.tags.items():
        old = tags.delete().where(tags.c.experiment_id.in_(identifiers), tags.c.key == key)
        connection.execute(old)
        if value is not None:
            rows = [{"experiment_id": one, "key": key, "value": value} for one in identifiers]
            connection.execute(tags.insert(), rows)
    if any(value is not None for value in labels.tags.values()):
        _check_tags(connection, identifiers)


def _check_tags(connection: sa.Connection, identifiers: list[str]) -> None:
    counted = (
        sa.select(tags.c.experiment_id, sa.func.count())
        .where(tags.c.experiment_id.in_(identifiers))
        .group_by(tags.c.experiment_id)
        .having(sa.func.count() > MOST_TAGS)
    )
    row = connection.execute(counted).first()
    if row is not None:
        raise TooManyTags(*row)
