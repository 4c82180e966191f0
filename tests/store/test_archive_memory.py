"""Memory while exporting does not grow with how much is exported."""

import tracemalloc
from dataclasses import replace

import numpy as np
import sqlalchemy as sa

from core.experiment import Array, Result, Row
from core.kinds import KINDS
from store import accepting_sweeps, results
from store.accepting_sweeps import Child
from store.archives.writing import Selection, export
from store.database import Database
from store.kind_tables import medians
from store.kind_tables import results as rows
from store.settings import Settings
from store.tables import arrays, experiments, utc_now
from tests.store.archive_world import CURL, TINY, submission

FEW, MANY = 400, 800  # two batches, and twice that
ROWS = tuple(Row(arm, n, {}) for arm in ("gradient_descent", "curl_descent") for n in (0, 1))
RESULT = Result({name: Array(np.arange(500.0), ("value",)) for name in ("a", "b", "c")})


def filled(database: Database, count: int) -> str:
    """A sweep of this many experiments that all ended with the same result; its id."""
    kind = replace(KINDS[CURL], rows=lambda spec, result: ROWS)
    child = Child(submission(database, CURL, TINY), {"seed": 0})
    definition = {"base": TINY, "axes": {"seed": [0]}, "derive": {}, "more_replicates": []}
    sweep = accepting_sweeps.accept(
        *(database, kind, definition, [child] * count),
        name=None,
        idempotency_key=None,
        request_hash="",
    )
    outcome = results.prepare("", kind, child.submission.spec, RESULT, {})
    ended = {"status": "succeeded", "summary": outcome.summary, "finished_at": utc_now()}
    mine = experiments.c.sweep_id == sweep

    def work(connection: sa.Connection) -> None:
        connection.execute(experiments.update().where(mine).values(ended))
        ids = connection.execute(sa.select(experiments.c.id).where(mine)).scalars().all()
        for table, content in (
            (rows[CURL], outcome.rows),
            (medians[CURL], outcome.medians),
            (arrays, outcome.arrays),
        ):
            own = [{**row, "experiment_id": each} for each in ids for row in content]
            connection.execute(table.insert(), own)

    database.write(work)
    return sweep


def peak(database: Database, settings: Settings, sweep: str) -> int:
    """The most memory that Python held at once during an export, in bytes."""
    tracemalloc.start()
    for _ in export(database, settings, Selection(sweeps=[sweep])):
        pass
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


def test_memory_does_not_grow_with_the_number_of_experiments(
    database: Database, settings: Settings
) -> None:
    few, many = filled(database, FEW), filled(database, MANY)
    peak(database, settings, filled(database, 1))  # what is compiled once is compiled now
    small, large = (peak(database, settings, sweep) for sweep in (few, many))
    assert large < 1.1 * small, (small, large)
