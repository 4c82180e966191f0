"""Experiments by filter and order, in pages.

Sorting by a metric takes the best placed of the arms that the filter found: the smallest median
when ascending, the largest when descending.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from store.database import Database
from store.experiments import Experiment, many
from store.query.cursors import decoded, encoded, fingerprint
from store.query.errors import Mistake, blamed
from store.query.fields import Field
from store.query.ordering import Key, after
from store.query.parsing import parsed_orders
from store.query.patterns import bytewise
from store.query.selection import Selection
from store.query.syntax import Name, Order
from store.tables import experiments

_NEVER_NULL = {"id", "kind", "status", "priority", "created_at", "disk_bytes"}


@dataclass(frozen=True)
class Listed:
    """One page of experiments; `next_cursor` is None on the last."""

    items: Sequence[Experiment]
    next_cursor: str | None


def listed(
    database: Database,
    *,
    where: str | None = None,
    order_by: str | None = None,
    limit: int,
    cursor: str | None = None,
) -> Listed:
    """The experiments of a filter in order, newest first by default, from a cursor on."""
    orders = parsed_orders(order_by) if order_by else ()
    asked = fingerprint("experiments", where, order_by)
    with blamed("order_by", order_by), database.read() as connection:
        selection = Selection(where, [_name(order) for order in orders])
        keys = _keys(connection, selection, orders)
        columns = (key.column.label(f"k{place}") for place, key in enumerate(keys))
        query = selection.query(*columns)
        if cursor is not None:
            query = query.where(after(keys, decoded(cursor, asked, keys)))
        query = query.order_by(*(key.clause for key in keys)).limit(limit + 1)
        found = connection.execute(query).all()
        items = many(connection, [row.id for row in found[:limit]])
    more = len(found) > limit
    return Listed(items, encoded(asked, found[limit - 1][1:]) if more else None)


def matching(where: str | None) -> sa.Select[Any]:
    """The ids of the experiments of a filter, in no order."""
    return Selection(where).query()


def _keys(
    connection: sa.Connection, selection: Selection, orders: Sequence[Order]
) -> tuple[Key, ...]:
    """The sort keys; the id comes last, so that no two experiments tie."""
    fields = [selection.scope.field(_name(order)) for order in orders]
    of_arms = any(field.place == "arm" for field in fields)
    in_one_pass = of_arms and selection.passes_over_arms(connection)
    keys = tuple(
        _key(selection, field, order, in_one_pass=in_one_pass)
        for field, order in zip(fields, orders, strict=True)
    )
    descending = keys[0].descending if keys else True
    return (*keys, Key(experiments.c.id, "text", descending))


def _key(selection: Selection, field: Field, order: Order, *, in_one_pass: bool) -> Key:
    column = selection.scope.column(field)
    if field.type == "text" and field.name != "id":
        column = bytewise(column)
    if field.place == "arm":
        column = selection.best(column, largest=order.descending, in_one_pass=in_one_pass)
    return Key(column, field.type, order.descending, nullable=field.name not in _NEVER_NULL)


def _name(order: Order) -> Name:
    if isinstance(order.key, Name):
        return order.key
    raise Mistake("aggregates are for /v1/results with group_by", order.key.position)
