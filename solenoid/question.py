"""A question to the results database, and its answer as a table or as a file."""

import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from solenoid.errors import BadArgument
from solenoid.table import Table
from solenoid.transport import Transport

FORMATS = ("csv", "jsonl", "parquet", "arrow")
PATH = "/v1/results"

Names = str | Sequence[str] | None
"""Names as one text, separated by commas, or as a list."""


@dataclass(frozen=True)
class Question:
    """What is asked of the metric rows of all experiments."""

    where: str | None = None
    kind: str | None = None
    select: Names = None
    group_by: Names = None
    aggregate: Names = None
    order_by: Names = None
    limit: int | None = None

    def params(self) -> dict[str, str | int | None]:
        """The question as the service takes it."""
        return {part: _joined(said) for part, said in asdict(self).items()}


def table_of(transport: Transport, question: Question) -> Table:
    """Every row of the answer."""
    content = transport.content(PATH, **question.params(), format="jsonl")
    return Table(tuple(json.loads(line) for line in content.splitlines()))


def copied(transport: Transport, question: Question, form: str, file: IO[bytes]) -> None:
    """Write the answer to an open file, piece by piece."""
    if form not in FORMATS:
        raise BadArgument(f"results can be written as {', '.join(FORMATS)}; not {form!r}")
    for piece in transport.pieces(PATH, **question.params(), format=form):
        file.write(piece)


def saved(transport: Transport, question: Question, form: str, target: Path) -> Path:
    """Write the answer to a file that is whole or not there."""
    with _whole(target) as file:
        copied(transport, question, form, file)
    return target


@contextmanager
def _whole(target: Path) -> Iterator[IO[bytes]]:
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".solenoid-") as folder:
        part = Path(folder) / "part"
        with part.open("wb") as file:
            yield file
        os.replace(part, target)


def _joined(said: Names | int) -> str | int | None:
    return said if said is None or isinstance(said, str | int) else ", ".join(said)
