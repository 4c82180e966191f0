"""The dataset files of an archive, put where uploads are kept before their rows are written.

A file is read as an upload is: by a child process under limits, whose findings become the summary.
"""

from collections.abc import Iterator, Sequence, Set
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from store.archives.manifest import ArchiveRefused, file_path
from store.archives.unzipping import Archive
from store.database import Database
from store.dataset_files import arrays_path, blob_path, keep
from store.datasets import remove_files
from store.incoming import incoming
from store.inspection import Unreadable, inspect
from store.settings import Settings
from store.tables import datasets
from store.together import together


@contextmanager
def in_place(
    archive: Archive, settings: Settings, database: Database, staging: Database, present: Set[str]
) -> Iterator[None]:
    """The files of staged datasets that are new; taken away again if their rows do not come."""
    with staging.read() as connection:
        staged = connection.execute(sa.select(datasets)).all()
    new = [row for row in staged if row.id not in present]
    with incoming(settings) as folder:
        for sha256 in sorted({row.blob_sha256 for row in staged}):
            readings = [row for row in new if row.blob_sha256 == sha256]
            _read(archive, settings, staging, folder / sha256, readings)
        with together(database, settings, *(row.blob_sha256 for row in new)):
            try:
                _place(settings, folder, new)
                yield
            finally:
                for row in _absent(database, new):
                    remove_files(database, settings, row.id, row.blob_sha256)


def _read(
    archive: Archive,
    settings: Settings,
    staging: Database,
    file: Path,
    readings: Sequence[sa.Row[Any]],
) -> None:
    """Unpack a file, which is then as its name says, and read it through its new mappings."""
    with file.open("wb") as target:
        target.writelines(archive.pieces(file_path(file.name)))
    for row in readings:
        _inspect(settings, staging, file, row)
    if not readings:
        file.unlink()


def _inspect(settings: Settings, staging: Database, file: Path, row: sa.Row[Any]) -> None:
    try:
        summary = inspect(settings, file, row.mapping, _arrays(file.parent, row), name=row.name)
    except Unreadable as refused:
        raise ArchiveRefused(file_path(row.blob_sha256), str(refused)) from None
    found = datasets.update().where(datasets.c.id == row.id)
    found = found.values(summary=summary.model_dump(mode="json"))
    staging.write(lambda connection: connection.execute(found))


def _place(settings: Settings, folder: Path, new: Sequence[sa.Row[Any]]) -> None:
    """Keep what was unpacked and read."""
    for sha256 in {row.blob_sha256 for row in new}:
        keep(settings, folder / sha256, blob_path(settings, sha256))
    for row in new:
        keep(settings, _arrays(folder, row), arrays_path(settings, row.id))


def _arrays(folder: Path, row: sa.Row[Any]) -> Path:
    return folder / f"{row.id}.npz"


def _absent(database: Database, rows: Sequence[sa.Row[Any]]) -> list[sa.Row[Any]]:
    here = sa.select(datasets.c.id).where(datasets.c.id.in_([row.id for row in rows]))
    with database.read() as connection:
        found = set(connection.execute(here).scalars())
    return [row for row in rows if row.id not in found]
