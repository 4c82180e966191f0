"""Why a question cannot be answered, and where in its text the trouble is."""

from collections.abc import Iterator
from contextlib import contextmanager

LONGEST_TEXT = 10_000


class QueryError(Exception):
    """A question that its author can mend: which part, where (from 0), and what is wrong."""

    def __init__(self, part: str, text: str, message: str, position: int | None = None) -> None:
        where = part if position is None else f"{part}, position {position}"
        super().__init__(f"{where}: {message}")
        self.part = part
        self.text = text
        self.message = message
        self.position = position


class Mistake(Exception):
    """What is wrong at one place of a text, before it is known which part of a question it is."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


class CursorRefused(Exception):
    """A cursor that the same question did not make."""


@contextmanager
def blamed(part: str, text: str | None) -> Iterator[None]:
    """Name the part of the question in which a mistake was made."""
    try:
        yield
    except Mistake as mistake:
        raise QueryError(part, text or "", mistake.message, mistake.position) from None
