"""What writing costs: a sweep accepted, a large result committed, a short child run.

`python -m benchmarks.writing [--postgresql]` does each in this process, as the API or a worker
does. A short child is told in this process's own time beside its kernel's alone: claim, commit and
events are what sharing one task, or one stack of networks, between several children could save.
"""

import argparse
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.databases import databases
from core.kinds import KINDS
from core.sweeps import SweepDefinition, points
from store import accepting_sweeps, results
from store.accepting import Submission
from store.accepting_sweeps import Child
from store.database import Database
from store.settings import Settings
from store.transitions import claim
from workers import redis_server
from workers.broker import connect
from workers.execution import Workplace, run_next

KIND = KINDS["curl_descent.simulation"]
TINY: Mapping[str, Any] = {
    "inputs": 8,
    "hidden": 4,
    "data": {"train_size": 20, "test_size": 10},
    "training": {"epochs": 10, "batch_size": 5},
    "replicates": 2,
}
MANY = {**TINY, "hidden": 2, "training": {"epochs": 1, "batch_size": 20}, "replicates": 1000}
POINTS = 10_000
LARGE = 5
CHILDREN = 300


def main() -> None:
    """Print the three costs for each database."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postgresql", action="store_true", help="a real server, from its wheel")
    for name, database in databases(postgresql=parser.parse_args().postgresql):
        large_s = _committed(database)
        child_s, kernel_s = _children(database)
        start = time.perf_counter()
        made_s = accept(database, TINY, POINTS)
        accepted_s = time.perf_counter() - start
        print(
            f"{name}: a result of 2000 rows {large_s * 1e3:.0f} ms\n"
            f"  a short child {child_s * 1e3:.1f} ms, its kernel alone {kernel_s * 1e3:.1f} ms\n"
            f"  a sweep of {POINTS} points {accepted_s:.2f} s, {made_s:.2f} s of it the database"
        )


def accept(database: Database, base: Mapping[str, Any], count: int) -> float:
    """Accept a sweep over seeds as the API does; the seconds that it took to store it."""
    sweep = SweepDefinition(base=dict(base), axes={"seed": list(range(count))})
    made = list(points(KIND, sweep))
    cost = KIND.estimate(made[0].spec, {})
    children = [Child(Submission(KIND, point.spec, cost), point.place) for point in made]
    definition = sweep.model_dump(mode="json")
    start = time.perf_counter()
    accepting_sweeps.accept(
        database, KIND, definition, children, name=None, idempotency_key=None, request_hash=""
    )
    return time.perf_counter() - start


def _committed(database: Database) -> float:
    """Seconds to write one finished experiment's 2000 metric rows, medians and arrays."""
    accept(database, MANY, LARGE)
    times = []
    for _ in range(LARGE):
        claimed = claim(database, worker="benchmark", lease_s=60.0)
        assert claimed is not None
        spec = KIND.spec.model_validate(claimed.spec)
        outcome = results.prepare(claimed.id, KIND, spec, KIND.run(spec, {}, _unwatched), {})
        start = time.perf_counter()
        results.commit(database, claimed, outcome)
        times.append(time.perf_counter() - start)
    return median(times)


def _children(database: Database) -> tuple[float, float]:
    """This process's seconds for a short child of a sweep, and for its kernel alone."""
    accept(database, TINY, CHILDREN)
    with _workplace(database) as place:
        whole = _own_time(lambda _: run_next(place))
    specs = [KIND.spec.model_validate({**TINY, "seed": seed}) for seed in range(CHILDREN)]
    return whole, _own_time(lambda place: KIND.run(specs[place], {}, _unwatched))


@contextmanager
def _workplace(database: Database) -> Iterator[Workplace]:
    """A worker's place at this database, with a broker of its own."""
    with tempfile.TemporaryDirectory() as folder:
        socket = Path(folder) / "redis.sock"
        settings = Settings(data_dir=Path(folder), redis_url=f"unix://{socket}")
        broker = subprocess.Popen(redis_server.command(socket), stdout=subprocess.DEVNULL)
        try:
            yield Workplace(settings, database, connect(settings), "benchmark")
        finally:
            broker.terminate()
            broker.wait()


def _own_time(work: Callable[[int], object]) -> float:
    times = []
    for number in range(CHILDREN):
        start = time.process_time()
        work(number)
        times.append(time.process_time() - start)
    return median(times)


def _unwatched(_: float, /, **__: float) -> None:
    """A progress callback that nobody listens to."""


if __name__ == "__main__":
    main()
