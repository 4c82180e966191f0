"""What diagrams of sweeps read, on both databases."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from core.charts.profile import Run
from store import diagrams
from store.database import Database
from store.kind_tables import parameters, results
from store.tables import experiments, sweeps

KIND = "curl_descent.simulation"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
KEPT = {
    "status": "succeeded",
    "kind_version": 1,
    "spec": {},
    "spec_hash": "",
    "request_hash": "",
    "priority": 0,
    "disk_bytes": 0,
    "progress": 1.0,
    "live": {},
    "attempt": 1,
    "lost_attempts": 0,
    "cancel_requested": False,
    "estimate": {},
    "created_at": NOW,
}


def stored(
    database: Database, children: Mapping[str, tuple[dict[str, Any], dict[str, Any]]]
) -> None:
    """A sweep of one row per child: what was asked for, and what the row says."""

    def work(connection: sa.Connection) -> None:
        sweep = {"id": "sweep", "kind": KIND, "definition": {}, "request_hash": ""}
        connection.execute(sweeps.insert().values(**sweep, created_at=NOW))
        for name, (point, row) in children.items():
            child = {**KEPT, "id": name, "kind": KIND, "sweep_id": "sweep", "point": point}
            connection.execute(experiments.insert().values(child))
            keys = {"experiment_id": name, "sweep_id": "sweep", "arm": "all", "replicate": 0}
            connection.execute(results[KIND].insert().values(**keys, **row))

    database.write(work)


def test_a_run_knows_what_was_asked_for_where_that_is_a_number(database: Database) -> None:
    error = {"final_test_error": 1.0}
    stored(
        database,
        {
            "a": ({"hidden_fraction": 0.5}, {"hidden_fraction": 0.48, "batch_size": 10, **error}),
            "b": ({"batch_size": "full"}, {"hidden_fraction": 0.0, "batch_size": 20, **error}),
        },
    )

    def runs(x: str) -> list[Run]:
        return diagrams.runs(database, KIND, "sweep", x, "final_test_error")

    assert runs("hidden_fraction") == [Run("all", 0.48, 1.0, 0.5), Run("all", 0.0, 1.0, None)]
    assert runs("batch_size") == [Run("all", 10, 1.0, None), Run("all", 20, 1.0, None)]


def test_a_cell_is_the_median_of_all_replicates_at_its_place(database: Database) -> None:
    """Of two experiments with three replicates and one; a missing value is larger than any."""
    places = {"a": 0.1, "b": 0.1, "c": 0.2, "d": 0.3}
    stored(
        database,
        {
            name: (
                {},
                {"hidden_fraction": 0.5, "compression_ratio": ratio, "final_test_error": 1.0},
            )
            for name, ratio in places.items()
        },
    )
    found = {"a": (2.0, 3.0), "b": (9.0, None), "c": (None, None)}

    def work(connection: sa.Connection) -> None:
        for name, ratio in places.items():
            asked = {"compression_ratio": ratio, "hidden_fraction": 0.5}
            connection.execute(parameters[KIND].insert().values(experiment_id=name, **asked))
            for replicate, error in enumerate(found.get(name, ()), start=1):
                keys = {"experiment_id": name, "sweep_id": "sweep", "arm": "all"}
                row = {**keys, "replicate": replicate, "final_test_error": error}
                connection.execute(results[KIND].insert().values(row))
        connection.execute(results[KIND].delete().where(results[KIND].c.experiment_id == "d"))

    database.write(work)
    asked = (KIND, "sweep", "compression_ratio", "hidden_fraction", "final_test_error", "all")
    # 1, 1, 2, 3, 9 and none; 1 and two without; nothing yet.
    assert diagrams.cells(database, *asked) == [(0.1, 0.5, 2.5), (0.2, 0.5, None), (0.3, 0.5, None)]
