"""Experiments by filter and order, in pages.

Sorting by a metric takes the best placed of the arms that the filter found: the smallest median
when ascending, the largest when descending.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from store.database import Database
from store.experiments import Experiment, many
from store.query.cursors import decoded, encoded, fingerprint
from store.query.errors import Mistake, blamed
from store.query.ordering import Key, KeyValue, after
from store.query.parsing import parsed_orders
from store.query.patterns import bytewise
from store.query.selection import Selection
from store.query.syntax import Name, Order
from store.tables import experiments

AMONG = 10
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
        ask = _Ask(connection, where, orders)
        begin = None if cursor is None else decoded(cursor, asked, ask.keys())
        found = ask.rows(limit + 1, begin)
        items = many(connection, [row.id for row in found[:limit]])
    more = len(found) > limit
    return Listed(items, encoded(asked, found[limit - 1][1:]) if more else None)


def matching(where: str | None) -> sa.Select[Any]:
    """The ids of the experiments of a filter, in no order."""
    return Selection(where).query()


class _Ask:
    """A filter and an order, asked once or twice: first of the best arms alone, then of all.

    To sort by a metric is to find the best arm of every experiment. A page needs few of them: those
    up to the `AMONG`-th best arm per row of the page are all there is to sort, if they fill it.
    """

    def __init__(
        self, connection: sa.Connection, where: str | None, orders: Sequence[Order]
    ) -> None:
        self._connection, self._where, self._orders = connection, where, orders
        selection = self._selection()
        fields = [selection.scope.field(_name(order)) for order in orders]
        of_arms = any(field.place == "arm" for field in fields)
        self._in_one_pass = of_arms and selection.passes_over_arms(connection)
        first = fields[0] if fields and self._in_one_pass else None
        self._bounded = first is not None and (first.place, first.type) == ("arm", "number")

    def keys(self) -> tuple[Key, ...]:
        """The sort keys; the id comes last, so that no two experiments tie."""
        return self._keys(self._selection(), None)

    def rows(self, count: int, begin: Sequence[KeyValue] | None) -> Sequence[sa.Row[Any]]:
        """The ids of the first experiments with their keys, from where a page begins."""
        bound = self._bound(count, begin) if self._bounded else None
        found = [] if bound is None else self._rows(count, begin, bound)
        return found if len(found) == count else self._rows(count, begin, None)

    def _selection(self) -> Selection:
        return Selection(self._where, [_name(order) for order in self._orders])

    def _bound(self, count: int, begin: Sequence[KeyValue] | None) -> float | None:
        reached = None if begin is None else begin[0]
        if isinstance(reached, str | datetime) or (begin is not None and reached is None):
            return None  # what is left has no value
        selection, order = self._selection(), self._orders[0]
        column = selection.scope.column(selection.scope.field(_name(order)))
        return selection.nth_best(
            self._connection, column, AMONG * count, largest=order.descending, after=reached
        )

    def _rows(
        self, count: int, begin: Sequence[KeyValue] | None, bound: float | None
    ) -> Sequence[sa.Row[Any]]:
        selection = self._selection()
        keys = self._keys(selection, bound)
        query = selection.query(*(key.column.label(f"k{i}") for i, key in enumerate(keys)))
        if begin is not None:
            query = query.where(after(keys, begin))
        query = query.order_by(*(key.clause for key in keys)).limit(count)
        return self._connection.execute(query).all()

    def _keys(self, selection: Selection, bound: float | None) -> tuple[Key, ...]:
        keys = [
            self._key(selection, order, None if place else bound)
            for place, order in enumerate(self._orders)
        ]
        descending = keys[0].descending if keys else True
        return (*keys, Key(experiments.c.id, "text", descending))

    def _key(self, selection: Selection, order: Order, bound: float | None) -> Key:
        field = selection.scope.field(_name(order))
        column = selection.scope.column(field)
        if field.type == "text" and field.name != "id":
            column = bytewise(column)
        if field.place == "arm":
            column = selection.best(
                column, largest=order.descending, in_one_pass=self._in_one_pass, bound=bound
            )
        return Key(column, field.type, order.descending, nullable=field.name not in _NEVER_NULL)


def _name(order: Order) -> Name:
    if isinstance(order.key, Name):
        return order.key
    raise Mistake("aggregates are for /v1/results with group_by", order.key.position)
