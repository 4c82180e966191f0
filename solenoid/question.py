"""A question to the results database, and its answer as a table or as a file."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from solenoid.errors import BadArgument
from solenoid.table import Table, TypedRows
from solenoid.transport import Transport

FORMATS = ("csv", "jsonl", "parquet", "arrow")
PATH = "/v1/results"
MOST_ROWS = 100_000
"""Of an answer held in memory, unless a limit says otherwise."""

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
    """The rows of the answer; a great many only where a limit asks for them."""
    import pyarrow as pa  # the command line would start later

    asked = question if question.limit is not None else replace(question, limit=MOST_ROWS + 1)
    content = transport.content(PATH, **asked.params(), format="arrow")
    with pa.ipc.open_file(pa.BufferReader(content)) as stream:
        answer = stream.read_all()
    if question.limit is None and answer.num_rows > MOST_ROWS:
        raise BadArgument(
            f"the answer has more than {MOST_ROWS} rows: give a limit (and select the columns you "
            "need), group the rows (group_by, aggregate), or write them all to a file "
            "(save_results, or --output rows.parquet)"
        )
    return Table(TypedRows(answer))


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
