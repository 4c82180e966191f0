"""The metric rows of one kind, read back from CSV.

The columns of parameters are there for the reader: whoever imports takes them from the spec.
"""

import csv
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from core.experiment import Kind
from core.kinds import KINDS
from store.archives.manifest import ArchiveRefused, results_path
from store.archives.rows import Wrong, batches, insert
from store.archives.unzipping import Archive
from store.kind_tables import medians, parameters, results
from store.tables import experiments

KEYS = ("experiment_id", "arm", "replicate")
MOST_REPLICATE, MOST_INTEGER = 2**31, 2**63


def stage_metric_rows(archive: Archive, connection: sa.Connection) -> None:
    """Stage the rows of every kind, with the parameters and the sweep of their experiments."""
    kinds = connection.execute(sa.select(experiments.c.kind).distinct()).scalars().all()
    paths = {results_path(kind): kind for kind in kinds}
    for path in archive.members:
        if path.startswith("results/") and path not in paths:
            raise ArchiveRefused(path, "no experiment of the archive is of this kind")
    for path, kind in paths.items():
        try:
            for batch in batches(_read(KINDS[kind], archive.lines(path))):
                insert(connection, path, [{results[kind]: _completed(connection, kind, batch)}])
            _check_all_there(connection, kind)
        except Wrong as wrong:
            raise ArchiveRefused(path, str(wrong)) from None


def _check_all_there(connection: sa.Connection, kind: str) -> None:
    middle, rows = medians[kind], results[kind]
    theirs = (rows.c.experiment_id == middle.c.experiment_id, rows.c.arm == middle.c.arm)
    lacking = sa.select(middle.c.experiment_id, middle.c.arm).where(~sa.exists().where(*theirs))
    for row in connection.execute(lacking.limit(1)):
        raise Wrong(f"experiment {row.experiment_id} has no row for {row.arm!r}")


def _completed(
    connection: sa.Connection, kind: str, rows: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    own = parameters[kind]
    query = (
        sa.select(own, experiments.c.sweep_id, experiments.c.summary)
        .join(experiments, experiments.c.id == own.c.experiment_id)
        .where(own.c.experiment_id.in_({row["experiment_id"] for row in rows}))
    )
    shared = {row["experiment_id"]: dict(row) for row in connection.execute(query).mappings()}
    arms = {identifier: row.pop("summary") or {} for identifier, row in shared.items()}
    for row in rows:
        if row["arm"] not in arms.get(row["experiment_id"], {}):
            raise Wrong(f"no experiment {row['experiment_id']} has a result for {row['arm']!r}")
    return [{**shared[row["experiment_id"]], **row} for row in rows]


def _read(kind: Kind[Any], lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Keys and metrics of every row; a metric whose column is absent is null."""
    reader = csv.reader(lines, strict=True)
    try:
        places = _places(kind, next(reader, []))
        for cells in reader:
            if len(cells) != len(places):
                raise ValueError(f"{len(cells)} fields under {len(places)} names")
            yield _row(kind, places, cells)
    except (csv.Error, ValueError) as wrong:
        raise Wrong(f"line {reader.line_num}: {wrong}") from None


def _places(kind: Kind[Any], header: Sequence[str]) -> Mapping[str, int]:
    places = {name: place for place, name in enumerate(header)}
    absent = [name for name in KEYS if name not in places]
    if absent or len(places) < len(header):
        raise ValueError(f"a name is there twice, or {', '.join(KEYS)} are not all there")
    known = {*KEYS, "sweep_id", *(column.name for column in kind.columns), *kind.metrics}
    for name in header:
        if name not in known:
            raise ValueError(f"{kind.name} has no column {name[:100]}")
    return places


def _row(kind: Kind[Any], places: Mapping[str, int], cells: Sequence[str]) -> dict[str, Any]:
    metrics = {
        name: _value(name, metric.type, cells[places[name]]) if name in places else None
        for name, metric in kind.metrics.items()
    }
    replicate = _value("replicate", "integer", cells[places["replicate"]])
    if replicate is None or not 0 <= replicate < MOST_REPLICATE:
        raise ValueError(f"replicate = {cells[places['replicate']]!r} is not one")
    texts = {name: cells[places[name]] for name in ("experiment_id", "arm")}
    return {**texts, "replicate": replicate, **metrics}


def _value(name: str, kind_of: str, text: str) -> float | int | bool | None:
    try:
        return _READERS[kind_of](text) if text else None
    except (ValueError, KeyError):
        raise ValueError(f"{name} = {text[:80]!r} is no {kind_of}") from None


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a value that is not finite is left empty")
    return value


def _integer(text: str) -> int:
    value = int(text)
    if abs(value) >= MOST_INTEGER:
        raise ValueError("no database keeps it")
    return value


_READERS: Mapping[str, Callable[[str], float | int | bool]] = {
    "number": _number,
    "integer": _integer,
    "boolean": {"true": True, "false": False}.__getitem__,
}
