"""The rows that an entry becomes in a database, once it has been checked.

An archive is whole: every sweep and every dataset that its experiments name must be in it.
"""

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import asdict
from itertools import islice
from typing import Any, TypeVar

import sqlalchemy as sa
from pydantic import ValidationError

from core.experiment import Kind, Spec
from core.kinds import KINDS
from store.accepting import digest
from store.archives.entries import AT_ONCE, DatasetEntry, ExperimentEntry, SweepEntry
from store.archives.manifest import ArchiveRefused
from store.archives.unzipping import mistake
from store.kind_tables import medians, parameters
from store.tables import arrays, datasets, experiment_datasets, experiments, sweeps, tags

T = TypeVar("T")

Rows = Mapping[sa.Table, list[dict[str, Any]]]


class Wrong(Exception):
    """An entry that cannot be a row here; the message says why."""


def batches(items: Iterable[T]) -> Iterator[list[T]]:
    """Some items at a time."""
    remaining = iter(items)
    while batch := list(islice(remaining, AT_ONCE)):
        yield batch


def insert(connection: sa.Connection, path: str, entries: Iterable[Rows]) -> None:
    """Write the rows of some entries of one member."""
    together: dict[sa.Table, list[dict[str, Any]]] = {}
    for rows in entries:
        for table, content in rows.items():
            together.setdefault(table, []).extend(content)
    try:
        for table, content in together.items():
            if content:
                connection.execute(table.insert(), content)
    except sa.exc.IntegrityError:
        raise ArchiveRefused(path, "the same is in it twice") from None


def sweep_rows(entry: SweepEntry) -> Rows:
    """The row of a sweep."""
    known_kind(entry.kind)
    definition = entry.definition.model_dump(mode="json")
    columns = entry.model_dump(exclude={"definition"})
    return {
        sweeps: [{**columns, "definition": definition, "request_hash": digest(definition)}],
    }


def dataset_rows(entry: DatasetEntry) -> Rows:
    """The row of a dataset whose file is in its place."""
    columns = entry.model_dump(exclude={"summary"})
    summary = entry.summary.model_dump(mode="json")
    return {datasets: [{**columns, "summary": summary, "status": "ready"}]}


def experiment_rows(
    entry: ExperimentEntry, *, sweep_kinds: Mapping[str, str], dataset_ids: Set[str]
) -> Rows:
    """All rows of an experiment but its metrics; those of its arrays wait for their content."""
    kind = known_kind(entry.kind)
    spec = _spec(entry, kind)
    _check_result(entry, kind)
    _check_sweep(entry, sweep_kinds)
    used = tuple(dict.fromkeys(kind.datasets(spec)))
    for dataset in used:
        if dataset not in dataset_ids:
            raise Wrong(f"its dataset {dataset} is not in the archive")
    own = {"experiment_id": entry.id}
    return {
        experiments: [_experiment(entry, spec)],
        parameters[kind.name]: [{**own, **kind.parameters(spec)}],
        tags: [{**own, "key": key, "value": value} for key, value in entry.tags.items()],
        experiment_datasets: [{**own, "dataset_id": dataset} for dataset in used],
        medians[kind.name]: [
            {**own, "arm": arm, **{name: metric.median for name, metric in metrics.items()}}
            for arm, metrics in (entry.summary or {}).items()
        ],
        arrays: [
            {**own, **array.model_dump(), "shape": [], "dtype": "", "content": b""}
            for array in entry.arrays
        ],
    }


def known_kind(name: str) -> Kind[Any]:
    """The kind of this name."""
    if name not in KINDS:
        raise Wrong(f"this service has no kind {name}; it has {', '.join(KINDS)}")
    return KINDS[name]


def _spec(entry: ExperimentEntry, kind: Kind[Any]) -> Spec:
    if entry.kind_version > kind.version:
        raise Wrong(
            f"computed by version {entry.kind_version} of {kind.name}; "
            f"this service has version {kind.version} and must be updated first"
        )
    try:
        spec: Spec = kind.spec.model_validate(entry.spec)
    except ValidationError as invalid:
        raise Wrong(f"spec.{mistake(invalid)}") from None
    return spec


def _check_result(entry: ExperimentEntry, kind: Kind[Any]) -> None:
    succeeded = entry.status == "succeeded"
    if succeeded is (entry.summary is None) or (entry.arrays and not succeeded):
        raise Wrong("those that succeeded have a result, and no others")
    unknown = {name for metrics in (entry.summary or {}).values() for name in metrics}
    if unknown - set(kind.metrics):
        raise Wrong(f"{kind.name} has no metric {min(unknown - set(kind.metrics))}")
    if len({array.name for array in entry.arrays}) < len(entry.arrays):
        raise Wrong("two of its arrays have one name")


def _check_sweep(entry: ExperimentEntry, sweep_kinds: Mapping[str, str]) -> None:
    if entry.sweep is not None and sweep_kinds.get(entry.sweep) != entry.kind:
        raise Wrong(f"its sweep {entry.sweep} is not in the archive, or of another kind")


def _experiment(entry: ExperimentEntry, spec: Spec) -> dict[str, Any]:
    columns = entry.model_dump(exclude={"sweep", "tags", "arrays", "estimate", "warnings"})
    # Of the spec as the kind reads it: PostgreSQL's JSONB writes 1e16 as an integer.
    spec_hash = digest([entry.kind, entry.kind_version, spec.model_dump(mode="json")])
    return {
        **columns,
        "sweep_id": entry.sweep,
        "estimate": asdict(entry.estimate),
        "warnings": None if entry.warnings is None else list(entry.warnings),
        "spec_hash": spec_hash,
        "request_hash": spec_hash,
        "priority": 0,
        "live": {},
        "attempt": 0,
        "lost_attempts": 0,
        "cancel_requested": entry.status == "cancelled",
        "disk_bytes": 0,
    }
