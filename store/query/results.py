"""Metric rows of all experiments by filter: selected, sorted, grouped; in pages or as a stream."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import Any

import sqlalchemy as sa

from store.database import Database
from store.query.about import with_kind
from store.query.cursors import decoded, encoded, fingerprint
from store.query.errors import QueryError
from store.query.few import ordered
from store.query.groups import planned_groups
from store.query.ordering import after
from store.query.plans import OutputColumn, Plan, Question
from store.query.row_source import RowSource
from store.query.rows import planned_rows

# Measured: more rows leave the processor's cache before they are turned to columns.
STREAMED_AT_ONCE = 512

Values = Sequence[Any]


@dataclass(frozen=True)
class ResultPage:
    """One page of rows and what their columns are; `next_cursor` is None on the last."""

    columns: Sequence[OutputColumn]
    rows: Sequence[Values]
    next_cursor: str | None


def page(
    database: Database, question: Question, *, limit: int, cursor: str | None = None
) -> ResultPage:
    """At most `limit` rows of the answer, from a cursor on."""
    plan = planned(with_kind(database, question))
    asked = fingerprint("results", *vars(question).values())
    query = plan.query.add_columns(*(k.column.label(f"k{i}") for i, k in enumerate(plan.keys)))
    if cursor is not None:
        query = query.where(after(plan.keys, decoded(cursor, asked, plan.keys)))
    with database.read() as connection, _within_numbers():
        found = connection.execute(ordered(connection, plan, query).limit(limit + 1)).all()
    width = len(plan.columns)
    rows = [tuple(row[:width]) for row in found[:limit]]
    if plan.grouped:
        _refuse_infinite(rows)
    more = len(found) > limit
    following = encoded(asked, found[limit - 1][width:]) if more else None
    return ResultPage(plan.columns, rows, following)


@dataclass(frozen=True)
class ResultStream:
    """All rows, some thousands at a time, each time as one sequence of values per column.

    A connection is held until the last batch is taken or the iterator is let go.
    """

    columns: Sequence[OutputColumn]
    batches: Iterator[Sequence[Values]]


def stream(database: Database, question: Question, *, limit: int | None = None) -> ResultStream:
    """Every row of the answer; in no particular order unless the question gives one."""
    plan = planned(with_kind(database, question))
    query = plan.query.limit(limit)
    if question.order_by or plan.grouped:
        query = query.order_by(*(key.clause for key in plan.keys))
    batches = _batches(database, plan, query)
    first = next(batches, None)  # what the database refuses comes to light before any answer
    return ResultStream(plan.columns, chain([] if first is None else [first], batches))


def planned(question: Question) -> Plan:
    """The plan of a question; raises `QueryError`."""
    source = RowSource(question)
    grouped = question.group_by or question.aggregate
    return planned_groups(question, source) if grouped else planned_rows(question, source)


def _batches(database: Database, plan: Plan, query: sa.Select[Any]) -> Iterator[Sequence[Values]]:
    with database.read() as connection, _within_numbers():
        streamed = connection.execution_options(yield_per=STREAMED_AT_ONCE)
        with streamed.execute(query) as found:
            for rows in found.partitions():
                if plan.grouped:
                    _refuse_infinite(rows)
                yield list(zip(*rows, strict=True))


@contextmanager
def _within_numbers() -> Iterator[None]:
    """Blame the aggregate when PostgreSQL finds a sum too large; SQLite makes it infinite."""
    try:
        yield
    except sa.exc.DataError as error:
        if "out of range" not in str(error.orig):
            raise
        raise _beyond_numbers() from None


def _refuse_infinite(rows: Sequence[Values]) -> None:
    if any(abs(value) == float("inf") for row in rows for value in row if type(value) is float):
        raise _beyond_numbers()


def _beyond_numbers() -> QueryError:
    message = (
        "the sum or variance of these values is beyond 1.8e308; leave such rows out, "
        "for example by a condition on the metric"
    )
    return QueryError("aggregate", "", message)
