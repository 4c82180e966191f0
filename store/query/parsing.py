"""Text to syntax: the grammar of the language, and errors that say where and what was expected."""

import re
from collections.abc import Callable
from functools import cache
from typing import Any, Literal, TypeVar

from lark import Lark
from lark.exceptions import UnexpectedInput, UnexpectedToken

from store.query.building import Syntax
from store.query.errors import LONGEST_TEXT, Mistake, QueryError
from store.query.grammar import GRAMMAR
from store.query.syntax import Aggregate, Condition, Expression, Name, Not, Order

DEEPEST = 50
MOST_CONDITIONS = 200
MOST_TERMS = 200
MOST_KEYS = 5  # to sort by: their values are in every cursor

T = TypeVar("T")
Part = Literal["where", "select", "group_by", "aggregate", "order_by"]

# What an unfinished text could go on with, in words.
_EXPECTED = {
    "NAME": "a name such as param.seed",
    "OPERATOR": "an operator (= != < <= > >= in, not in, between, like, is null)",
    "NUMBER": "a number",
    "TEXT": "a text in quotes",
    "TRUE": "true or false",
    "LPAR": "(",
    "RPAR": ")",
    "COMMA": "a comma",
    "AND": "and",
    "OR": "or",
    "NOT": "not",
    "IN": "in",
    "BETWEEN": "between",
    "LIKE": "like",
    "NULL": "null",
    "FUNCTION": "an aggregate such as count()",
    "ASC": "asc or desc",
    "$END": "the end",
}
_IMPLIED = {"OPERATOR": {"IN", "NOT", "BETWEEN", "LIKE", "IS"}, "NUMBER": {"NULL"}}


def parsed_where(text: str) -> Expression:
    """The expression of a filter."""
    expression: Expression = _parsed("where", "where", text)
    conditions, depth = _size(expression)
    if conditions > MOST_CONDITIONS:
        raise QueryError("where", text, f"{conditions} conditions; the limit is {MOST_CONDITIONS}")
    if depth > DEEPEST:
        raise QueryError("where", text, f"nested {depth} deep; the limit is {DEEPEST}")
    return expression


def parsed_names(part: Part, text: str) -> tuple[Name, ...]:
    """A comma-separated list of names, all different."""
    return _different(part, text, _parsed(part, "names", text), lambda name: name.text)


def parsed_aggregates(text: str) -> tuple[Aggregate, ...]:
    """A comma-separated list of aggregates, all different."""
    found = _parsed("aggregate", "aggregates", text)
    return _different("aggregate", text, found, lambda aggregate: aggregate.text)


def parsed_orders(text: str) -> tuple[Order, ...]:
    """A comma-separated list of sort keys, all different."""
    found = _parsed("order_by", "orders", text)
    return _different("order_by", text, found, lambda order: order.key.text, MOST_KEYS)


def _parsed(part: Part, start: str, text: str) -> Any:
    _refuse_impossible(part, text)
    try:
        return _parser().parse(text, start=start)
    except UnexpectedInput as error:
        raise _unexpected(part, start, text, error) from None
    except Mistake as mistake:
        raise QueryError(part, text, mistake.message, mistake.position) from None


def _refuse_impossible(part: Part, text: str) -> None:
    if len(text) > LONGEST_TEXT:
        raise QueryError(part, text, f"{len(text)} characters; the limit is {LONGEST_TEXT}")
    forbidden = re.search("[\0\ud800-\udfff]", text)
    if forbidden:
        raise QueryError(part, text, "a character that no text here can hold", forbidden.start())


@cache
def _parser() -> Lark:
    starts = ["where", "names", "aggregates", "orders"]
    return Lark(GRAMMAR, start=starts, parser="lalr", transformer=Syntax())


def _unexpected(part: Part, start: str, text: str, error: UnexpectedInput) -> QueryError:
    position: int | None = error.pos_in_stream
    if isinstance(error, UnexpectedToken) and error.token.type == "$END":
        position = None
    position = len(text) if position is None else position
    read = _parser().parse_interactive(text[:position], start=start)
    read.exhaust_lexer()
    accepted: set[str] = read.accepts()  # type: ignore[no-untyped-call]
    message = f"{_seen(text, position)}; {_expectation(accepted)}"
    return QueryError(part, text, message, position)


def _seen(text: str, position: int) -> str:
    rest = text[position:]
    if not rest.strip():
        return "ends too early"
    if rest[0] in "'\"" and rest.count(rest[0]) == 1:
        return f"the text that begins with {rest[0]} has no end"
    word = re.match(r"\w[\w.]*|.", rest, re.DOTALL)
    return f"did not expect {word.group()[:50] if word else rest[0]!r}"


def _expectation(terminals: set[str]) -> str:
    hidden = {name for leader in terminals & set(_IMPLIED) for name in _IMPLIED[leader]}
    words = [word for name, word in _EXPECTED.items() if name in terminals - hidden]
    return "expected " + " or ".join(words)


def _different(
    part: Part,
    text: str,
    found: tuple[T, ...],
    name: Callable[[T], str],
    most: int = MOST_TERMS,
) -> tuple[T, ...]:
    names = [name(item) for item in found]
    twice = next((each for each in names if names.count(each) > 1), None)
    if twice is not None:
        raise QueryError(part, text, f"{twice} comes twice")
    if len(found) > most:
        raise QueryError(part, text, f"{len(found)} terms; the limit is {most}")
    return found


def _size(expression: Expression) -> tuple[int, int]:
    """How many conditions, and how deep; iterative, for the depth is the author's choice."""
    conditions, deepest, waiting = 0, 0, [(expression, 1)]
    while waiting:
        node, depth = waiting.pop()
        deepest = max(deepest, depth)
        if isinstance(node, Condition):
            conditions += 1
        elif isinstance(node, Not):
            waiting.append((node.term, depth + 1))
        else:
            waiting.extend((term, depth + 1) for term in node.terms)
    return conditions, deepest
