"""From the rules of the grammar, in the order they are recognised, to nodes of syntax."""

import math
import re
from collections.abc import Iterable
from typing import Any

from lark import Token, Transformer, v_args

from core.experiment import MAX_INTEGER
from store.query.errors import Mistake
from store.query.syntax import (
    Aggregate,
    And,
    Condition,
    Expression,
    Name,
    Not,
    Operator,
    Or,
    Order,
    Value,
)


@v_args(inline=True)
class Syntax(Transformer[Token, Any]):
    """Builds the nodes while the text is read: rule by rule, names as in the grammar."""

    def where(self, expression: Expression) -> Expression:
        return expression

    def any(self, *parts: Any) -> Expression:
        terms = _without_words(parts)
        return terms[0] if len(terms) == 1 else Or(terms)

    def all(self, *parts: Any) -> Expression:
        terms = _without_words(parts)
        return terms[0] if len(terms) == 1 else And(terms)

    def inverted(self, _: Token, term: Expression) -> Expression:
        return Not(term)

    def grouped(self, expression: Expression) -> Expression:
        return expression

    def comparison(self, name: Token, operator: Token, value: Value) -> Condition:
        return _condition(name, str(operator), [value])  # type: ignore[arg-type]

    def among(self, name: Token, _: Token, *values: Value) -> Condition:
        return _condition(name, "in", values)

    def not_among(self, name: Token, _: Token, __: Token, *values: Value) -> Condition:
        return _condition(name, "not in", values)

    def within(self, name: Token, _: Token, low: Value, __: Token, high: Value) -> Condition:
        return _condition(name, "between", [low, high])

    def not_within(self, name: Token, *parts: Any) -> Condition:
        return _condition(name, "not between", [parts[2], parts[4]])

    def alike(self, name: Token, _: Token, pattern: Value) -> Condition:
        return _condition(name, "like", [pattern])

    def not_alike(self, name: Token, _: Token, __: Token, pattern: Value) -> Condition:
        return _condition(name, "not like", [pattern])

    def missing(self, name: Token, *_: Token) -> Condition:
        return _condition(name, "is null", [])

    def present(self, name: Token, *_: Token) -> Condition:
        return _condition(name, "is not null", [])

    def number(self, token: Token) -> Value:
        return Value(_number(token), token.start_pos or 0)

    def text(self, token: Token) -> Value:
        return Value(_unquoted(token), token.start_pos or 0)

    def true(self, token: Token) -> Value:
        return Value(True, token.start_pos or 0)

    def false(self, token: Token) -> Value:
        return Value(False, token.start_pos or 0)

    def null(self, token: Token) -> Value:
        return Value(None, token.start_pos or 0)

    def name(self, token: Token) -> Name:
        return _name(token)

    def names(self, *names: Name) -> tuple[Name, ...]:
        return names

    def aggregates(self, *aggregates: Aggregate) -> tuple[Aggregate, ...]:
        return aggregates

    def of_rows(self, function: Token) -> Aggregate:
        return Aggregate(function.lower(), None, None, function.start_pos or 0)

    def of_values(self, function: Token, name: Token) -> Aggregate:
        return Aggregate(function.lower(), _name(name), None, function.start_pos or 0)

    def at_fraction(self, function: Token, name: Token, fraction: Token) -> Aggregate:
        number = float(_number(fraction))
        return Aggregate(function.lower(), _name(name), number, function.start_pos or 0)

    def orders(self, *orders: Order) -> tuple[Order, ...]:
        return orders

    def ascending(self, key: Name | Aggregate, *_: Token) -> Order:
        return Order(key, descending=False)

    def descending(self, key: Name | Aggregate, _: Token) -> Order:
        return Order(key, descending=True)


def _condition(name: Token, operator: Operator, values: Iterable[Value]) -> Condition:
    return Condition(_name(name), operator, tuple(values))


def _without_words(parts: Iterable[Any]) -> tuple[Expression, ...]:
    return tuple(part for part in parts if not isinstance(part, Token))


def _name(token: Token) -> Name:
    prefix, dot, key = token.partition(".")
    quoted = key[:1] in ("'", '"', "`")
    return Name(prefix + dot + (_unquoted(key) if quoted else key), token.start_pos or 0)


def _unquoted(text: str) -> str:
    quote = text[0]
    return text[1:-1].replace(quote * 2, quote)


def _number(token: Token) -> float | int:
    whole = re.fullmatch(r"[+-]?[0-9]+", token)
    number = int(token) if whole and len(token) <= len(str(MAX_INTEGER)) + 1 else float(token)
    if not math.isfinite(number) or (whole and abs(number) > MAX_INTEGER):
        limit = "2^53 - 1, the largest whole number kept exactly" if whole else "1.8e308"
        raise Mistake(f"{token[:50]} is too large; the limit is {limit}", token.start_pos or 0)
    return number
