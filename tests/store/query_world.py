"""A small random world of experiments, as the database and as plain Python both have it."""

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
import uuid_utils

from store.database import Database
from store.kind_tables import medians, parameters, results
from store.tables import STATUSES, experiments, tags

CURL, RATIO = "curl_descent.simulation", "dimensionality.participation_ratio"
TEXTS = ("a", "A", "ab", "", "a%b", "a_b", "x'y", 'q"r', "[a]", "*", "é", "ß", "\\", "日本", "z")
ATTACK = "'; DROP TABLE experiments; --"
NUMBERS = (0.0, -0.0, 0.3, 1e-6, 1e-12, 2.5, -1.0, 3.0, 1e6)
INTEGERS = (0, 1, 3, -2, 2**53 - 1)
START = datetime(2026, 1, 1, tzinfo=UTC)
MOMENTS = tuple(START + timedelta(hours=hours, microseconds=hours) for hours in range(4))
POOLS: Mapping[str, Sequence[Any]] = {
    "number": NUMBERS,
    "integer": INTEGERS,
    "boolean": (True, False),
    "text": (*TEXTS, ATTACK),
    "time": MOMENTS,
}

PARAMETERS: Mapping[str, Mapping[str, str]] = {
    CURL: {
        "compression_ratio": "number",
        "seed": "integer",
        "data_online": "boolean",
        "activation": "text",
    },
    RATIO: {"seed": "integer", "dataset": "text", "neuron_correction": "boolean"},
}
METRICS: Mapping[str, Mapping[str, str]] = {
    CURL: {"final_test_error": "number", "epochs_to_threshold": "integer", "converged": "boolean"},
    RATIO: {"log_se": "number", "trials": "integer"},
}

Row = Mapping[str, Any]


class World:
    """Everything by the names of the language: experiments, their arms, their metric rows."""

    def __init__(
        self, found: Sequence[Row], arms: Mapping[str, Sequence[Row]], rows: Sequence[Row]
    ) -> None:
        self.experiments = found
        self.arms = arms
        self.rows = rows


def made(database: Database, seed: int, experiments_of_each_kind: int = 12) -> World:
    """A random world, stored; nulls and ties are frequent."""
    chance = random.Random(seed)
    kinds = [kind for kind in PARAMETERS for _ in range(experiments_of_each_kind)]
    found = [_experiment(chance, kind) for kind in kinds]
    chance.shuffle(found)
    arms = {each["id"]: _arms(chance, each) for each in found}
    rows = [row for each in found for arm in arms[each["id"]] for row in _rows(chance, each, arm)]
    _store(database, found, arms, rows)
    return World(found, arms, rows)


def _value(chance: random.Random, kind_of: str) -> Any:
    return None if chance.random() < 0.25 else chance.choice(POOLS[kind_of])


def _experiment(chance: random.Random, kind: str) -> dict[str, Any]:
    labels = {
        f"tag.{key}": chance.choice(TEXTS) for key in ("t", "my key") if chance.random() < 0.6
    }
    return {
        "id": str(uuid_utils.uuid7()),
        "kind": kind,
        "status": chance.choice(STATUSES),
        "name": _value(chance, "text"),
        "priority": chance.choice((-1, 0, 5)),
        "disk_bytes": chance.choice((0, 5, 2**40)),
        "created_at": chance.choice(MOMENTS),
        "started_at": _value(chance, "time"),
        **{f"param.{name}": _value(chance, of) for name, of in PARAMETERS[kind].items()},
        **labels,
    }


def _arms(chance: random.Random, experiment: Row) -> list[dict[str, Any]]:
    arms = chance.sample((*TEXTS, ATTACK), chance.choice((0, 1, 2, 3)))
    metrics = METRICS[experiment["kind"]]
    numbers = {"number": "number", "integer": "number", "boolean": "number"}
    return [
        {"arm": arm, **{f"metric.{n}": _value(chance, numbers[of]) for n, of in metrics.items()}}
        for arm in arms
    ]


def _rows(chance: random.Random, experiment: Row, arm: Row) -> list[dict[str, Any]]:
    metrics = METRICS[experiment["kind"]]
    return [
        {
            **experiment,
            "experiment": experiment["id"],
            "arm": arm["arm"],
            "replicate": replicate,
            **{f"metric.{name}": _value(chance, of) for name, of in metrics.items()},
        }
        for replicate in range(chance.choice((1, 2, 4)))
    ]


def _store(
    database: Database,
    found: Sequence[Row],
    arms: Mapping[str, Sequence[Row]],
    rows: Sequence[Row],
) -> None:
    def work(connection: sa.Connection) -> None:
        connection.execute(experiments.insert(), [_stored(each) for each in found])
        for each in found:
            key = {"experiment_id": each["id"]}
            typed = {**key, **_bare(each, "param.")}
            connection.execute(parameters[each["kind"]].insert().values(typed))
            for label, value in _bare(each, "tag.").items():
                connection.execute(tags.insert().values({**key, "key": label, "value": value}))
            for arm in arms[each["id"]]:
                median = {**key, "arm": arm["arm"], **_bare(arm, "metric.")}
                connection.execute(medians[each["kind"]].insert().values(median))
        for row in rows:
            keys = {"experiment_id": row["id"], "arm": row["arm"], "replicate": row["replicate"]}
            values = {**keys, **_bare(row, "param."), **_bare(row, "metric.")}
            connection.execute(results[row["kind"]].insert().values(values))

    database.write(work)


def _bare(row: Row, prefix: str) -> dict[str, Any]:
    return {key.removeprefix(prefix): row[key] for key in row if key.startswith(prefix)}


def _stored(experiment: Row) -> dict[str, Any]:
    names = ("id", "kind", "status", "name", "priority", "created_at", "started_at", "disk_bytes")
    return {
        **{name: experiment[name] for name in names},
        "kind_version": 1,
        "spec": {},
        "spec_hash": "",
        "request_hash": "",
        "progress": 0.0,
        "live": {},
        "attempt": 0,
        "lost_attempts": 0,
        "cancel_requested": False,
        "estimate": {},
    }
