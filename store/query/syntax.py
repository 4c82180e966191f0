"""What a question is once parsed: small frozen nodes that know where they stood in the text."""

from dataclasses import dataclass
from typing import Literal

Operator = Literal[
    "=",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "in",
    "not in",
    "between",
    "not between",
    "like",
    "not like",
    "is null",
    "is not null",
]
Scalar = float | int | bool | str | None

TAG = "tag."


@dataclass(frozen=True)
class Name:
    """A name of the language, such as `param.seed`; a quoted key is kept without its quotes."""

    text: str
    position: int

    @property
    def tag(self) -> str | None:
        """The key, when this names a tag."""
        return self.text.removeprefix(TAG) if self.text.startswith(TAG) else None


@dataclass(frozen=True)
class Value:
    """A literal value."""

    value: Scalar
    position: int


@dataclass(frozen=True)
class Condition:
    """One comparison: `param.seed in (1, 2)`."""

    name: Name
    operator: Operator
    values: tuple[Value, ...] = ()


@dataclass(frozen=True)
class And:
    """All of these."""

    terms: tuple["Expression", ...]


@dataclass(frozen=True)
class Or:
    """Any of these."""

    terms: tuple["Expression", ...]


@dataclass(frozen=True)
class Not:
    """Not this."""

    term: "Expression"


Expression = Condition | And | Or | Not


@dataclass(frozen=True)
class Aggregate:
    """One number made of many rows: `quantile(metric.log_se, 0.9)`, `count()`."""

    function: str
    name: Name | None
    fraction: float | None
    position: int

    @property
    def text(self) -> str:
        """The aggregate as the language writes it; also the name of its column."""
        parts = [self.name.text] if self.name else []
        parts += [repr(self.fraction).removesuffix(".0")] if self.fraction is not None else []
        return f"{self.function}({', '.join(parts)})"


@dataclass(frozen=True)
class Order:
    """One key to sort by."""

    key: Name | Aggregate
    descending: bool
