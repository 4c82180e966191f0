"""Total orders, and the condition for what comes after a given row: pages that never shift.

A page begins where the one before ended by value, not by count, so rows that come or go in between
neither repeat nor hide others. Null sorts last in both directions, on both databases.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from store.query.fields import FieldType
from store.query.values import SQL_TYPES, Typed

KeyValue = Typed | None


@dataclass(frozen=True)
class Key:
    """One column to sort by."""

    column: sa.ColumnElement[Any]
    type: FieldType
    descending: bool = False
    nullable: bool = False

    @property
    def clause(self) -> sa.UnaryExpression[Any]:
        """The key in ORDER BY."""
        direction = self.column.desc() if self.descending else self.column.asc()
        return direction.nulls_last() if self.nullable else direction


def after(keys: Sequence[Key], values: Sequence[KeyValue]) -> sa.ColumnElement[bool]:
    """Whether a row comes after the one with these values: later in the first key that differs."""
    later = [
        sa.and_(*map(_same, keys[:place], values[:place]), _beyond(key, value))
        for place, (key, value) in enumerate(zip(keys, values, strict=True))
    ]
    if keys and not keys[0].nullable and values[0] is not None:
        # Says nothing new, but lets an index on the first key begin where the page begins.
        first, bound = keys[0], _bound(keys[0], values[0])
        begins = first.column <= bound if first.descending else first.column >= bound
        return sa.and_(begins, sa.or_(*later))
    return sa.or_(*later)


def _same(key: Key, value: KeyValue) -> sa.ColumnElement[bool]:
    return key.column.is_(None) if value is None else key.column == _bound(key, value)


def _beyond(key: Key, value: KeyValue) -> sa.ColumnElement[bool]:
    if value is None:
        return sa.false()
    bound = _bound(key, value)
    further = key.column < bound if key.descending else key.column > bound
    return sa.or_(further, key.column.is_(None)) if key.nullable else further


def _bound(key: Key, value: Typed) -> sa.BindParameter[Any]:
    return sa.literal(value, SQL_TYPES[key.type])
