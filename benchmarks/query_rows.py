"""Synthetic experiments for the benchmark of the query language: many rows, written in bulk."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import numpy as np
import sqlalchemy as sa

from core.kinds import KINDS
from store.database import Database
from store.tables import experiments, medians, parameters, results, sweeps

KIND = "curl_descent.simulation"
ARMS = ("curl_descent", "gradient_descent")
REPLICATES = 20
OF_SWEEP = 50  # experiments in one sweep: 2000 rows
AT_ONCE = 10_000
SCALARS = {"integer": 7, "boolean": False, "text": "tanh", "number": 0.5}

key_value = sa.Table(
    "key_value",
    sa.MetaData(),
    sa.Column("row", sa.BigInteger),
    sa.Column("name", sa.String(100)),
    sa.Column("value", sa.Double),
)
_INDEXES = (
    sa.Index("ix_key_value_name_value", key_value.c.name, key_value.c.value, key_value.c.row),
    sa.Index("ix_key_value_row_name", key_value.c.row, key_value.c.name, key_value.c.value),
)


def fill(database: Database, rows: int) -> None:
    """At least that many metric rows with their experiments, medians, and key-value twins."""
    count = -(-rows // (len(ARMS) * REPLICATES))
    specs = _parameters(count)
    _insert(database, sweeps, map(_sweep, range(count // OF_SWEEP + 1)))
    _insert(database, experiments, (_experiment(place, count) for place in range(count)))
    _insert(
        database, parameters[KIND], ({"experiment_id": _id(i), **p} for i, p in enumerate(specs))
    )
    _insert(database, medians[KIND], _medians(specs))
    _insert(database, results[KIND], _rows(specs))
    with database.engine.begin() as connection:
        key_value.create(connection)
    _insert(database, key_value, _key_values(specs))
    with database.engine.begin() as connection:
        connection.execute(sa.text("ANALYZE"))


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
            keys = {"experiment_id": _id(place), "arm": ARMS[arm], "replicate": replicate}
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
            yield {"experiment_id": _id(place), "arm": arm, **middle}


def _key_values(specs: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for place, (spec, errors) in enumerate(zip(specs, _errors(len(specs)), strict=True)):
        for number, error in enumerate(errors):
            row = place * len(errors) + number
            for name in ("compression_ratio", "readout_fraction"):
                yield {"row": row, "name": name, "value": spec[name]}
            yield {"row": row, "name": "final_test_error", "value": error}


def _id(place: int) -> str:
    return f"{place + 1:08x}-0000-7000-8000-000000000000"


def sweep_id(number: int) -> str:
    """The id of the n-th sweep."""
    return f"{number + 1:08x}-0000-7000-9000-000000000000"


def _sweep(number: int) -> dict[str, Any]:
    made = {"created_at": datetime(2026, 1, 1, tzinfo=UTC), "request_hash": ""}
    return {"id": sweep_id(number), "kind": KIND, "definition": {}, **made}


def _experiment(place: int, count: int) -> dict[str, Any]:
    return {
        "id": _id(place),
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
    }


def _insert(database: Database, table: sa.Table, rows: Iterable[dict[str, Any]]) -> None:
    waiting = iter(rows)
    with database.engine.begin() as connection:
        while batch := list(islice(waiting, AT_ONCE)):
            connection.execute(table.insert(), batch)
