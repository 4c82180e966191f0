"""The query language on a large results table, beside the same numbers as key-value rows.

`python -m benchmarks.query --rows 100000 1000000 [--postgresql]` fills databases in temporary
folders and ends with the table of docs/database.md. A row is one replicate of one arm with all its
parameters and metrics. The key-value table is a generous one: only the three columns that are asked
for, an integer for a key, and a covering index.
"""

import argparse
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from statistics import median

import sqlalchemy as sa

from benchmarks.databases import databases
from benchmarks.query_rows import KIND, fill, sweep_id
from store.database import Database
from store.query.experiments import listed
from store.query.formats import written
from store.query.plans import Question
from store.query.results import page, stream

REPEATS = 5
OF_KIND = f"kind = '{KIND}' and "
WIDE = OF_KIND + "param.compression_ratio < 0.3 and metric.final_test_error < 1e-6"
FOUND = 2000  # rows of the selective filter, of however many
GROUPED = Question(
    where=WIDE,
    group_by="param.readout_fraction",
    aggregate="count(), mean(metric.final_test_error)",
)
MEDIAN = replace(GROUPED, aggregate="median(metric.final_test_error)")
LOWEST = Question(
    where=f"{OF_KIND} param.compression_ratio < 0.3", order_by="metric.final_test_error"
)
HEAT_MAP = Question(
    where=f"{OF_KIND} sweep = '{sweep_id(1)}'",
    group_by="param.compression_ratio, param.readout_fraction",
    aggregate="median(metric.final_test_error)",
)
KEY_VALUE = sa.text(
    "SELECT f.value, count(*), avg(e.value) FROM key_value c"
    " JOIN key_value e ON e.row = c.row AND e.name = 'final_test_error'"
    " JOIN key_value f ON f.row = c.row AND f.name = 'readout_fraction'"
    " WHERE c.name = 'compression_ratio' AND c.value < 0.3 AND e.value < 1e-6"
    " GROUP BY f.value ORDER BY f.value"
)


def _selective(rows: int) -> str:
    """A filter that finds about that many: two ratios of fifty, errors uniform in decades."""
    error = 10 ** (12 * 25 * FOUND / rows - 12)
    return f"{OF_KIND}param.compression_ratio < 0.11 and metric.final_test_error < {error:.6g}"


def _error_alone(rows: int) -> str:
    """A filter on the metric alone that finds about as many."""
    return f"{OF_KIND}metric.final_test_error < {10 ** (12 * FOUND / rows - 12):.6g}"


def _key_value(database: Database) -> None:
    with database.read() as connection:
        connection.execute(KEY_VALUE).all()


COLUMNS: Mapping[str, Callable[[Database, int], object]] = {
    "grouped by flip fraction": lambda database, _: page(database, GROUPED, limit=100),
    "its median": lambda database, _: page(database, MEDIAN, limit=100),
    "grouped, from key-value rows": lambda database, _: _key_value(database),
    "first 100 of 2000 rows found": lambda database, rows: page(
        database, Question(where=_selective(rows)), limit=100
    ),
    "the same, found by error alone": lambda database, rows: page(
        database, Question(where=_error_alone(rows)), limit=100
    ),
    "100 lowest errors of a filter": lambda database, _: page(database, LOWEST, limit=100),
    "one sweep's heat map": lambda database, _: page(database, HEAT_MAP, limit=1000),
    "newest 50 experiments": lambda database, _: listed(database, limit=50),
    "best 50 experiments of a filter": lambda database, _: listed(
        database, where=WIDE, order_by="metric.final_test_error", limit=50
    ),
}
EXPORTED = "experiment, arm, replicate, param.compression_ratio, param.readout_fraction, param.seed"
METRICS = "metric.final_train_error, metric.final_test_error, metric.loss_ascent, metric.converged"


def main() -> None:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--postgresql", action="store_true", help="a real server, from its wheel")
    options = parser.parse_args()
    lines = [line for rows in options.rows for line in _lines(rows, options.postgresql)]
    print()
    for line in (("rows", "database", *COLUMNS), ("---",) * (2 + len(COLUMNS)), *lines):
        print(f"| {' | '.join(line)} |")


def _lines(rows: int, postgresql: bool) -> Iterator[tuple[str, ...]]:
    """A line of the table for each database with that many rows."""
    for name, database in databases(postgresql=postgresql):
        yield _line(database, name, rows)


def _line(database: Database, name: str, rows: int) -> tuple[str, ...]:
    start = time.perf_counter()
    fill(database, rows)
    print(f"{name}: filled with {rows} rows in {time.perf_counter() - start:.0f} s")
    times = [_seconds(partial(asked, database, rows)) for asked in COLUMNS.values()]
    for what, select in (("10 columns", f"{EXPORTED}, {METRICS}"), ("all columns", None)):
        _export(database, what, select, rows)
    return (f"{rows:,}".replace(",", " "), name, *(f"{each * 1e3:.3g} ms" for each in times))


def _export(database: Database, what: str, select: str | None, rows: int) -> None:
    limit = min(rows, 300_000)
    for form in ("parquet", "arrow", "csv", "jsonl"):
        start = time.process_time()
        answer = stream(database, Question(kind=KIND, select=select), limit=limit)
        size = sum(map(len, written(answer, form)))
        rate = limit / (time.process_time() - start)
        print(f"  {form} of {what}: {rate:,.0f} rows/s of this process, {size / limit:.0f} B/row")


def _seconds(asked: Callable[[], object]) -> float:
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        asked()
        times.append(time.perf_counter() - start)
    return median(times)


if __name__ == "__main__":
    main()
