r"""`like` with one meaning on both databases: `%` any run, `_` one character, `\` takes literally.

PostgreSQL's LIKE tells upper from lower case; SQLite's does not, but its GLOB does, so the pattern
is written once for each.
"""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from store.query.errors import Mistake


class matches(FunctionElement[bool]):  # noqa: N801, reads as an SQL function
    """Whether a text matches a pattern: the text, a LIKE pattern, a GLOB pattern."""

    type = sa.Boolean()
    inherit_cache = True


@compiles(matches, "sqlite")
def _sqlite(element: matches, compiler: SQLCompiler, **options: Any) -> str:
    text, _, pattern = element.clauses
    return f"({compiler.process(text, **options)} GLOB {compiler.process(pattern, **options)})"


@compiles(matches, "postgresql")
def _postgresql(element: matches, compiler: SQLCompiler, **options: Any) -> str:
    text, pattern, _ = element.clauses
    return f"({compiler.process(text, **options)} LIKE {compiler.process(pattern, **options)})"


class bytewise(FunctionElement[str]):  # noqa: N801, reads as an SQL function
    """A text that sorts by its bytes, as SQLite does, whatever the locale of the database."""

    type = sa.String()
    inherit_cache = True


@compiles(bytewise, "sqlite")
def _plain(element: bytewise, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.clauses, **options)


@compiles(bytewise, "postgresql")
def _collated(element: bytewise, compiler: SQLCompiler, **options: Any) -> str:
    return f'({compiler.process(element.clauses, **options)} COLLATE "C")'


def like(text: sa.ColumnElement[Any], pattern: str, position: int) -> sa.ColumnElement[bool]:
    """Whether a text matches a pattern, which stood at `position`."""
    parts = list(_parts(pattern, position))
    return matches(
        text,
        sa.literal("".join(_as_like(*part) for part in parts), sa.String()),
        sa.literal("".join(_as_glob(*part) for part in parts), sa.String()),
    )


def _parts(pattern: str, position: int) -> Iterator[tuple[str, bool]]:
    r"""Each character, and whether it is a wildcard; `\` makes the next one plain."""
    characters = iter(pattern)
    for character in characters:
        if character != "\\":
            yield character, character in "%_"
            continue
        literal = next(characters, None)
        if literal is None:
            raise Mistake(r"the pattern ends in \, which takes the next character", position)
        yield literal, False


def _as_like(character: str, wildcard: bool) -> str:
    return f"\\{character}" if character in "%_\\" and not wildcard else character


def _as_glob(character: str, wildcard: bool) -> str:
    if wildcard:
        return "*" if character == "%" else "?"
    return f"[{character}]" if character in "*?[" else character
