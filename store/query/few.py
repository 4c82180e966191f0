"""Sorting few rows: SQLite would rather walk the whole table in order than find them and sort.

It guesses that any inequality leaves a quarter of the rows, so for a page it follows the index of
the sort key and tests every row on the way: fast when many rows pass, a full scan when few do.
PostgreSQL keeps histograms and needs no help.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from store.query.ordering import Key

# To count further costs milliseconds at every page; to walk ten million rows for fewer, 0.1 s.
FEW = 5000


class unindexed(FunctionElement[Any]):  # noqa: N801, reads as an SQL function
    """A column of SQLite that is sorted by, but not by walking its index."""

    inherit_cache = True


@compiles(unindexed, "sqlite")
def _unindexed(element: unindexed, compiler: SQLCompiler, **options: Any) -> str:
    return f"+{compiler.process(element.clauses, **options)}"


def planned_order(
    connection: sa.Connection, query: sa.Select[Any], keys: Sequence[Key]
) -> Sequence[Key]:
    """The keys as they had better be sorted by, once it is known whether the rows are few."""
    if connection.dialect.name != "sqlite" or not finds_few(connection, query):
        return keys
    return [replace(key, column=unindexed(key.column)) for key in keys]


def finds_few(connection: sa.Connection, query: sa.Select[Any]) -> bool:
    """Whether a query finds fewer than `FEW` rows; it is not asked for more."""
    some = query.with_only_columns(sa.literal(1)).limit(FEW).subquery()
    count: int = connection.execute(sa.select(sa.func.count()).select_from(some)).scalar_one()
    return count < FEW
