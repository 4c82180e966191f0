"""Accepting experiments: what a request asks for, as rows that wait for a worker."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import sqlalchemy as sa
import uuid_utils

from core.experiment import Estimate, Kind, Spec
from store import hooks
from store.database import Database
from store.experiments import Conflict, Experiment, get
from store.kind_tables import parameters
from store.tables import (
    ANONYMOUS,
    completion_hooks,
    experiment_datasets,
    experiments,
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

    @property
    def stored_key(self) -> str | None:
        """What stands for its idempotency key in the database."""
        return stored_key(self.owner, self.idempotency_key)

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


class KeyReused(Exception):
    """An idempotency key that already stands for another request."""


def accept(database: Database, submission: Submission) -> Experiment:
    """Store a submission as `queued`; a repeated idempotency key gives the first experiment."""
    rows = rows_of(submission.kind, [submission])
    identifier: str = rows.experiments[0]["id"]
    try:
        database.write(lambda connection: insert(connection, submission.kind, rows))
    except sa.exc.IntegrityError:
        # Either this key came a second time, or a broken connection made us insert twice.
        earlier = made_by(database, experiments, submission.stored_key, identifier)
        if earlier is None:
            raise Conflict("a dataset of the spec was deleted meanwhile") from None
        return _of_the_same_request(database, earlier, submission)
    return get(database, identifier)


def accepted_before(database: Database, submission: Submission) -> Experiment | None:
    """The experiment that its idempotency key already made; raises `KeyReused`."""
    if submission.stored_key is None:
        return None
    earlier = made_by(database, experiments, submission.stored_key)
    return None if earlier is None else _of_the_same_request(database, earlier, submission)


def stored_key(owner: str, key: str | None) -> str | None:
    """An owner's idempotency key, which is no other owner's even if they chose the same."""
    return None if key is None else digest([owner, key])


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
        "idempotency_key": submission.stored_key,
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


def made_by(
    database: Database, table: sa.Table, key: str | None, identifier: str | None = None
) -> sa.Row[Any, Any] | None:
    """Id and request of the experiment or sweep that has a stored key or an id, or None."""
    same = sa.false() if key is None else table.c.idempotency_key == key
    if identifier is not None:
        same |= table.c.id == identifier
    with database.read() as connection:
        query = sa.select(table.c.id, table.c.request_hash).where(same)
        return connection.execute(query).first()


def _of_the_same_request(
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


def digest(content: object) -> str:
    """SHA-256 of a plain document in canonical JSON."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
