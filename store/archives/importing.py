"""From an archive into the database: all of it in one transaction, or nothing at all.

Everything keeps its id, and what is here already stays as it is. What is new belongs to whoever
imports it: an archive names no owners, who are those of another installation.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from store.archives.dataset_files import in_place
from store.archives.manifest import WHOLE, ArchiveRefused
from store.archives.present import present_datasets, present_experiments, present_sweeps
from store.archives.staging import staged
from store.archives.unzipping import opened
from store.database import Database
from store.experiments import Conflict
from store.kind_tables import medians, parameters, results
from store.settings import Settings
from store.tables import (
    ANONYMOUS,
    arrays,
    datasets,
    experiment_datasets,
    experiments,
    sweeps,
    tags,
)

_IN_ORDER = (
    *(sweeps, datasets, experiments, tags, experiment_datasets),
    *(*parameters.values(), *results.values(), *medians.values(), arrays),
)
ROWS_AT_ONCE = 500
ARRAYS_AT_ONCE = 20


@dataclass(frozen=True)
class Count:
    """How many came with the archive and are new, and how many were here already."""

    added: int
    present: int


def import_archive(
    database: Database, settings: Settings, path: Path, *, owner: str = ANONYMOUS
) -> Mapping[str, Count]:
    """Take an archive in; raises `ArchiveRefused`, or `Conflict` with what is here."""
    with opened(path, settings) as archive, staged(archive, settings) as staging:
        present = {
            sweeps: present_sweeps(staging, database),
            datasets: present_datasets(staging, database),
            experiments: present_experiments(staging, database),
        }
        known = set().union(*present.values())
        with in_place(archive, settings, database, staging, known):
            _copy(staging, database, known, owner)
        return {
            table.name: Count(_size(staging, table) - len(ids), len(ids))
            for table, ids in present.items()
        }


def _copy(staging: Database, database: Database, known: Set[str], owner: str) -> None:
    def work(connection: sa.Connection) -> None:
        for table in _IN_ORDER:
            _copy_table(staging, connection, table, known, owner)

    try:
        database.write(work)
    except sa.exc.IntegrityError:
        raise Conflict("some of it was added or deleted meanwhile; import it again") from None
    except sa.exc.DataError:
        raise ArchiveRefused(WHOLE, "it holds a value that this database cannot keep") from None


def _copy_table(
    staging: Database, connection: sa.Connection, table: sa.Table, known: Set[str], owner: str
) -> None:
    key = "experiment_id" if "experiment_id" in table.c else "id"
    owned = {"owner": owner} if "owner" in table.c else {}
    options = {"yield_per": ARRAYS_AT_ONCE if table is arrays else ROWS_AT_ONCE}
    with staging.read() as source:
        staged = source.execute(sa.select(table), execution_options=options).mappings()
        for batch in staged.partitions():
            rows = [{**row, **owned} for row in batch if row[key] not in known]
            if rows:
                connection.execute(table.insert(), rows)


def _size(staging: Database, table: sa.Table) -> int:
    with staging.read() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
