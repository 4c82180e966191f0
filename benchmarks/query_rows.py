"""Synthetic experiments for the benchmark of the query language: many rows, written in bulk."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import numpy as np
import sqlalchemy as sa

from core.kinds import KINDS
from store.database import Database
from store.kind_tables import medians, parameters, results
from store.tables import experiments, sweeps

KIND = "curl_descent.simulation"
ARMS = ("curl_descent", "gradient_descent")
AXES = ("compression_ratio", "readout_fraction")
REPLICATES = 20
OF_SWEEP = 50  # experiments in one sweep: 2000 rows
AT_ONCE = 10_000
MADE = 100_000  # rows beyond these are copies of them
SCALARS = {"integer": 7, "boolean": False, "text": "tanh", "number": 0.5}

key_value = sa.Table(
    "key_value",
    sa.MetaData(),
    sa.Column("row", sa.BigInteger),
    sa.Column("name", sa.String(100)),
    sa.Column("value", sa.Double),
    sa.Index("ix_key_value_name_value", "name", "value", "row"),
    sa.Index("ix_key_value_row_name", "row", "name", "value"),
)
TABLES = (sweeps, experiments, parameters[KIND], medians[KIND], results[KIND])
_IDS = ("id", "experiment_id", "sweep_id")


def fill(database: Database, rows: int) -> None:
    """At least that many metric rows with their experiments, medians, and key-value twins."""
    copies = -(-rows // MADE)
    count = -(-rows // (copies * len(ARMS) * REPLICATES))
    with database.engine.begin() as connection:
        key_value.create(connection)
    with _indexed_afterwards(database):
        _make(database, count)
        for number in range(1, copies):
            _copy(database, number)
        _copy_as_key_values(database)
    _analyse(database)


@contextmanager
def _indexed_afterwards(database: Database) -> Iterator[None]:
    """Without indexes meanwhile: to sort ten million keys once is many times as fast."""
    indexes = [index for table in (*TABLES, key_value) for index in table.indexes]
    with database.engine.begin() as connection:
        for index in indexes:
            index.drop(connection)
    yield
    with database.engine.begin() as connection:
        for index in indexes:
            index.create(connection)


def fill_experiments(database: Database, count: int) -> None:
    """As many experiments as lists and pages show them: whole specs and medians, no metric rows."""
    specs = _parameters(count)
    shown = {
        "spec": KINDS[KIND].example().model_dump(mode="json"),
        "summary": _summary(),
        "estimate": {"memory_bytes": 1_000_000, "operations": 1_000_000, "seconds": 1.0},
    }
    swept = {"definition": {"base": {}, "axes": {name: [0.1, 1.0] for name in AXES}}}
    points = ({"point": {name: spec[name] for name in AXES}} for spec in specs)
    rows = ({**_experiment(i, count), **shown, **point} for i, point in enumerate(points))
    _insert(database, sweeps, ({**_sweep(n), **swept} for n in range(count // OF_SWEEP + 1)))
    _insert(database, experiments, rows)
    _insert(
        database,
        parameters[KIND],
        ({"experiment_id": experiment_id(i), **p} for i, p in enumerate(specs)),
    )
    _insert(database, medians[KIND], _medians(specs))
    _analyse(database)


def _summary() -> dict[str, Any]:
    metric = {"median": 0.5, "missing": 0}
    return {arm: dict.fromkeys(KINDS[KIND].metrics, metric) for arm in ARMS}


def _make(database: Database, count: int) -> None:
    specs = _parameters(count)
    _insert(database, sweeps, map(_sweep, range(count // OF_SWEEP + 1)))
    _insert(database, experiments, (_experiment(place, count) for place in range(count)))
    _insert(
        database,
        parameters[KIND],
        ({"experiment_id": experiment_id(i), **p} for i, p in enumerate(specs)),
    )
    _insert(database, medians[KIND], _medians(specs))
    _insert(database, results[KIND], _rows(specs))


def _copy(database: Database, number: int) -> None:
    """What was made once more under other ids; the database does it, which is much faster."""
    with database.engine.begin() as connection:
        for table in TABLES:
            columns = [_renumbered(c, number) if c.name in _IDS else c for c in table.c]
            made = next(c for c in table.c if c.name in _IDS)
            query = sa.select(*columns).where(made < "0001")
            connection.execute(table.insert().from_select(table.c.keys(), query))


def _copy_as_key_values(database: Database) -> None:
    rows = results[KIND]
    number = sa.func.row_number().over(order_by=list(rows.primary_key.columns))
    with database.engine.begin() as connection:
        for name in ("compression_ratio", "readout_fraction", "final_test_error"):
            twins = sa.select(number, sa.literal(name), rows.c[name])
            connection.execute(key_value.insert().from_select(key_value.c.keys(), twins))


def _analyse(database: Database) -> None:
    """Statistics for the planner; on PostgreSQL also what autovacuum does by and by."""
    word = "VACUUM (ANALYZE)" if database.engine.dialect.name == "postgresql" else "ANALYZE"
    with database.engine.connect() as connection:
        connection = connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.execute(sa.text(word))


def _renumbered(id: sa.Column[Any], number: int) -> sa.ColumnElement[str]:
    return sa.literal(f"{number:04x}").concat(sa.func.substr(id, 5))


def _parameters(count: int) -> list[dict[str, Any]]:
    random = np.random.default_rng(0)
    fixed = {column.name: SCALARS[column.type] for column in KINDS[KIND].columns}
    ratios = np.round(random.choice(np.logspace(-1, 1, 50), count), 6).tolist()
    fractions = np.round(random.integers(0, 11, count) / 10, 6).tolist()
    return [
        {**fixed, "compression_ratio": ratio, "readout_fraction": fraction, "seed": place}
        for place, (ratio, fraction) in enumerate(zip(ratios, fractions, strict=True))
    ]


def _rows(specs: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for place, (spec, errors) in enumerate(zip(specs, _errors(len(specs)), strict=True)):
        for number, error in enumerate(errors):
            arm, replicate = divmod(number, REPLICATES)
            keys = {"experiment_id": experiment_id(place), "arm": ARMS[arm], "replicate": replicate}
            yield {**keys, "sweep_id": sweep_id(place // OF_SWEEP), **spec, **_metrics(error)}


def _errors(count: int) -> Iterator[list[float]]:
    """Test errors, the same at every call: 1e-12 to 1, uniform in their logarithm."""
    random = np.random.default_rng(1)
    for _ in range(count):
        yield (10 ** random.uniform(-12, 0, len(ARMS) * REPLICATES)).tolist()


def _metrics(error: float) -> dict[str, Any]:
    flags = {name: SCALARS[metric.type] for name, metric in KINDS[KIND].metrics.items()}
    return {**flags, "final_test_error": error, "final_train_error": error * 0.9}


def _medians(specs: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for place, errors in enumerate(_errors(len(specs))):
        for number, arm in enumerate(ARMS):
            own = errors[number * REPLICATES : (number + 1) * REPLICATES]
            plain = dict.fromkeys(KINDS[KIND].metrics, 0.5)
            middle = {**plain, "final_test_error": sorted(own)[REPLICATES // 2]}
            yield {"experiment_id": experiment_id(place), "arm": arm, **middle}


def experiment_id(place: int) -> str:
    """The id of the n-th experiment."""
    return f"{place + 1:08x}-0000-7000-8000-000000000000"


def sweep_id(number: int) -> str:
    """The id of the n-th sweep."""
    return f"{number + 1:08x}-0000-7000-9000-000000000000"


def _sweep(number: int) -> dict[str, Any]:
    made = {"created_at": datetime(2026, 1, 1, tzinfo=UTC), "request_hash": ""}
    return {"id": sweep_id(number), "kind": KIND, "definition": {}, **made}


def _experiment(place: int, count: int) -> dict[str, Any]:
    return {
        "id": experiment_id(place),
        "kind": KIND,
        "kind_version": 1,
        "status": "succeeded",
        "priority": 0,
        "sweep_id": sweep_id(place // OF_SWEEP),
        "spec": {"replicates": REPLICATES},
        "spec_hash": "",
        "request_hash": "",
        "progress": 1.0,
        "live": {},
        "attempt": 1,
        "lost_attempts": 0,
        "cancel_requested": False,
        "created_at": datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=place),
        "estimate": {},
        "disk_bytes": 0,
    }


def _insert(database: Database, table: sa.Table, rows: Iterable[dict[str, Any]]) -> None:
    waiting = iter(rows)
    with database.engine.begin() as connection:
        while batch := list(islice(waiting, AT_ONCE)):
            connection.execute(table.insert(), batch)
