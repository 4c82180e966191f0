"""Questions whose answer has one row per group: `group_by` and aggregates."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from store.query.aggregates import aggregated, checked_type
from store.query.errors import Mistake, QueryError, blamed
from store.query.fields import Field
from store.query.ordering import Key
from store.query.parsing import parsed_aggregates
from store.query.patterns import bytewise
from store.query.plans import OutputColumn, Plan, Question
from store.query.row_source import RowSource
from store.query.syntax import Aggregate, Order


def planned_groups(question: Question, source: RowSource) -> Plan:
    """The plan of a question with groups, or with aggregates over all rows."""
    if question.select:
        message = "with group_by or aggregate, the columns are the groups and the aggregates"
        raise QueryError("select", question.select, message)
    with blamed("group_by", question.group_by):
        groups = [source.scope.field(name) for name in source.parts.group_by]
    wanted = source.parts.aggregate or parsed_aggregates("count()")
    with blamed("aggregate", question.aggregate):
        measured = [source.scope.field(each.name) if each.name else None for each in wanted]
        types = [checked_type(each, field) for each, field in zip(wanted, measured, strict=True)]
    columns = tuple(OutputColumn(field.name, field.type) for field in groups) + tuple(
        OutputColumn(each.text, kind_of) for each, kind_of in zip(wanted, types, strict=True)
    )
    answer = _answer(source, groups, wanted, measured)
    with blamed("order_by", question.order_by):
        keys = _keys(source.parts.order_by, columns, answer, len(groups))
    return Plan(columns, sa.select(*answer.c), keys, grouped=True)


def _answer(
    source: RowSource,
    groups: Sequence[Field],
    wanted: Sequence[Aggregate],
    measured: Sequence[Field | None],
) -> sa.Subquery:
    """One column per group and aggregate: c0, c1, ..."""
    fields = list(dict.fromkeys([*groups, *(field for field in measured if field)]))
    taken = [source.scope.column(field).label(f"r{place}") for place, field in enumerate(fields)]
    rows = source.query(fields, taken or [sa.literal(1).label("r0")]).subquery()
    column_of = {field: rows.c[f"r{place}"] for place, field in enumerate(fields)}
    grouping = [column_of[field] for field in groups]
    numbers: list[sa.ColumnElement[Any]] = [
        aggregated(each, field.type, column_of[field]) if field else sa.func.count()
        for each, field in zip(wanted, measured, strict=True)
    ]
    columns = [column.label(f"c{place}") for place, column in enumerate([*grouping, *numbers])]
    return sa.select(*columns).select_from(rows).group_by(*grouping).subquery()


def _keys(
    orders: Sequence[Order], columns: Sequence[OutputColumn], answer: sa.Subquery, groups: int
) -> tuple[Key, ...]:
    """The chosen sort keys, then the groups, which tell any two rows apart."""
    places = {column.name: place for place, column in enumerate(columns)}
    for order in orders:
        if order.key.text not in places:
            message = f"{order.key.text} is no group and no aggregate of this question"
            raise Mistake(message, order.key.position)
    chosen = [(places[order.key.text], order.descending) for order in orders]
    ties = [(place, False) for place in range(groups) if place not in dict(chosen)]
    return tuple(
        _key(columns[place], answer.c[place], descending) for place, descending in chosen + ties
    )


def _key(output: OutputColumn, column: sa.ColumnElement[Any], descending: bool) -> Key:
    sorted_by = bytewise(column) if output.type == "text" else column
    return Key(sorted_by, output.type, descending, nullable=True)
