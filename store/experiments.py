"""Experiments as rows: finding, listing and deleting them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from store import hooks
from store.attempts import Attempt, of_experiments
from store.database import Database
from store.statistics import delete_attempts
from store.tables import (
    TERMINAL,
    attempts,
    completion_hooks,
    experiment_datasets,
    experiments,
    tags,
)


@dataclass(frozen=True)
class Experiment:
    """One experiment as the database has it."""

    id: str
    kind: str
    kind_version: int
    status: str
    name: str | None
    tags: Mapping[str, str]
    notes: str | None
    priority: int
    sweep_id: str | None
    point: Mapping[str, Any] | None
    spec: Mapping[str, Any]
    progress: float
    live: Mapping[str, float | None]
    attempt: int
    lost_attempts: int
    worker: str | None
    cancel_requested: bool
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    estimate: Mapping[str, float]
    summary: Mapping[str, Mapping[str, Mapping[str, float | None]]] | None
    warnings: Sequence[str] | None
    reading: str | None
    error: str | None
    versions: Mapping[str, str] | None
    disk_bytes: int
    time_limit_s: float | None
    owner: str
    history: Sequence[Attempt]
    on_end: hooks.Hook | None

    @property
    def ended(self) -> bool:
        """Whether the status is final."""
        return self.status in TERMINAL


class NotFound(Exception):
    """No such experiment, dataset, array or figure."""


class Conflict(Exception):
    """The thing exists, but its state forbids what was asked."""


def get(database: Database, identifier: str) -> Experiment:
    """One experiment; raises `NotFound`."""
    found = _select(database, sa.select(experiments).where(experiments.c.id == identifier))
    if not found:
        raise NotFound(f"no experiment has the id {identifier}")
    return found[0]


def on_dataset(database: Database, dataset_id: str, limit: int) -> list[Experiment]:
    """The newest experiments whose specs name a dataset."""
    query = (
        sa.select(experiments)
        .join(experiment_datasets, experiment_datasets.c.experiment_id == experiments.c.id)
        .where(experiment_datasets.c.dataset_id == dataset_id)
        .order_by(experiments.c.id.desc())
        .limit(limit)
    )
    return _select(database, query)


def delete(database: Database, identifier: str) -> None:
    """Delete an ended experiment with its rows and arrays."""
    ended = experiments.c.status.in_(TERMINAL)
    if not database.write(lambda each: remove(each, experiments.c.id == identifier, ended)):
        status = get(database, identifier).status
        raise Conflict(f"the experiment is {status}; cancel it before deleting it")


def remove(connection: sa.Connection, *where: sa.ColumnElement[bool]) -> int:
    """Delete experiments and all that is theirs, but for what they add to totals; how many.

    One that comes to meet the condition only meanwhile still has its attempts, and stays.
    """
    delete_attempts(connection, *where)
    counted = ~sa.exists().where(attempts.c.experiment_id == experiments.c.id)
    return connection.execute(experiments.delete().where(*where, counted)).rowcount


def many(connection: sa.Connection, identifiers: Sequence[str]) -> list[Experiment]:
    """These experiments in this order, without those that do not exist."""
    query = sa.select(experiments).where(experiments.c.id.in_(identifiers))
    found = {experiment.id: experiment for experiment in _fetched(connection, query)}
    return [found[identifier] for identifier in identifiers if identifier in found]


def _select(database: Database, query: sa.Select[Any]) -> list[Experiment]:
    with database.read() as connection:
        return _fetched(connection, query)


def _fetched(connection: sa.Connection, query: sa.Select[Any]) -> list[Experiment]:
    rows = connection.execute(query).mappings().all()
    by_id: dict[str, dict[str, str]] = {row["id"]: {} for row in rows}
    labels = connection.execute(sa.select(tags).where(tags.c.experiment_id.in_([*by_id]))).all()
    told = hooks.of_owners(connection, completion_hooks.c.experiment_id, [*by_id])
    for label in labels:
        by_id[label.experiment_id][label.key] = label.value
    made = of_experiments(connection, [*by_id])
    return [
        _experiment(
            row,
            tags=by_id[row["id"]],
            history=made.get(row["id"], ()),
            on_end=told.get(row["id"]),
        )
        for row in rows
    ]


def _experiment(row: sa.RowMapping, **gathered: Any) -> Experiment:
    names = Experiment.__dataclass_fields__.keys() - gathered.keys()
    return Experiment(**gathered, **{name: row[name] for name in names})
