"""Questions whose answer has one row per experiment, arm and replicate."""

from collections.abc import Sequence

from store.query.errors import Mistake, blamed
from store.query.fields import Field, vocabulary
from store.query.plans import OutputColumn, Plan, Question
from store.query.row_source import RowSource
from store.query.syntax import Name


def planned_rows(question: Question, source: RowSource) -> Plan:
    """The plan of a question without groups."""
    fields = _selected(question, source)
    order = _order(question, source)
    keys = tuple(source.key(field, descending=descending) for field, descending in order)
    descending = keys[0].descending if keys else False
    columns = (source.scope.column(field).label(f"c{i}") for i, field in enumerate(fields))
    return Plan(
        columns=tuple(OutputColumn(field.name, field.type) for field in fields),
        query=source.query([*fields, *(field for field, _ in order)], columns),
        keys=(*keys, *source.ties(descending=descending)),
        grouped=False,
        row_id=source.row_id,
    )


def _selected(question: Question, source: RowSource) -> Sequence[Field]:
    if question.select:
        with blamed("select", question.select):
            return [source.scope.field(name) for name in source.parts.select]
    known = vocabulary("results", source.kinds)
    several = ["kind"] if len(source.kinds) > 1 else []
    measured = [name for name in known if name.startswith(("param.", "metric."))]
    return [known[name] for name in ("experiment", *several, "arm", "replicate", *measured)]


def _order(question: Question, source: RowSource) -> list[tuple[Field, bool]]:
    with blamed("order_by", question.order_by):
        found = []
        for order in source.parts.order_by:
            if not isinstance(order.key, Name):
                message = "rows are sorted by an aggregate only with group_by or aggregate"
                raise Mistake(message, order.key.position)
            found.append((source.scope.field(order.key), order.descending))
        return found
