"""Random filters, and what they mean: SQL's three-valued logic in plain Python."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hypothesis import strategies as st

from tests.store.query_world import CURL, METRICS, PARAMETERS, POOLS, RATIO

Truth = bool | None  # None: unknown


@dataclass(frozen=True)
class Filter:
    """A filter as text, and as a tree: (operator, name, values) or (word, parts)."""

    tree: tuple[Any, ...]

    @property
    def text(self) -> str:
        """The filter in the language."""
        return _text(self.tree)

    @property
    def names(self) -> set[str]:
        """Every name in it."""
        return _names(self.tree)

    def holds(self, row: Mapping[str, Any]) -> bool:
        """Whether it is true of a row; unknown is not."""
        return _truth(self.tree, row) is True


def fields(kind: str | None, *, rows: bool) -> dict[str, str]:
    """Names and types that may be asked for: of one kind, or of all."""
    common = {
        "name": "text",
        "priority": "integer",
        "disk_bytes": "integer",
        "created_at": "time",
        "started_at": "time",
        "tag.t": "text",
        "tag.my key": "text",
        "arm": "text",
        "param.seed": "integer",
    }
    if rows:
        common["replicate"] = "integer"
    if kind is None:
        return common
    metrics = METRICS[kind] if rows else dict.fromkeys(METRICS[kind], "number")
    return {
        **common,
        **{f"param.{name}": kind_of for name, kind_of in PARAMETERS[kind].items()},
        **{f"metric.{name}": kind_of for name, kind_of in metrics.items()},
    }


def filters(kind: str | None, *, rows: bool) -> st.SearchStrategy[Filter]:
    """Random filters; they say their kinds where other kinds have not all of their names."""
    trees = st.recursive(
        st.one_of([_conditions(*field) for field in fields(kind, rows=rows).items()]),
        lambda parts: st.one_of(
            st.tuples(st.sampled_from(["and", "or"]), st.lists(parts, min_size=2, max_size=3)),
            st.tuples(st.just("not"), parts.map(lambda part: [part])),
        ),
        max_leaves=6,
    )
    if kind is None:
        shared = ("in", "kind", [CURL, RATIO])
        return trees.map(lambda tree: _within(shared, tree) if _specific(tree) else Filter(tree))
    return trees.map(lambda tree: _within(("=", "kind", [kind]), tree))


def unsaid(wanted: Filter) -> Filter:
    """A filter of one kind, without saying which."""
    return Filter(wanted.tree[1][1])


KINDS_OR_NONE = (None, CURL, RATIO)


def _within(kinds: tuple[Any, ...], tree: tuple[Any, ...]) -> Filter:
    return Filter(("and", [kinds, tree]))


def _specific(tree: Any) -> bool:
    return any(name.startswith("param.") for name in _names(tree))


def _conditions(name: str, kind_of: str) -> st.SearchStrategy[tuple[Any, ...]]:
    values = st.sampled_from(POOLS[kind_of])
    if kind_of in ("number", "integer"):
        values |= st.sampled_from((*POOLS["number"], *POOLS["integer"]))
    equal = st.tuples(
        st.sampled_from(["=", "!="]), st.just(name), st.lists(values, min_size=1, max_size=1)
    )
    among = st.tuples(
        st.sampled_from(["in", "not in"]), st.just(name), st.lists(values, min_size=1, max_size=3)
    )
    null: Any = st.tuples(st.sampled_from(["is null", "is not null"]), st.just(name), st.just([]))
    kinds: list[Any] = [equal, among, null]
    if kind_of != "boolean":
        one = st.lists(values, min_size=1, max_size=1)
        two = st.lists(values, min_size=2, max_size=2)
        kinds.append(st.tuples(st.sampled_from(["<", "<=", ">", ">="]), st.just(name), one))
        kinds.append(st.tuples(st.sampled_from(["between", "not between"]), st.just(name), two))
    if kind_of == "text":
        patterns = st.lists(
            st.sampled_from(
                ["%", "_", "a", "A", "b", r"\%", r"\_", r"\\", "[", "*", "?", "é", "'"]
            ),
            max_size=4,
        )
        joined = patterns.map(lambda parts: ["".join(parts)])
        kinds.append(st.tuples(st.sampled_from(["like", "not like"]), st.just(name), joined))
    return st.one_of(kinds)


def _text(tree: Any) -> str:
    word, *rest = tree
    if word == "not":
        return f"NOT ({_text(rest[0][0])})"
    if word in ("and", "or"):
        return f" {word} ".join(f"({_text(part)})" for part in rest[0])
    name, values = rest
    shown = [_literal(value) for value in values]
    quoted = 'tag."my key"' if name == "tag.my key" else name
    if word in ("in", "not in"):
        return f"{quoted} {word} ({', '.join(shown)})"
    return f"{quoted} {word.upper()} {' and '.join(shown)}"


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return f"'{value.isoformat()}'"
    if isinstance(value, str):
        return '"' + value.replace('"', '""') + '"' if "'" in value else f"'{value}'"
    return repr(value)


def _names(tree: Any) -> set[str]:
    word, *rest = tree
    if word in ("and", "or", "not"):
        return {name for part in rest[0] for name in _names(part)}
    return {rest[0]}


def _truth(tree: Any, row: Mapping[str, Any]) -> Truth:
    word, *rest = tree
    if word == "not":
        inner = _truth(rest[0][0], row)
        return None if inner is None else not inner
    if word in ("and", "or"):
        return _joined(word, [_truth(part, row) for part in rest[0]])
    name, values = rest
    return _compared(word, row.get(name), values)


def _joined(word: str, parts: Sequence[Truth]) -> Truth:
    decisive = word == "or"
    if decisive in parts:
        return decisive
    return None if None in parts else not decisive


def _compared(operator: str, left: Any, values: Sequence[Any]) -> Truth:
    if operator in ("is null", "is not null"):
        return (left is None) == (operator == "is null")
    if left is None:
        return None
    if operator.startswith("not "):
        return not _compared(operator.removeprefix("not "), left, values)
    first, last = values[0], values[-1]
    answers: Mapping[str, Callable[[], Any]] = {
        "=": lambda: left == first,
        "!=": lambda: left != first,
        "<": lambda: left < first,
        "<=": lambda: left <= first,
        ">": lambda: left > first,
        ">=": lambda: left >= first,
        "in": lambda: left in values,
        "between": lambda: first <= left <= last,
        "like": lambda: re.fullmatch(_pattern(first), left, re.DOTALL) is not None,
    }
    return bool(answers[operator]())


def _pattern(text: str) -> str:
    parts = re.findall(r"\\.|.", text, re.DOTALL)
    return "".join({"%": ".*", "_": "."}.get(part, re.escape(part[-1])) for part in parts)
