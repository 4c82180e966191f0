"""A question to the results database, and its answer as a table or as a file."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
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
        parts = asdict(self)
        return {"limit": parts.pop("limit"), **{part: joined(n) for part, n in parts.items()}}


def joined(names: Names) -> str | None:
    """Names as the service takes them."""
    return names if names is None or isinstance(names, str) else ", ".join(names)


def table_of(transport: Transport, question: Question) -> Table:
    """Every row of the answer."""
    content = transport.content(PATH, **question.params(), format="jsonl")
    return Table(tuple(json.loads(line) for line in content.splitlines()))


def saved(
    transport: Transport, question: Question, target: Path | IO[bytes], form: str | None
) -> None:
    """Write the answer to a file, whole or not at all, or to an open one as it comes."""
    path = target if isinstance(target, Path) else None
    chosen = form or (path.suffix[1:].lower() if path else "")
    if chosen not in FORMATS:
        raise BadArgument(f"results can be written as {', '.join(FORMATS)}; not {chosen!r}")
    answer = transport.pieces(PATH, **question.params(), format=chosen)
    with whole(target) if isinstance(target, Path) else nullcontext(target) as file:
        file.writelines(answer)


@contextmanager
def whole(target: Path) -> Iterator[IO[bytes]]:
    """A file that gets its name when it is complete, and leaves nothing behind otherwise."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=target.parent, prefix=".solenoid-") as folder:
        part = Path(folder) / "part"
        with part.open("wb") as file:
            yield file
        part.replace(target)
