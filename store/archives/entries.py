"""What an archive says of one experiment, one sweep, one dataset; and both ways to a database.

An entry holds what a record is, wherever it is. What belongs to one installation stays behind:
priority, worker, lease, attempts, idempotency key.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import sqlalchemy as sa
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from core.dataset import DatasetSummary
from core.experiment import Estimate
from core.sweeps import SweepDefinition
from store.archives.manifest import SHA256, UUID
from store.documents import storable
from store.experiments import Experiment, many
from store.tables import arrays

AT_ONCE = 200


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("not a moment of the calendar in UTC") from None


Id = Annotated[str, Field(pattern=f"^{UUID}$")]
Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
Text = Annotated[str, AfterValidator(storable)]
Label = Annotated[Text, Field(max_length=200)]
Document = Annotated[dict[str, Any], AfterValidator(storable)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class MetricEntry(_Entry):
    """One metric over the replicates of an arm; of flags, the share that is true."""

    median: float | None
    missing: Annotated[int, Field(ge=0)]


class ArrayEntry(_Entry):
    """One array of an experiment; shape and type are in its `.npy` file."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{1,100}$")]
    axes: tuple[Text, ...]
    unit: Annotated[Text, Field(max_length=50)]


class ExperimentEntry(_Entry):
    """One experiment that has ended."""

    id: Id
    kind: str
    kind_version: Annotated[int, Field(ge=1)]
    status: Literal["succeeded", "failed", "cancelled"]
    name: Label | None
    tags: dict[Annotated[Text, Field(max_length=100)], Annotated[Text, Field(max_length=500)]]
    notes: Text | None
    sweep: Id | None
    point: Document | None
    spec: Document
    created_at: Moment
    started_at: Moment | None
    finished_at: Moment
    progress: float
    estimate: Estimate
    summary: dict[Annotated[Text, Field(max_length=100)], dict[str, MetricEntry]] | None
    warnings: tuple[Text, ...] | None
    reading: Text | None = None  # archives of earlier versions have none
    error: Text | None
    versions: dict[Text, Text] | None
    arrays: tuple[ArrayEntry, ...]


class SweepEntry(_Entry):
    """One sweep."""

    id: Id
    kind: str
    name: Label | None
    definition: SweepDefinition
    created_at: Moment


class DatasetEntry(_Entry):
    """One dataset; what inspection found is for the reader, and found anew by who imports it."""

    id: Id
    name: Label
    blob_sha256: Annotated[str, Field(pattern=f"^{SHA256}$")]
    size_bytes: int
    mapping: Document | None
    created_at: Moment
    summary: DatasetSummary


def experiment_entries(
    connection: sa.Connection, identifiers: sa.Select[tuple[str]]
) -> Iterator[ExperimentEntry]:
    """The entries of a query for ids, some at a time."""
    options = {"yield_per": AT_ONCE}
    with connection.execute(identifiers, execution_options=options) as found:
        for rows in found.partitions():
            batch = [row.id for row in rows]
            catalogue = _catalogue(connection, batch)
            for experiment in many(connection, batch):
                yield _entry(experiment, catalogue[experiment.id])


def _catalogue(
    connection: sa.Connection, identifiers: Sequence[str]
) -> dict[str, list[ArrayEntry]]:
    columns = (arrays.c.experiment_id, arrays.c.name, arrays.c.axes, arrays.c.unit)
    query = sa.select(*columns).where(arrays.c.experiment_id.in_(identifiers))
    found: dict[str, list[ArrayEntry]] = {identifier: [] for identifier in identifiers}
    for row in connection.execute(query.order_by(arrays.c.name)):
        entry = ArrayEntry(name=row.name, axes=tuple(row.axes), unit=row.unit)
        found[row.experiment_id].append(entry)
    return found


def _entry(experiment: Experiment, catalogue: Sequence[ArrayEntry]) -> ExperimentEntry:
    columns = {
        name: getattr(experiment, name)
        for name in ExperimentEntry.model_fields
        if name not in ("sweep", "arrays")
    }
    return ExperimentEntry(sweep=experiment.sweep_id, arrays=tuple(catalogue), **columns)
