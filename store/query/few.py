"""Sorting few rows: SQLite would rather walk the whole table in order than find them and sort.

It guesses that any inequality leaves a quarter of the rows, so for a page it follows the index of
the sort key and tests every row on the way: fast when many rows pass, a full scan when few do.
PostgreSQL keeps histograms and needs no help.
"""

from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from store.query.plans import Plan

# To count further costs milliseconds at every page; to walk ten million rows for fewer, 0.1 s.
FEW = 5000


class unindexed(FunctionElement[Any]):  # noqa: N801, reads as an SQL function
    """A column of SQLite that is sorted by, but not by walking its index."""

    inherit_cache = True


@compiles(unindexed, "sqlite")
def _unindexed(element: unindexed, compiler: SQLCompiler, **options: Any) -> str:
    return f"+{compiler.process(element.clauses, **options)}"


def ordered(connection: sa.Connection, plan: Plan, query: sa.Select[Any]) -> sa.Select[Any]:
    """A query of the plan's rows in their order, by whichever way is the faster."""
    few = None
    if connection.dialect.name == "sqlite" and not plan.grouped:
        few = _of_few(connection, query, plan.row_id)
    if few is None:
        return query.order_by(*(key.clause for key in plan.keys))
    keys = (replace(key, column=unindexed(key.column)) for key in plan.keys)
    return few.order_by(*(key.clause for key in keys))


def _of_few(
    connection: sa.Connection, query: sa.Select[Any], row_id: sa.ColumnElement[int] | None
) -> sa.Select[Any] | None:
    """The query where it finds fewer than `FEW` rows, so that it need not look for them again."""
    if row_id is None:
        return query if finds_few(connection, query) else None
    some = query.with_only_columns(row_id.label("id")).limit(FEW).subquery()
    ids = sa.select(sa.func.count(), sa.func.json_group_array(some.c.id)).select_from(some)
    count, found = connection.execute(ids).one()
    listed = sa.func.json_each(found).table_valued("value")
    return query.where(row_id.in_(sa.select(listed.c.value))) if count < FEW else None


def finds_few(connection: sa.Connection, query: sa.Select[Any]) -> bool:
    """Whether a query finds fewer than `FEW` rows; it is not asked for more."""
    some = query.with_only_columns(sa.literal(1)).limit(FEW).subquery()
    count: int = connection.execute(sa.select(sa.func.count()).select_from(some)).scalar_one()
    return count < FEW
