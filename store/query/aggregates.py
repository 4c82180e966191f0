"""Aggregates: the same numbers from both databases. Nulls are left out; `count()` counts rows.

`std` divides by n - 1 and `sem` is std / sqrt(n), both null for fewer than two numbers; quantiles
interpolate linearly. True and false count as 1 and 0, so their mean is a fraction.
"""

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from core.spelling import nearest_or_all
from store.query.errors import Mistake
from store.query.fields import Field, FieldType
from store.query.patterns import bytewise
from store.query.syntax import Aggregate

Column = sa.ColumnElement[Any]


class quantile(FunctionElement[float]):  # noqa: N801, reads as an SQL function
    """A quantile of numbers by linear interpolation: the numbers, the fraction."""

    type = sa.Double()
    inherit_cache = True


@compiles(quantile, "sqlite")
def _sqlite_quantile(element: quantile, compiler: SQLCompiler, **options: Any) -> str:
    return f"quantile({compiler.process(element.clauses, **options)})"


@compiles(quantile, "postgresql")
def _postgresql_quantile(element: quantile, compiler: SQLCompiler, **options: Any) -> str:
    numbers, fraction = (compiler.process(clause, **options) for clause in element.clauses)
    return f"percentile_cont({fraction}) WITHIN GROUP (ORDER BY {numbers})"


def checked_type(aggregate: Aggregate, field: Field | None) -> FieldType:
    """The type of an aggregate of a field; raises a mistake for one that makes no sense."""
    position = aggregate.name.position if aggregate.name else aggregate.position
    if aggregate.function not in _FUNCTIONS:
        known = tuple(_FUNCTIONS)
        hint = nearest_or_all(aggregate.function, known)
        raise Mistake(f"no aggregate is named {aggregate.function}{hint}", aggregate.position)
    _check_fraction(aggregate)
    if aggregate.function == "count":
        return "integer"
    if field is None:
        example = f"{aggregate.function}(metric.final_test_error)"
        raise Mistake(f"{aggregate.function} needs a name: {example}", aggregate.position)
    if aggregate.function in ("min", "max") and field.type != "boolean":
        return field.type
    if aggregate.function in ("min", "max") or field.type in ("text", "time"):
        raise Mistake(f"{aggregate.function} is not for {field.name}, a {field.type}", position)
    return "number"


def aggregated(aggregate: Aggregate, kind_of: FieldType, column: Column) -> Column:
    """A checked aggregate of a column of that type as SQL."""
    if aggregate.function in ("min", "max"):
        column = bytewise(column) if kind_of == "text" else column
    elif aggregate.function != "count" and kind_of != "number":
        # PostgreSQL turns truth values into its plain integers only, and averages decimals.
        whole = sa.cast(column, sa.Integer) if kind_of == "boolean" else column
        column = sa.cast(whole, sa.Double)
    return _FUNCTIONS[aggregate.function](column, aggregate.fraction)


def _check_fraction(aggregate: Aggregate) -> None:
    given = aggregate.fraction
    if aggregate.function != "quantile" and given is not None:
        raise Mistake(f"{aggregate.function} takes a name and nothing else", aggregate.position)
    if aggregate.function == "quantile" and (given is None or not 0 <= given <= 1):
        example = "quantile(metric.final_test_error, 0.9)"
        raise Mistake(f"quantile needs a fraction from 0 to 1: {example}", aggregate.position)


def _mean(x: Column, _: float | None) -> Column:
    # PostgreSQL's avg also sums squares, and fails where those overflow.
    return sa.func.sum(x) / sa.cast(sa.func.nullif(sa.func.count(x), 0), sa.Double)


def _quantile(x: Column, fraction: float | None) -> Column:
    return quantile(x, sa.literal(0.5 if fraction is None else fraction, sa.Double()))


def _std(x: Column, _: float | None) -> Column:
    return sa.func.stddev_samp(x, type_=sa.Double())


def _sem(x: Column, _: float | None) -> Column:
    return sa.func.stddev_samp(x, type_=sa.Double()) / sa.func.sqrt(
        sa.cast(sa.func.nullif(sa.func.count(x), 0), sa.Double), type_=sa.Double()
    )


_FUNCTIONS: Mapping[str, Callable[[Column, float | None], Column]] = {
    "count": lambda x, _: sa.func.count(x),
    "mean": _mean,
    "median": _quantile,
    "std": _std,
    "sem": _sem,
    "min": lambda x, _: sa.func.min(x),
    "max": lambda x, _: sa.func.max(x),
    "quantile": _quantile,
}
