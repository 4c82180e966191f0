"""Values as the types of their fields want them, or a mistake that names both."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from core.kinds import KINDS
from core.spelling import nearest_or_all
from store.query.errors import Mistake
from store.query.fields import Field, FieldType
from store.query.syntax import Condition, Value
from store.tables import STATUSES, Time

Typed = float | int | bool | str | datetime

SQL_TYPES: Mapping[FieldType, sa.types.TypeEngine[Any]] = {
    "number": sa.Double(),
    "integer": sa.BigInteger(),
    "boolean": sa.Boolean(),
    "text": sa.String(),
    "time": Time(),
}
_A: Mapping[FieldType, str] = {
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "text": "a text",
    "time": "a time such as '2026-01-31' or '2026-01-31T12:00:00Z'",
}
_CHOICES = {"kind": tuple(KINDS), "status": STATUSES}
_ORDERED = {"<", "<=", ">", ">=", "between", "not between"}
_PATTERNS = {"like", "not like"}


def typed_values(condition: Condition, field: Field) -> tuple[Typed, ...]:
    """The values of a condition, checked against its operator and its field."""
    _check_operator(condition, field)
    values = tuple(_typed(value, field) for value in condition.values)
    if condition.operator in ("=", "!=", "in", "not in"):
        _check_choices(condition, field)
    return values


def bound(value: Typed, field: Field) -> sa.BindParameter[Any]:
    """A value as a bound parameter of the type that its column is compared in."""
    # A fraction is compared with whole numbers as a number: rounding it would change the answer.
    fraction = field.type == "integer" and isinstance(value, float)
    return sa.literal(value, SQL_TYPES["number" if fraction else field.type])


def _check_operator(condition: Condition, field: Field) -> None:
    operator, position = condition.operator, condition.name.position
    if operator in _PATTERNS and field.type != "text":
        raise Mistake(f"{field.name} is {_A[field.type]}; {operator} is for texts", position)
    if operator in _ORDERED and field.type == "boolean":
        raise Mistake(f"{field.name} is true or false; compare it with = or !=", position)


def _check_choices(condition: Condition, field: Field) -> None:
    choices = _CHOICES.get(field.name, ())
    for value in condition.values:
        if choices and value.value not in choices:
            close = nearest_or_all(str(value.value), choices)
            raise Mistake(f"no {field.name} is named {value.value!r}{close}", value.position)


def _typed(value: Value, field: Field) -> Typed:
    given = value.value
    if given is None:
        raise Mistake("nothing equals null: write is null or is not null", value.position)
    if field.type == "time" and isinstance(given, str):
        return _time(given, field, value.position)
    if field.type in ("number", "integer") and type(given) in (int, float):
        whole = field.type == "integer" and given == int(given)
        return int(given) if whole else float(given)
    if {"text": str, "boolean": bool}.get(field.type) is type(given):
        return given
    raise Mistake(
        f"{field.name} is {_A[field.type]}{field.hint}, but {_shown(given)}", value.position
    )


def _time(text: str, field: Field, position: int) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return aware.astimezone(UTC)
    except (ValueError, OverflowError):
        message = f"{field.name} is {_A['time']}, but {text[:50]!r} is none"
        raise Mistake(message, position) from None


def _shown(value: float | int | bool | str) -> str:
    if isinstance(value, bool):
        return f"{str(value).lower()} is a truth value"
    return f"{value!r:.60} is a text" if isinstance(value, str) else f"{value} is a number"
