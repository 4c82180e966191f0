"""From an archive to a staging database: the rows as they will be, checked, and nobody's yet.

The staging database is a SQLite file with the service's own tables. All that takes time (unpacking,
hashing, validating, packing arrays) happens on the way into it, so that the one transaction on the
real database only copies rows.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import contextmanager
from typing import TypeVar

import sqlalchemy as sa
from pydantic import ValidationError

from core.dataset import dataset_id
from store.archives.array_files import stage_arrays
from store.archives.entries import DatasetEntry, ExperimentEntry, SweepEntry
from store.archives.manifest import (
    EXPERIMENTS,
    README,
    SWEEPS,
    ArchiveRefused,
    dataset_path,
    file_path,
)
from store.archives.metric_rows import stage_metric_rows
from store.archives.rows import (
    Rows,
    Wrong,
    batches,
    dataset_rows,
    experiment_rows,
    insert,
    sweep_rows,
)
from store.archives.unzipping import Archive, mistake
from store.database import Database
from store.incoming import incoming
from store.kind_tables import all_tables
from store.settings import Settings

Entry = TypeVar("Entry", ExperimentEntry, SweepEntry)


@contextmanager
def staged(archive: Archive, settings: Settings) -> Iterator[Database]:
    """Everything of an archive but dataset files, in a database of its own."""
    with incoming(settings) as folder:
        staging = Database(f"sqlite:///{folder / 'staging.db'}")
        try:
            all_tables.create_all(staging.engine)
            staging.write(lambda connection: _fill(archive, connection))
            yield staging
        finally:
            staging.close()


def _fill(archive: Archive, connection: sa.Connection) -> None:
    for _ in archive.pieces(README):
        pass  # read for its hash
    sweep_kinds = _sweeps(archive, connection)
    dataset_ids = _datasets(archive, connection)
    _experiments(archive, connection, sweep_kinds, dataset_ids)
    stage_metric_rows(archive, connection)
    stage_arrays(archive, connection)


def _sweeps(archive: Archive, connection: sa.Connection) -> dict[str, str]:
    """Stage the sweeps; their kinds by id."""
    kinds = {}
    for batch in batches(_entries(archive, SWEEPS, SweepEntry)):
        insert(connection, SWEEPS, [_rows_of(SWEEPS, entry, sweep_rows) for entry in batch])
        kinds.update({entry.id: entry.kind for entry in batch})
    return kinds


def _datasets(archive: Archive, connection: sa.Connection) -> set[str]:
    """Stage the datasets; their ids."""
    found, files = set(), set()
    for path in [path for path in archive.members if re.match(r"datasets/[^/]*$", path)]:
        entry = _dataset(archive, path)
        found.add(entry.id)
        files.add(file_path(entry.blob_sha256))
        insert(connection, path, [dataset_rows(entry)])
    for path in archive.members:
        if path.startswith("datasets/files/") and path not in files:
            raise ArchiveRefused(path, "no dataset of the archive is read from it")
    return found


def _dataset(archive: Archive, path: str) -> DatasetEntry:
    try:
        entry = DatasetEntry.model_validate_json("".join(archive.lines(path)))
    except ValidationError as invalid:
        raise ArchiveRefused(path, mistake(invalid)) from None
    own = dataset_id(entry.blob_sha256, entry.mapping)
    if entry.id != own or path != dataset_path(own):
        raise ArchiveRefused(path, f"a dataset of this file and mapping has the id {own}")
    file = archive.members.get(file_path(entry.blob_sha256))
    if file is None or (file.sha256, file.size) != (entry.blob_sha256, entry.size_bytes):
        raise ArchiveRefused(path, f"its file {file_path(entry.blob_sha256)} is another, or absent")
    return entry


def _experiments(
    archive: Archive,
    connection: sa.Connection,
    sweep_kinds: Mapping[str, str],
    dataset_ids: Set[str],
) -> None:
    def rows_of(entry: ExperimentEntry) -> Rows:
        return experiment_rows(entry, sweep_kinds=sweep_kinds, dataset_ids=dataset_ids)

    for batch in batches(_entries(archive, EXPERIMENTS, ExperimentEntry)):
        rows = [_rows_of(EXPERIMENTS, entry, rows_of) for entry in batch]
        insert(connection, EXPERIMENTS, rows)


def _entries(archive: Archive, path: str, model: type[Entry]) -> Iterator[Entry]:
    for number, line in enumerate(archive.lines(path), 1):
        try:
            entry = model.model_validate_json(line)
        except ValidationError as invalid:
            raise ArchiveRefused(path, f"line {number}: {mistake(invalid)}") from None
        yield entry


def _rows_of(path: str, entry: Entry, rows_of: Callable[[Entry], Rows]) -> Rows:
    try:
        return rows_of(entry)
    except Wrong as wrong:
        raise ArchiveRefused(path, f"{entry.id}: {wrong}") from None
