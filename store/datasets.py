"""Datasets: content-addressed files (`store.dataset_files`), and one row each.

Only the inspecting child ever opens an uploaded file; everybody else reads the plain arrays.
"""

import hashlib
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from core.dataset import DatasetSummary, dataset_id
from core.experiment import Dataset as Arrays
from core.experiment import ExperimentError
from core.npz import in_silence
from core.reading import load_arrays, save_arrays
from core.summary import summarise
from core.synthetic import synthesised
from core.synthetic_spec import SyntheticSpec
from store.children import NoRoom
from store.database import Database
from store.dataset_files import (
    Away,
    arrays_path,
    blob_path,
    is_kept,
    keep,
    present,
    preview_path,
    remove,
)
from store.experiments import Conflict, NotFound
from store.incoming import incoming, sweep
from store.inspection import Unreadable, inspect
from store.settings import Settings
from store.tables import ANONYMOUS, datasets, experiment_datasets, utc_now
from store.together import together


@dataclass(frozen=True)
class Dataset:
    """One dataset as the database has it."""

    id: str
    name: str
    blob_sha256: str
    size_bytes: int
    mapping: Mapping[str, Any] | None
    status: str
    summary: DatasetSummary | None
    error: str | None
    created_at: datetime
    owner: str


@contextmanager
def added(
    database: Database,
    settings: Settings,
    upload: Path,
    *,
    name: str,
    mapping: Mapping[str, Any] | None,
    owner: str = ANONYMOUS,
) -> Iterator[Dataset]:
    """Take an uploaded file in, as `inspecting`; a dataset that is already here stays as it is.

    Nobody else changes it meanwhile.
    """
    sha256 = _file_hash(upload)
    identifier = dataset_id(sha256, mapping)
    row = {
        "id": identifier,
        "name": name,
        "blob_sha256": sha256,
        "size_bytes": upload.stat().st_size,
        "mapping": mapping,
        "status": "inspecting",
        "created_at": utc_now(),
        "owner": owner,
    }

    again = {"status": "inspecting", "error": None}

    def work(connection: sa.Connection) -> None:
        here = datasets.c.id == identifier
        status = connection.execute(sa.select(datasets.c.status).where(here)).scalar()
        if status is None:
            connection.execute(datasets.insert().values(row))
        elif status == "refused":
            connection.execute(datasets.update().where(here).values(again))

    with together(database, settings, sha256):
        with _kept(settings, upload, blob_path(settings, sha256)):
            database.write(work)
        yield get(database, identifier)


@contextmanager
def _kept(settings: Settings, upload: Path, blob: Path) -> Iterator[None]:
    """An upload among the blobs; taken away again, if nobody had it, when its row does not come."""
    is_new = not is_kept(settings, blob)
    try:
        keep(settings, upload, blob)
        yield
    except BaseException:
        if is_new:
            with suppress(Away):
                remove(settings, blob)
        raise


def add_synthetic(
    database: Database,
    settings: Settings,
    spec: SyntheticSpec,
    *,
    name: str,
    owner: str = ANONYMOUS,
) -> Dataset:
    """Make a synthetic session and take it in; the same spec is the same dataset.

    The file is the archive of its arrays.
    """
    arrays = synthesised(spec)
    with incoming(settings) as folder:
        made, copy = folder / "made.npz", folder / "copy.npz"
        save_arrays(arrays, made)
        shutil.copyfile(made, copy)
        with added(database, settings, made, name=name, mapping=None, owner=owner) as dataset:
            if dataset.status == "inspecting":
                make_ready(database, settings, dataset.id, copy, summarise(arrays, "npz"))
            return get(database, dataset.id)


def make_ready(
    database: Database, settings: Settings, identifier: str, arrays: Path, summary: DatasetSummary
) -> None:
    """End the inspection of a file that we made: nobody needs to look into it in a child."""
    keep(settings, arrays, arrays_path(settings, identifier))
    _end(database, identifier, status="ready", summary=summary.model_dump(mode="json"))


def look_into(
    database: Database,
    settings: Settings,
    identifier: str,
    *,
    ending: AbstractContextManager[None] | None = None,
) -> Dataset:
    """Inspect a dataset in a child process and store what was found: `ready` or `refused`.

    `ending` is entered while row and files change. Who finds that the dataset is ready by then, or
    gone, changes nothing; what is not ready keeps no file, and what is gone is not found, unless it
    was refused here too. Raises `NoRoom`, and refuses the dataset, when the disk is full.
    """
    dataset = get(database, identifier)
    with incoming(settings) as folder:
        arrays = folder / "arrays.npz"
        full: NoRoom | None = None
        try:
            found = _found(settings, dataset, arrays)
        except NoRoom as error:
            full, found = error, _refused("the disk was full; send it again when there is room")
        with together(database, settings, dataset.blob_sha256), ending or nullcontext():
            ended = _ended(database, settings, dataset, arrays, found)
    if full is not None:
        raise full
    return ended


def _ended(
    database: Database, settings: Settings, dataset: Dataset, arrays: Path, found: dict[str, Any]
) -> Dataset:
    """Write what was found, unless somebody else has ended the inspection."""
    try:
        meanwhile = get(database, dataset.id)
    except NotFound:
        if found["status"] == "ready":
            raise
        return replace(dataset, **found)  # its other sender knows of the refusal already
    if meanwhile.status != "inspecting":
        return meanwhile
    if found["status"] == "ready":
        keep(settings, arrays, arrays_path(settings, dataset.id))
    _end(database, dataset.id, **found)
    if found["status"] == "refused":
        remove_files(database, settings, dataset.id, dataset.blob_sha256)
    return get(database, dataset.id)


def _found(settings: Settings, dataset: Dataset, arrays: Path) -> dict[str, Any]:
    """What an inspection, which writes the arrays, makes of the row of a dataset."""
    blob = blob_path(settings, dataset.blob_sha256)
    try:
        present(settings, blob)
        summary = inspect(settings, blob, dataset.mapping, arrays, name=dataset.name)
    except NoRoom:
        raise
    except (Unreadable, OSError) as refused:
        return _refused(str(refused))
    return {"status": "ready", "summary": summary.model_dump(mode="json")}


def _refused(why: str) -> dict[str, Any]:
    return {"status": "refused", "error": why}


def interrupted(database: Database, settings: Settings) -> list[str]:
    """Datasets whose inspection somebody began and nobody ended; clears what it left on disk."""
    sweep(settings)
    query = sa.select(datasets.c.id).where(datasets.c.status == "inspecting")
    with database.read() as connection:
        return list(connection.execute(query).scalars())


def get(database: Database, identifier: str) -> Dataset:
    """One dataset; raises `NotFound`."""
    with database.read() as connection:
        row = connection.execute(sa.select(datasets).where(datasets.c.id == identifier)).first()
    if row is None:
        raise NotFound(f"no dataset has the id {identifier}")
    return _dataset(row)


def newest(
    database: Database, limit: int, before: tuple[datetime, str] | None = None
) -> list[Dataset]:
    """The newest datasets, those before a moment and id when given."""
    order = (datasets.c.created_at, datasets.c.id)
    query = sa.select(datasets).order_by(*(column.desc() for column in order)).limit(limit)
    if before is not None:
        query = query.where(
            sa.tuple_(*order)
            < sa.tuple_(sa.literal(before[0], datasets.c.created_at.type), before[1])
        )
    with database.read() as connection:
        return [_dataset(row) for row in connection.execute(query)]


def delete(database: Database, settings: Settings, identifier: str) -> None:
    """Delete a dataset that no experiment uses."""
    if not _deleted(database, settings, get(database, identifier)):
        raise Conflict("experiments use this dataset; delete them first")


def forget_refused(database: Database, settings: Settings, identifier: str) -> None:
    """Delete a dataset whose sender knows of its refusal, unless it has come again."""
    with suppress(NotFound):
        _deleted(database, settings, get(database, identifier), datasets.c.status == "refused")


def _deleted(
    database: Database, settings: Settings, dataset: Dataset, *only: sa.ColumnElement[bool]
) -> bool:
    used = sa.exists().where(experiment_datasets.c.dataset_id == dataset.id)
    change = datasets.delete().where(datasets.c.id == dataset.id, ~used, *only)
    with together(database, settings, dataset.blob_sha256):
        gone = database.write(lambda connection: connection.execute(change).rowcount > 0)
        if gone:
            remove_files(database, settings, dataset.id, dataset.blob_sha256)
    return gone


def summaries(database: Database, identifiers: tuple[str, ...]) -> dict[str, DatasetSummary]:
    """What inspection found in each of these datasets that is ready."""
    query = sa.select(datasets).where(datasets.c.id.in_(identifiers), datasets.c.status == "ready")
    with database.read() as connection:
        found = [_dataset(row) for row in connection.execute(query)]
    return {dataset.id: dataset.summary for dataset in found if dataset.summary is not None}


def load(
    settings: Settings, identifier: str, still_here: Callable[[], None] = in_silence
) -> Arrays:
    """The arrays of a dataset, for a run, which says all the while that it is still there."""
    path = arrays_path(settings, identifier)
    try:
        here = present(settings, path, still_here)
    except Away as away:
        raise ExperimentError(f"dataset {identifier} cannot be fetched: {away}") from None
    if not here:
        raise ExperimentError(f"dataset {identifier} has no file on this machine")
    return load_arrays(path, max_bytes=settings.max_array_bytes, still_here=still_here)


def remove_files(database: Database, settings: Settings, identifier: str, blob_sha256: str) -> None:
    """Remove a dataset's arrays and preview, and its blob unless another mapping uses it."""
    remove(settings, arrays_path(settings, identifier))
    for kept in preview_path(settings, identifier).parent.glob(f"{identifier}.*"):
        kept.unlink(missing_ok=True)
    other = (
        sa.select(datasets.c.id)
        .where(datasets.c.blob_sha256 == blob_sha256, datasets.c.id != identifier)
        .where(datasets.c.status != "refused")
    )
    with database.read() as connection:
        shared = connection.execute(other).first() is not None
    if not shared:
        remove(settings, blob_path(settings, blob_sha256))


def _end(database: Database, identifier: str, **values: Any) -> None:
    """End the inspection of a dataset, unless that was done."""
    going_on = (datasets.c.id == identifier, datasets.c.status == "inspecting")
    change = datasets.update().where(*going_on).values(**values)
    database.write(lambda connection: connection.execute(change))


def _file_hash(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _dataset(row: sa.Row[Any]) -> Dataset:
    columns = dict(row._mapping)
    summary = columns.pop("summary")
    return Dataset(
        summary=None if summary is None else DatasetSummary.model_validate(summary), **columns
    )
