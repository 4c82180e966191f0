"""A question about results and the SELECT that answers it."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from store.query.fields import FieldType
from store.query.ordering import Key


@dataclass(frozen=True)
class Question:
    """What is asked of the results, part by part, as its author wrote it."""

    where: str | None = None
    select: str | None = None
    order_by: str | None = None
    group_by: str | None = None
    aggregate: str | None = None
    kind: str | None = None


@dataclass(frozen=True)
class OutputColumn:
    """One column of an answer."""

    name: str
    type: FieldType


@dataclass(frozen=True)
class Plan:
    """A SELECT of the answer's columns, and the keys that put its rows in one total order.

    `row_id` is SQLite's own number of a row, where all rows are of one table.
    """

    columns: tuple[OutputColumn, ...]
    query: sa.Select[Any]
    keys: tuple[Key, ...]
    grouped: bool
    row_id: sa.ColumnElement[int] | None = None
