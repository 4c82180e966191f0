"""Positive filters to SQL: typed columns on the left, bound parameters on the right, no text."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from store.query.fields import Field, Reach, field_of
from store.query.patterns import bytewise, like
from store.query.syntax import And, Condition, Expression, Name, Not, Operator
from store.query.values import SQL_TYPES, bound, typed_values
from store.tables import tags

Column = sa.ColumnElement[Any]


@dataclass(frozen=True)
class Scope:
    """What names stand for in one question: the columns, and the id that tags hang on."""

    reach: Reach
    experiment_id: Column
    column_of: Callable[[Field], Column]

    def field(self, name: Name) -> Field:
        """The field of a name; raises a mistake for an unknown one."""
        return field_of(name, self.reach)

    def column(self, field: Field) -> Column:
        """The column of a field, also where it must be looked up among the tags."""
        if field.place != "tag":
            return sa.type_coerce(self.column_of(field), SQL_TYPES[field.type])
        return (
            sa.select(tags.c.value)
            .where(tags.c.experiment_id == self.experiment_id, tags.c.key == field.column)
            .correlate_except(tags)
            .scalar_subquery()
        )


def compiled(expression: Expression, scope: Scope) -> sa.ColumnElement[bool]:
    """A positive filter as an SQL condition."""
    if isinstance(expression, Condition):
        return _condition(expression, scope)
    if isinstance(expression, Not):
        raise AssertionError("only positive filters are compiled")
    terms = [compiled(term, scope) for term in expression.terms]
    return sa.and_(*terms) if isinstance(expression, And) else sa.or_(*terms)


def _condition(condition: Condition, scope: Scope) -> sa.ColumnElement[bool]:
    field = scope.field(condition.name)
    values = typed_values(condition, field)
    if field.place == "tag":
        return _of_tag(condition, field, scope)
    parameters = [bound(value, field) for value in values]
    return _compared(scope.column(field), field, condition, parameters)


def _of_tag(condition: Condition, field: Field, scope: Scope) -> sa.ColumnElement[bool]:
    # An experiment without the tag compares as unknown, which counts as false here.
    holders = sa.select(tags.c.experiment_id).where(tags.c.key == field.column)
    if condition.operator == "is null":
        return scope.experiment_id.not_in(holders)
    if condition.operator != "is not null":
        values = [bound(value, field) for value in typed_values(condition, field)]
        holders = holders.where(_compared(tags.c.value, field, condition, values))
    return scope.experiment_id.in_(holders)


def _compared(
    column: Column, field: Field, condition: Condition, values: Sequence[Column]
) -> sa.ColumnElement[bool]:
    operator = condition.operator
    if operator in ("like", "not like"):
        pattern = condition.values[0]
        found = like(column, str(pattern.value), pattern.position)
        return found if operator == "like" else sa.not_(found)
    if field.type == "text" and operator in _ORDERED:
        column = bytewise(column)
    return _OPERATIONS[operator](column, *values)


_ORDERED = ("<", "<=", ">", ">=", "between", "not between")
_OPERATIONS: Mapping[Operator, Callable[..., sa.ColumnElement[bool]]] = {
    "=": lambda column, value: column == value,
    "!=": lambda column, value: column != value,
    "<": lambda column, value: column < value,
    "<=": lambda column, value: column <= value,
    ">": lambda column, value: column > value,
    ">=": lambda column, value: column >= value,
    "in": lambda column, *values: column.in_(values),
    "not in": lambda column, *values: column.not_in(values),
    "between": lambda column, low, high: column.between(low, high),
    "not between": lambda column, low, high: sa.or_(column < low, column > high),
    "is null": lambda column: column.is_(None),
    "is not null": lambda column: column.is_not(None),
}
