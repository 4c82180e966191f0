"""From a database to an archive: every pass reads one snapshot, some rows at a time.

Metric rows are CSV, not Parquet: any program of any age reads it, and numbers written by `repr`
come back bit for bit.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import sqlalchemy as sa

from core.experiment import Kind
from core.kinds import KINDS
from store.archives.array_files import inflated
from store.archives.entries import (
    AT_ONCE,
    DatasetEntry,
    SweepEntry,
    experiment_entries,
)
from store.archives.manifest import (
    EXPERIMENTS,
    MANIFEST,
    MOST_MEMBERS,
    README,
    README_TEXT,
    SWEEPS,
    WHOLE,
    ArchiveTooLarge,
    Skipped,
    array_path,
    dataset_path,
    file_path,
    manifest_pieces,
    results_path,
)
from store.archives.zip_stream import CHUNK_BYTES, ZipStream
from store.database import Database
from store.dataset_files import blob_path, present
from store.experiments import Conflict, NotFound
from store.kind_tables import results
from store.query.experiments import matching
from store.settings import Settings
from store.tables import (
    TERMINAL,
    arrays,
    datasets,
    experiment_datasets,
    experiments,
    sweeps,
    utc_now,
)

MOST_ARRAYS = MOST_MEMBERS - 10_000  # with room for datasets


class NothingChosen(Exception):
    """A selection that finds nothing to write."""


@dataclass(frozen=True)
class Selection:
    """What is to be exported: experiments by filter and by id, whole sweeps, datasets."""

    where: str | None = None
    experiments: Sequence[str] = ()
    sweeps: Sequence[str] = ()
    datasets: Sequence[str] = ()


def export(database: Database, settings: Settings, selection: Selection) -> Iterator[bytes]:
    """The bytes of an archive; what cannot be exported is refused before the first of them.

    Experiments bring the sweeps they belong to and the datasets they ran on.
    """
    wanted = _Wanted(selection)
    with database.read() as connection:
        _check_ids(connection, selection)
        _check_datasets(connection, settings, wanted)
        _check_content(connection, wanted)
        _check_size(connection, wanted)
    return _written(database, settings, wanted)


class _Wanted:
    """The selection as queries for ids."""

    def __init__(self, selection: Selection) -> None:
        chosen = sa.or_(
            experiments.c.id.in_(selection.experiments),
            experiments.c.sweep_id.in_(selection.sweeps),
        )
        if selection.where is not None:
            chosen |= experiments.c.id.in_(matching(selection.where))
        ended = experiments.c.status.in_(TERMINAL)
        self.experiments = sa.select(experiments.c.id).where(chosen, ended)
        self.skipped = sa.select(experiments.c.id, experiments.c.status).where(chosen, ~ended)
        of_children = sa.select(experiments.c.sweep_id).where(chosen, ended)
        self.sweeps = sa.or_(sweeps.c.id.in_(selection.sweeps), sweeps.c.id.in_(of_children))
        used = sa.select(experiment_datasets.c.dataset_id).where(
            experiment_datasets.c.experiment_id.in_(self.experiments)
        )
        self.datasets = sa.or_(datasets.c.id.in_(selection.datasets), datasets.c.id.in_(used))


def _check_ids(connection: sa.Connection, selection: Selection) -> None:
    for table, noun, asked in (
        (experiments, "experiment", selection.experiments),
        (sweeps, "sweep", selection.sweeps),
        (datasets, "dataset", selection.datasets),
    ):
        found = connection.execute(sa.select(table.c.id).where(table.c.id.in_(asked))).scalars()
        absent = sorted(set(asked) - set(found))
        if absent:
            raise NotFound(f"no {noun} has the id {absent[0]}")


def _check_datasets(connection: sa.Connection, settings: Settings, wanted: _Wanted) -> None:
    columns = (datasets.c.id, datasets.c.status, datasets.c.blob_sha256)
    for row in connection.execute(sa.select(*columns).where(wanted.datasets)):
        if row.status != "ready":
            raise Conflict(f"dataset {row.id} is not ready: {row.status}")
        if not present(settings, blob_path(settings, row.blob_sha256)):
            raise Conflict(f"dataset {row.id} has no file on this machine")


def _check_content(connection: sa.Connection, wanted: _Wanted) -> None:
    for condition in (experiments.c.id.in_(wanted.experiments), wanted.sweeps, wanted.datasets):
        if connection.execute(sa.select(sa.exists().where(condition))).scalar_one():
            return
    running = connection.execute(wanted.skipped.limit(1)).first()
    empty = "an archive of this would be empty"
    if running:
        raise Conflict(f"{empty}: experiment {running.id} is {running.status}")
    raise NothingChosen(f"{empty}: nothing is found")


def _check_size(connection: sa.Connection, wanted: _Wanted) -> None:
    own = arrays.c.experiment_id.in_(wanted.experiments)
    count = connection.execute(sa.select(sa.func.count()).select_from(arrays).where(own))
    if count.scalar_one() > MOST_ARRAYS:
        message = f"it would have more than {MOST_ARRAYS} arrays; export it in parts"
        raise ArchiveTooLarge(WHOLE, message)


def _written(database: Database, settings: Settings, wanted: _Wanted) -> Iterator[bytes]:
    with (
        _snapshot(database) as connection,
        TemporaryFile() as directory,
        TemporaryFile() as listed,
    ):
        archive = ZipStream(directory)
        for path, content in _members(connection, settings, wanted):
            member = yield from archive.member(path, content)
            listed.write(_line(member))
        listed.seek(0)
        pieces = manifest_pieces(utc_now(), _skipped(connection, wanted), listed)
        yield from archive.member(MANIFEST, pieces)
        yield from archive.end()


@contextmanager
def _snapshot(database: Database) -> Iterator[sa.Connection]:
    """One state of the database for all that is read; SQLite's transactions are so anyway."""
    with database.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin():
            yield connection


def _members(
    connection: sa.Connection, settings: Settings, wanted: _Wanted
) -> Iterator[tuple[str, Iterable[bytes]]]:
    yield README, [README_TEXT.encode()]
    ordered = wanted.experiments.order_by(experiments.c.id)
    yield EXPERIMENTS, map(_line, experiment_entries(connection, ordered))
    yield SWEEPS, _sweeps(connection, wanted)
    kinds = sa.select(experiments.c.kind).where(experiments.c.id.in_(wanted.experiments)).distinct()
    for kind in sorted(connection.execute(kinds).scalars()):
        yield results_path(kind), _rows(connection, KINDS[kind], wanted)
    yield from _arrays(connection, ordered)
    yield from _datasets(connection, settings, wanted)


def _line(entry: Any) -> bytes:
    return f"{entry.model_dump_json()}\n".encode()


def _streamed(connection: sa.Connection, query: sa.Select[Any]) -> Iterator[Sequence[sa.Row[Any]]]:
    with connection.execute(query, execution_options={"yield_per": AT_ONCE}) as found:
        yield from found.partitions()


def _sweeps(connection: sa.Connection, wanted: _Wanted) -> Iterator[bytes]:
    columns = (sweeps.c[name] for name in SweepEntry.model_fields)
    for batch in _streamed(connection, sa.select(*columns).where(wanted.sweeps)):
        for row in batch:
            yield _line(SweepEntry.model_validate(dict(row._mapping)))


def _skipped(connection: sa.Connection, wanted: _Wanted) -> Iterator[bytes]:
    for batch in _streamed(connection, wanted.skipped):
        for row in batch:
            yield _line(Skipped(id=row.id, status=row.status))


def _rows(connection: sa.Connection, kind: Kind[Any], wanted: _Wanted) -> Iterator[bytes]:
    table = results[kind.name]
    own = [*(column.name for column in kind.columns), *kind.metrics]
    names = ["experiment_id", "arm", "replicate", "sweep_id", *own]
    query = sa.select(*(table.c[name] for name in names))
    query = query.where(table.c.experiment_id.in_(wanted.experiments))
    yield _csv([names])
    for batch in _streamed(connection, query.order_by(*table.primary_key)):
        yield _csv(map(_plain, row) for row in batch)


def _csv(lines: Iterable[Iterable[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(lines)
    return text.getvalue().encode()


def _plain(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def _arrays(
    connection: sa.Connection, identifiers: sa.Select[tuple[str]]
) -> Iterator[tuple[str, Iterable[bytes]]]:
    own = arrays.c.experiment_id == sa.bindparam("experiment")
    query = sa.select(arrays.c.name, arrays.c.content).where(own).order_by(arrays.c.name)
    for batch in _streamed(connection, identifiers):
        for (experiment,) in batch:
            for name, content in connection.execute(query, {"experiment": experiment}):
                yield array_path(experiment, name), inflated(content)


def _datasets(
    connection: sa.Connection, settings: Settings, wanted: _Wanted
) -> Iterator[tuple[str, Iterable[bytes]]]:
    columns = (datasets.c[name] for name in DatasetEntry.model_fields)
    query = sa.select(*columns).where(wanted.datasets).order_by(datasets.c.blob_sha256)
    sent = None
    for batch in _streamed(connection, query):
        for row in batch:
            entry = DatasetEntry.model_validate(dict(row._mapping))
            yield dataset_path(entry.id), [_line(entry)]
            if entry.blob_sha256 != sent:  # several mappings may read one file
                sent = entry.blob_sha256
                yield file_path(sent), _file(blob_path(settings, sent))


def _file(path: Path) -> Iterator[bytes]:
    with path.open("rb") as content:
        yield from iter(partial(content.read, CHUNK_BYTES), b"")
