"""Experiments as rows: accepting, finding, listing and deleting them."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

import sqlalchemy as sa
import uuid_utils

from core.experiment import Estimate, Kind, Spec
from store import hooks
from store.attempts import Attempt, of_experiments
from store.database import Database
from store.tables import (
    ANONYMOUS,
    TERMINAL,
    completion_hooks,
    experiment_datasets,
    experiments,
    parameters,
    tags,
    utc_now,
)


@dataclass(frozen=True)
class Submission:
    """One accepted request, ready to be stored."""

    kind: Kind[Any]
    spec: Spec
    estimate: Estimate
    name: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    priority: int = 0
    idempotency_key: str | None = None
    on_end: hooks.Receiver | None = None
    owner: str = ANONYMOUS
    time_limit_s: float | None = None

    @cached_property
    def document(self) -> dict[str, Any]:
        """The spec as plain JSON, with every default written out."""
        return self.spec.model_dump(mode="json")

    @cached_property
    def spec_hash(self) -> str:
        """Equal for specs that give the same arrays: same kind, version and canonical spec."""
        return digest([self.kind.name, self.kind.version, self.document])

    @property
    def request_hash(self) -> str:
        """Equal for repeats of one request, which an idempotency key stands for."""
        if self.idempotency_key is None:  # as for every child of a sweep: nobody will compare
            return self.spec_hash
        told = None if self.on_end is None else vars(self.on_end)
        labels = [self.name, dict(self.tags), self.priority, told, self.time_limit_s]
        return digest([self.spec_hash, *labels])


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


class KeyReused(Exception):
    """An idempotency key that already stands for another request."""


class NotFound(Exception):
    """No such experiment, dataset, array or figure."""


class Conflict(Exception):
    """The thing exists, but its state forbids what was asked."""


def accept(database: Database, submission: Submission) -> Experiment:
    """Store a submission as `queued`; a repeated idempotency key gives the first experiment."""
    rows = rows_of(submission.kind, [submission])
    identifier: str = rows.experiments[0]["id"]
    try:
        database.write(lambda connection: insert(connection, submission.kind, rows))
    except sa.exc.IntegrityError:
        # Either this key came a second time, or a broken connection made us insert twice.
        earlier = _by_key(database, submission.idempotency_key, identifier)
        if earlier is None:
            raise Conflict("a dataset of the spec was deleted meanwhile") from None
        return earlier_of_the_same_request(database, earlier, submission)
    return get(database, identifier)


@dataclass(frozen=True)
class Rows:
    """Everything that accepted submissions of one kind put into the database."""

    experiments: Sequence[Mapping[str, Any]]
    parameters: Sequence[Mapping[str, Any]]
    tags: Sequence[Mapping[str, Any]]
    datasets: Sequence[Mapping[str, Any]]
    hooks: Sequence[Mapping[str, Any]]


def rows_of(
    kind: Kind[Any],
    submissions: Sequence[Submission],
    *,
    sweep_id: str | None = None,
    points: Sequence[Mapping[str, Any] | None] | None = None,
) -> Rows:
    """The rows of submissions, each under a new id; made before their transaction begins."""
    accepted = [(str(uuid_utils.uuid7()), submission) for submission in submissions]
    places = points or [None] * len(accepted)
    now = utc_now()
    return Rows(
        experiments=[
            _row(identifier, submission, created_at=now, sweep_id=sweep_id, point=place)
            for (identifier, submission), place in zip(accepted, places, strict=True)
        ],
        parameters=[
            {"experiment_id": identifier, **kind.parameters(submission.spec)}
            for identifier, submission in accepted
        ],
        tags=[
            {"experiment_id": identifier, "key": key, "value": value}
            for identifier, submission in accepted
            for key, value in submission.tags.items()
        ],
        datasets=[
            {"experiment_id": identifier, "dataset_id": dataset}
            for identifier, submission in accepted
            for dataset in dict.fromkeys(kind.datasets(submission.spec))
        ],
        hooks=[
            hooks.row(submission.on_end, experiment_id=identifier)
            for identifier, submission in accepted
            if submission.on_end is not None
        ],
    )


def _row(identifier: str, submission: Submission, **columns: Any) -> dict[str, Any]:
    return {
        "id": identifier,
        "kind": submission.kind.name,
        "kind_version": submission.kind.version,
        "status": "queued",
        "name": submission.name,
        "priority": submission.priority,
        "spec": submission.document,
        "spec_hash": submission.spec_hash,
        "idempotency_key": submission.idempotency_key,
        "request_hash": submission.request_hash,
        "progress": 0.0,
        "live": {},
        "attempt": 0,
        "lost_attempts": 0,
        "cancel_requested": False,
        "estimate": vars(submission.estimate),
        "disk_bytes": 0,
        "time_limit_s": submission.time_limit_s,
        "owner": submission.owner,
        **columns,
    }


def insert(connection: sa.Connection, kind: Kind[Any], rows: Rows) -> None:
    """Write rows into a transaction of the caller's."""
    for table, content in (
        (experiments, rows.experiments),
        (parameters[kind.name], rows.parameters),
        (tags, rows.tags),
        (experiment_datasets, rows.datasets),
        (completion_hooks, rows.hooks),
    ):
        if content:
            connection.execute(table.insert(), content)


def _by_key(database: Database, key: str | None, identifier: str) -> sa.Row[Any, Any] | None:
    same = experiments.c.id == identifier
    if key is not None:
        same |= experiments.c.idempotency_key == key
    with database.read() as connection:
        query = sa.select(experiments.c.id, experiments.c.request_hash).where(same)
        return connection.execute(query).first()


def earlier_of_the_same_request(
    database: Database, earlier: sa.Row[Any, Any], submission: Submission
) -> Experiment:
    """The experiment that an idempotency key already made; refuses the key for another request."""
    if earlier.request_hash != submission.request_hash:
        raise KeyReused(f"this key was used before, for experiment {earlier.id} with another body")
    return get(database, earlier.id)


def finished_twin(database: Database, submission: Submission) -> Experiment | None:
    """The newest succeeded experiment of an identical spec, or None."""
    query = (
        sa.select(experiments.c.id)
        .where(experiments.c.spec_hash == submission.spec_hash)
        .where(experiments.c.status == "succeeded")
        .order_by(experiments.c.id.desc())
        .limit(1)
    )
    with database.read() as connection:
        identifier = connection.execute(query).scalar()
    return None if identifier is None else get(database, identifier)


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
    gone = database.write(
        lambda connection: (
            connection.execute(
                experiments.delete().where(experiments.c.id == identifier, ended)
            ).rowcount
        )
    )
    if not gone:
        status = get(database, identifier).status
        raise Conflict(f"the experiment is {status}; cancel it before deleting it")


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


def digest(content: object) -> str:
    """SHA-256 of a plain document in canonical JSON."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
