"""The dataset files of an archive, put where uploads are kept before their rows are written.

A file is read as an upload is: by a child process under limits, whose findings become the summary.
"""

from collections.abc import Iterator, Sequence, Set
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from store.archives.manifest import ArchiveRefused, file_path
from store.archives.unzipping import Archive
from store.database import Database
from store.dataset_files import arrays_path, blob_path, incoming_path, publish
from store.datasets import remove_files
from store.inspection import Unreadable, inspect
from store.settings import Settings
from store.tables import datasets


@contextmanager
def in_place(
    archive: Archive, settings: Settings, database: Database, staging: Database, present: Set[str]
) -> Iterator[None]:
    """The files of staged datasets that are new; taken away again if their rows do not come."""
    with staging.read() as connection:
        staged = connection.execute(sa.select(datasets)).all()
    new = [row for row in staged if row.id not in present]
    try:
        for sha256 in sorted({row.blob_sha256 for row in staged}):
            readings = [row for row in new if row.blob_sha256 == sha256]
            _place(archive, settings, staging, sha256, readings)
        yield
    finally:
        for row in _absent(database, new):
            remove_files(database, settings, row.id, row.blob_sha256)


def _place(
    archive: Archive,
    settings: Settings,
    staging: Database,
    sha256: str,
    readings: Sequence[sa.Row[Any]],
) -> None:
    """Unpack a file, read it through its new mappings, and keep it if there are any."""
    unpacked = incoming_path(settings, uuid4().hex)
    try:
        with unpacked.open("wb") as target:
            target.writelines(archive.pieces(file_path(sha256)))
        for row in readings:
            _inspect(settings, staging, unpacked, row)
        if readings:
            blob = blob_path(settings, sha256)
            blob.parent.mkdir(parents=True, exist_ok=True)
            unpacked.replace(blob)
            publish(settings, blob)
    finally:
        unpacked.unlink(missing_ok=True)


def _inspect(settings: Settings, staging: Database, file: Path, row: sa.Row[Any]) -> None:
    target = arrays_path(settings, row.id)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        summary = inspect(settings, file, row.mapping, target, name=row.name)
        publish(settings, target)
    except Unreadable as refused:
        raise ArchiveRefused(file_path(row.blob_sha256), str(refused)) from None
    found = datasets.update().where(datasets.c.id == row.id)
    found = found.values(summary=summary.model_dump(mode="json"))
    staging.write(lambda connection: connection.execute(found))


def _absent(database: Database, rows: Sequence[sa.Row[Any]]) -> list[sa.Row[Any]]:
    here = sa.select(datasets.c.id).where(datasets.c.id.in_([row.id for row in rows]))
    with database.read() as connection:
        found = set(connection.execute(here).scalars())
    return [row for row in rows if row.id not in found]
