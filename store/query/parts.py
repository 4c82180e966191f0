"""A question once parsed: its parts as syntax, and every name in it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from store.query.logic import conjuncts, names, positive
from store.query.parsing import parsed_aggregates, parsed_names, parsed_orders, parsed_where
from store.query.plans import Question
from store.query.syntax import Aggregate, Expression, Name, Order

T = TypeVar("T")


@dataclass(frozen=True)
class Parts:
    """The parts of a question; `where` as the conditions that must all hold."""

    where: tuple[Expression, ...]
    select: tuple[Name, ...]
    group_by: tuple[Name, ...]
    aggregate: tuple[Aggregate, ...]
    order_by: tuple[Order, ...]

    @property
    def names(self) -> tuple[Name, ...]:
        """Every name in the question."""
        sorted_by = [order.key for order in self.order_by]
        numbers = [key for key in (*self.aggregate, *sorted_by) if isinstance(key, Aggregate)]
        return (
            *(name for part in self.where for name in names(part)),
            *self.select,
            *self.group_by,
            *(number.name for number in numbers if number.name),
            *(key for key in sorted_by if isinstance(key, Name)),
        )


def parsed(question: Question) -> Parts:
    """The parts of a question; raises `QueryError` for what is no sentence of the language."""
    return Parts(
        where=parsed_conditions(question.where),
        select=_of(lambda text: parsed_names("select", text), question.select),
        group_by=_of(lambda text: parsed_names("group_by", text), question.group_by),
        aggregate=_of(parsed_aggregates, question.aggregate),
        order_by=_of(parsed_orders, question.order_by),
    )


def parsed_conditions(where: str | None) -> tuple[Expression, ...]:
    """The conditions of a filter that must all hold, none of them negated as a whole."""
    return conjuncts(positive(parsed_where(where))) if where else ()


def _of(parse: Callable[[str], tuple[T, ...]], text: str | None) -> tuple[T, ...]:
    return parse(text) if text else ()
