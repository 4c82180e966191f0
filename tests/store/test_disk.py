"""What results take on the disk is known to the byte, on both databases."""

import numpy as np
import sqlalchemy as sa

from core.kinds import KINDS
from store import accepting, accepting_sweeps, experiments, results, sweeps
from store.accepting import Submission
from store.database import Database
from store.disk import DiskUse, disk_use
from store.query.experiments import listed
from store.tables import arrays, datasets, utc_now
from store.transitions import claim

KIND = KINDS["curl_descent.simulation"]
SPEC = KIND.spec()
SUBMISSION = Submission(KIND, SPEC, KIND.estimate(SPEC, {}))


def succeed(database: Database, size: int) -> str:
    """End the experiment that waits first with two arrays of so many random numbers."""
    mine = claim(database, worker="w", lease_s=30.0)
    assert mine is not None
    content = results.packed(np.random.default_rng(size).random(size))
    columns = {"axes": ["a"], "shape": [size], "dtype": "float64", "unit": "", "content": content}
    found = [{"experiment_id": mine.id, "name": name, **columns} for name in ("first", "second")]
    results.commit(database, mine, results.Outcome([], [], found, {}, [], {}))
    return mine.id


def stored(database: Database) -> int:
    """The bytes of all array contents, as the database counts them."""
    with database.read() as connection:
        length = sa.func.sum(sa.func.length(arrays.c.content))
        return int(connection.execute(sa.select(length)).scalar_one())


def test_an_experiment_says_what_its_arrays_take(database: Database) -> None:
    identifier = accepting.accept(database, SUBMISSION).id
    assert experiments.get(database, identifier).disk_bytes == 0
    succeed(database, 1000)
    found = experiments.get(database, identifier).disk_bytes
    assert found == stored(database)
    assert 2 * 7000 < found < 2 * 8200, "random numbers hardly shrink"


def test_a_sweep_and_the_installation_say_the_sum(database: Database) -> None:
    children = [accepting_sweeps.Child(SUBMISSION, {}) for _ in range(2)]
    sweep = accepting_sweeps.accept(
        database, KIND, {}, children, name=None, idempotency_key=None, request_hash=""
    )
    assert disk_use(database) == DiskUse(experiments=0, datasets=0)
    for size in (10, 2000):
        succeed(database, size)
    accepting.accept(database, SUBMISSION)
    succeed(database, 500)
    files = [("a", "x", 100), ("b", "x", 100), ("c", "y", 7)]  # the same file under two mappings
    rows = [
        {
            "id": identifier,
            "name": "n",
            "blob_sha256": sha256,
            "size_bytes": size,
            "status": "ready",
            "created_at": utc_now(),
        }
        for identifier, sha256, size in files
    ]
    database.write(lambda connection: connection.execute(datasets.insert(), rows))
    assert disk_use(database) == DiskUse(experiments=stored(database), datasets=107)
    found = listed(database, order_by="disk_bytes desc", limit=10).items
    of_sweep = [each.disk_bytes for each in found if each.sweep_id == sweep]
    assert sweeps.get(database, sweep).disk_bytes == sum(of_sweep)


def test_what_fills_the_disk_is_found(database: Database) -> None:
    for _ in range(3):
        accepting.accept(database, SUBMISSION)
    small, large, middle = (succeed(database, size) for size in (10, 5000, 1000))
    order = [each.id for each in listed(database, order_by="disk_bytes desc", limit=10).items]
    assert order == [large, middle, small]
    found = listed(database, where="disk_bytes > 20000", limit=10).items
    assert [each.id for each in found] == [large]
