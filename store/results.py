"""Results as rows: typed metric rows and compressed arrays, written as the experiment ends."""

import io
import math
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from core.experiment import Array, Kind, Result, Row, Spec
from core.kinds import KINDS
from store.database import Database
from store.experiments import Conflict, NotFound, get
from store.kind_tables import medians, results
from store.tables import arrays, experiments
from store.transitions import Claim, finish

PACKED_AT_ONCE = 2**22
"""Bytes that are compressed in about 0.1 s."""

Value = float | int | bool | None
Summary = Mapping[str, Mapping[str, Mapping[str, float | None]]]


@dataclass(frozen=True)
class Outcome:
    """A result made ready for the database, so that the transaction only writes."""

    rows: Sequence[Mapping[str, Any]]
    medians: Sequence[Mapping[str, Any]]
    arrays: Sequence[Mapping[str, Any]]
    summary: Summary
    warnings: Sequence[str]
    versions: Mapping[str, str]
    reading: str = ""

    @property
    def disk_bytes(self) -> int:
        """What the arrays take in the database, compressed."""
        return sum(len(array["content"]) for array in self.arrays)


def no_pause() -> None:
    """What is called between parts of the work where nobody waits for it."""


def prepare(
    identifier: str,
    kind: Kind[Any],
    spec: Spec,
    result: Result,
    versions: Mapping[str, str],
    pause: Callable[[], None] = no_pause,
) -> Outcome:
    """Turn a result into table rows; numbers that are not finite become null.

    Packing large arrays takes longer than a lease lasts: `pause` is called every few megabytes, to
    renew it.
    """
    metric_rows = kind.rows(spec, result)
    parameters = kind.parameters(spec)
    summary = _summary(kind, metric_rows)
    return Outcome(
        rows=[
            {
                "experiment_id": identifier,
                "arm": row.arm,
                "replicate": row.replicate,
                **parameters,
                **{name: finite(row.metrics.get(name)) for name in kind.metrics},
            }
            for row in metric_rows
        ],
        medians=[
            {
                "experiment_id": identifier,
                "arm": arm,
                **{name: metric["median"] for name, metric in metrics.items()},
            }
            for arm, metrics in summary.items()
        ],
        arrays=[
            {"experiment_id": identifier, **_packed(name, array, pause)}
            for name, array in result.arrays.items()
        ],
        summary=summary,
        warnings=result.warnings,
        versions=versions,
        reading=kind.reading(spec, result),
    )


def commit(database: Database, claimed: Claim, outcome: Outcome) -> None:
    """End the attempt as succeeded and write everything that came out of it, or nothing at all."""

    def work(connection: sa.Connection) -> None:
        finish(
            connection,
            claimed,
            "succeeded",
            progress=1.0,
            summary=outcome.summary,
            warnings=list(outcome.warnings),
            reading=outcome.reading or None,
            versions=outcome.versions,
            disk_bytes=outcome.disk_bytes,
        )
        if outcome.rows:
            sweep = sa.select(experiments.c.sweep_id).where(experiments.c.id == claimed.id)
            of_sweep = {"sweep_id": connection.execute(sweep).scalar()}
            rows = [{**row, **of_sweep} for row in outcome.rows]
            connection.execute(results[claimed.kind].insert(), rows)
            connection.execute(medians[claimed.kind].insert(), outcome.medians)
        if outcome.arrays:
            connection.execute(arrays.insert(), outcome.arrays)

    database.write(work)


def rows(database: Database, identifier: str) -> list[Row]:
    """The metric rows of an experiment, by arm and replicate; empty until it succeeded."""
    experiment = get(database, identifier)
    order = {arm: place for place, arm in enumerate(experiment.summary or ())}
    table = results[experiment.kind]
    query = sa.select(table).where(table.c.experiment_id == identifier)
    with database.read() as connection:
        found = connection.execute(query.order_by(table.c.replicate)).mappings().all()
    found = sorted(found, key=lambda row: order[row["arm"]])
    names = KINDS[experiment.kind].metrics
    return [Row(row["arm"], row["replicate"], {name: row[name] for name in names}) for row in found]


@dataclass(frozen=True)
class ArrayEntry:
    """One stored array without its values."""

    name: str
    axes: tuple[str, ...]
    shape: tuple[int, ...]
    dtype: str
    unit: str


def catalogue(database: Database, identifier: str) -> list[ArrayEntry]:
    """The arrays of an experiment; empty until it succeeded."""
    get(database, identifier)
    columns = (arrays.c.name, arrays.c.axes, arrays.c.shape, arrays.c.dtype, arrays.c.unit)
    query = sa.select(*columns).where(arrays.c.experiment_id == identifier).order_by(arrays.c.name)
    with database.read() as connection:
        found = connection.execute(query).all()
    return [
        ArrayEntry(row.name, tuple(row.axes), tuple(row.shape), row.dtype, row.unit)
        for row in found
    ]


def array(database: Database, identifier: str, name: str) -> Array:
    """One array of an experiment; raises `NotFound`."""
    get(database, identifier)
    query = sa.select(arrays).where(arrays.c.experiment_id == identifier, arrays.c.name == name)
    with database.read() as connection:
        row = connection.execute(query).first()
    if row is None:
        raise NotFound(f"experiment {identifier} has no array named {name}")
    return Array(unpacked(row.content), tuple(row.axes), row.unit)


def result(database: Database, identifier: str) -> Result:
    """All arrays and warnings of an experiment; raises `Conflict` unless it succeeded."""
    experiment = get(database, identifier)
    if experiment.status != "succeeded":
        raise Conflict(f"the experiment is {experiment.status}; it has no result")
    query = sa.select(arrays).where(arrays.c.experiment_id == identifier)
    with database.read() as connection:
        found = connection.execute(query).all()
    return Result(
        {row.name: Array(unpacked(row.content), tuple(row.axes), row.unit) for row in found},
        tuple(experiment.warnings or ()),
    )


def packed(values: NDArray[Any], pause: Callable[[], None] = no_pause) -> bytes:
    """An array as zlib-compressed `.npy` bytes: `np.load(io.BytesIO(zlib.decompress(content)))`."""
    file = _Compressing(pause)
    np.save(file, np.asarray(values), allow_pickle=False)
    return file.content()


class _Compressing:
    """A file that keeps only the compressed bytes; NumPy writes 16 MiB at a time to it."""

    def __init__(self, pause: Callable[[], None]) -> None:
        self._pause = pause
        self._compressor = zlib.compressobj(level=1)
        self._parts: list[bytes] = []

    def write(self, part: bytes) -> int:
        """Take the next bytes."""
        for first in range(0, len(part), PACKED_AT_ONCE):
            self._pause()
            some = memoryview(part)[first : first + PACKED_AT_ONCE]
            self._parts.append(self._compressor.compress(some))
        return len(part)

    def content(self) -> bytes:
        """All that was written, compressed."""
        return b"".join([*self._parts, self._compressor.flush()])


def unpacked(content: bytes) -> NDArray[Any]:
    """The array that `packed` packed."""
    values: NDArray[Any] = np.load(io.BytesIO(zlib.decompress(content)), allow_pickle=False)
    return values


def finite(value: Any) -> Value:
    """A plain Python number, or None for one that is missing or not finite."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, np.generic):
        return finite(value.item())
    return value if math.isfinite(value) else None


def _packed(name: str, array: Array, pause: Callable[[], None]) -> dict[str, Any]:
    return {
        "name": name,
        "axes": list(array.axes),
        "shape": list(array.values.shape),
        "dtype": str(array.values.dtype),
        "unit": array.unit,
        "content": packed(array.values, pause),
    }


def _summary(kind: Kind[Any], found: Sequence[Row]) -> Summary:
    """Per arm and metric, the middle of the replicates, and how many have no value."""
    arms = dict.fromkeys(row.arm for row in found)
    return {
        arm: {
            name: middle([finite(row.metrics.get(name)) for row in found if row.arm == arm])
            for name in kind.metrics
        }
        for arm in arms
    }


def middle(values: Sequence[Value]) -> Mapping[str, float | None]:
    """The median, a missing value counting as larger than any; of flags, the share that is true.

    A replicate that diverged, or never got to its threshold, has no value. Left out, it would make
    the rest look typical: three of five that never arrive have no median time of arrival.
    """
    known = [float(value) for value in values if value is not None]
    missing = len(values) - len(known)
    if any(isinstance(value, bool) for value in values):
        return {"median": sum(known) / len(known), "missing": missing}
    found = median([*known, *[math.inf] * missing])
    return {"median": found if math.isfinite(found) else None, "missing": missing}
