"""Filters in a form where nothing is negated but single comparisons, and what they speak of.

In SQL's three-valued logic a negation moves inwards freely: `not (a and b)` is `not a or not b`,
`not x < 1` is `x >= 1`, also where x is null. Without negations a condition that is unknown may
count as false, which lets a condition on tags become a search in the index of tags.
"""

from collections.abc import Iterator, Mapping

from core.kinds import KINDS
from store.query.syntax import And, Condition, Expression, Name, Not, Operator, Or

_OPPOSITE: Mapping[Operator, Operator] = {
    "=": "!=",
    "<": ">=",
    "<=": ">",
    "in": "not in",
    "between": "not between",
    "like": "not like",
    "is null": "is not null",
}
OPPOSITE = {**_OPPOSITE, **{opposite: operator for operator, opposite in _OPPOSITE.items()}}


def positive(expression: Expression, *, negated: bool = False) -> Expression:
    """The same filter with every `not` moved into the comparisons."""
    if isinstance(expression, Condition):
        operator = OPPOSITE[expression.operator] if negated else expression.operator
        return Condition(expression.name, operator, expression.values)
    if isinstance(expression, Not):
        return positive(expression.term, negated=not negated)
    terms = tuple(positive(term, negated=negated) for term in expression.terms)
    return And(terms) if isinstance(expression, And) is not negated else Or(terms)


def conjuncts(expression: Expression | None) -> tuple[Expression, ...]:
    """The parts of a positive filter that must all hold."""
    if expression is None:
        return ()
    if isinstance(expression, And):
        return tuple(part for term in expression.terms for part in conjuncts(term))
    return (expression,)


def conditions(expression: Expression) -> Iterator[Condition]:
    """Every comparison of a filter."""
    if isinstance(expression, Condition):
        yield expression
    elif isinstance(expression, Not):
        yield from conditions(expression.term)
    else:
        for term in expression.terms:
            yield from conditions(term)


def names(expression: Expression) -> tuple[Name, ...]:
    """Every name of a filter."""
    return tuple(condition.name for condition in conditions(expression))


def kinds_in_question(parts: tuple[Expression, ...]) -> tuple[str, ...]:
    """The kinds that `kind = '...'` or `kind in (...)` leaves; all of them without one."""
    left = set(KINDS)
    for part in parts:
        if isinstance(part, Condition) and part.name.text == "kind":
            named = {value.value for value in part.values} & set(KINDS)
            if part.operator in ("=", "in"):
                left &= named
            elif part.operator in ("!=", "not in"):
                left -= named
    return tuple(kind for kind in KINDS if kind in left) or tuple(KINDS)
