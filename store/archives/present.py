"""What of an archive is in the database already; the same id with other content is a conflict.

Labels (name, notes, tags) are no content: each installation may have its own.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import sqlalchemy as sa
from pydantic import ValidationError

from core.kinds import KINDS
from store.archives.array_files import inflated
from store.archives.entries import AT_ONCE, ExperimentEntry, SweepEntry, experiment_entries
from store.database import Database
from store.experiments import Conflict
from store.tables import TERMINAL, arrays, datasets, experiments, sweeps


def present_sweeps(staging: Database, database: Database) -> set[str]:
    """The ids of staged sweeps that are here, with the same definition."""
    present: set[str] = set()
    for ids in _shared_ids(staging, database, sweeps):
        ours, theirs = _sweeps(database, ids), _sweeps(staging, ids)
        for identifier in ids:
            if ours.get(identifier) != theirs[identifier]:
                raise Conflict(f"sweep {identifier} is here with another definition")
        present.update(ids)
    return present


def present_datasets(staging: Database, database: Database) -> set[str]:
    """The ids of staged datasets that are here; their ids are made of their content."""
    present: set[str] = set()
    for ids in _shared_ids(staging, database, datasets):
        query = sa.select(datasets.c.id, datasets.c.status).where(datasets.c.id.in_(ids))
        with database.read() as connection:
            for identifier, status in connection.execute(query):
                if status != "ready":
                    raise Conflict(f"dataset {identifier} is here, but not ready: {status}")
        present.update(ids)
    return present


def present_experiments(staging: Database, database: Database) -> set[str]:
    """The ids of staged experiments that are here and ended in the same way."""
    present: set[str] = set()
    for ids in _shared_ids(staging, database, experiments):
        with database.read() as here, staging.read() as there:
            ours, theirs = _experiments(here, ids), _experiments(there, ids)
            for identifier in ids:
                if ours.get(identifier) != theirs[identifier]:
                    raise Conflict(f"experiment {identifier} is here with other content")
                if not _same_arrays(_packed(here, identifier), _packed(there, identifier)):
                    raise Conflict(f"experiment {identifier} is here with other arrays")
        present.update(ids)
    return present


def _shared_ids(staging: Database, database: Database, table: sa.Table) -> Iterator[Sequence[str]]:
    """Ids that both have, some at a time."""
    with staging.read() as connection:
        options = {"yield_per": AT_ONCE}
        staged = connection.execute(sa.select(table.c.id), execution_options=options)
        for ids in staged.scalars().partitions():
            with database.read() as here:
                query = sa.select(table.c.id).where(table.c.id.in_(ids))
                yield here.execute(query).scalars().all()


def _sweeps(database: Database, ids: Sequence[str]) -> Mapping[str, SweepEntry]:
    columns = (sweeps.c[name] for name in SweepEntry.model_fields)
    with database.read() as connection:
        found = connection.execute(sa.select(*columns).where(sweeps.c.id.in_(ids))).mappings()
        entries = [SweepEntry.model_validate({**row, "name": None}) for row in found]
    return {entry.id: entry for entry in entries}


def _experiments(connection: sa.Connection, ids: Sequence[str]) -> Mapping[str, ExperimentEntry]:
    ended = sa.select(experiments.c.id).where(
        experiments.c.id.in_(ids), experiments.c.status.in_(TERMINAL)
    )
    return {entry.id: _content(entry) for entry in experiment_entries(connection, ended)}


def _content(entry: ExperimentEntry) -> ExperimentEntry:
    """The entry without labels, its spec as the kind reads it: JSONB writes 1e16 as an integer."""
    spec: Any = entry.spec
    with suppress(ValidationError):  # of an older version: compared as it is
        spec = KINDS[entry.kind].spec.model_validate(spec)
    return entry.model_copy(update={"name": None, "notes": None, "tags": {}, "spec": spec})


def _packed(connection: sa.Connection, experiment: str) -> dict[str, bytes]:
    query = sa.select(arrays.c.name, arrays.c.content).where(arrays.c.experiment_id == experiment)
    return {row.name: row.content for row in connection.execute(query)}


def _same_arrays(ours: Mapping[str, bytes], theirs: Mapping[str, bytes]) -> bool:
    return ours.keys() == theirs.keys() and all(
        ours[name] == theirs[name]
        or b"".join(inflated(ours[name])) == b"".join(inflated(theirs[name]))
        for name in ours
    )
