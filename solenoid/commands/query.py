"""Rows: of one experiment, of one sweep, or of everything in the results database."""

import json
import re
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from solenoid.client import Client
from solenoid.commands.options import OrderBy, client, found, told_of, write
from solenoid.errors import BadArgument
from solenoid.experiment import Experiment
from solenoid.sweep import Sweep
from solenoid.table import Table, iso
from solenoid.terminal import console, print_table, shown

ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
ROWS_ON_SCREEN = 100
KEYS = ("experiment", "arm", "replicate")


class Format(StrEnum):
    """How to write rows."""

    TABLE = "table"
    CSV = "csv"
    JSONL = "jsonl"
    JSON = "json"
    PARQUET = "parquet"
    ARROW = "arrow"


BINARY = (Format.PARQUET, Format.ARROW)


Question = Annotated[
    str | None,
    typer.Argument(metavar="[WHERE]", help='A filter: "metric.final_test_error < 1e-3".'),
]
IdOrQuestion = Annotated[
    str | None,
    typer.Argument(metavar="[ID|WHERE]", help="An experiment or a sweep; or as for `query`."),
]
Kind = Annotated[str | None, typer.Option(help="The kind in question.")]
Select = Annotated[str | None, typer.Option(help='Columns, such as "arm, param.seed".')]
GroupBy = Annotated[str | None, typer.Option(help="A row for each combination of these.")]
Aggregate = Annotated[
    str | None, typer.Option(help='Of each group, such as "median(metric.log_ratio), count()".')
]
Rows = Annotated[
    int | None,
    typer.Option("--limit", "-n", min=1, help="Rows at most; of a table 100 unless given."),
]
Form = Annotated[
    Format | None, typer.Option(help="How to write the rows; else as OUTPUT ends, or a table.")
]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="A file to write.")]


def query(
    context: typer.Context,
    where: Question = None,
    kind: Kind = None,
    select: Select = None,
    group_by: GroupBy = None,
    aggregate: Aggregate = None,
    order_by: OrderBy = None,
    limit: Rows = None,
    format: Form = None,
    output: Output = None,
) -> None:
    """Ask the results database: rows of (experiment, arm, replicate), or groups of them."""
    asked: dict[str, Any] = {
        "where": where,
        "kind": kind,
        "select": select,
        "group_by": group_by,
        "aggregate": aggregate,
        "order_by": order_by,
        "limit": limit,
    }
    form = _format(format, output)
    with client(context) as service:
        if form is Format.TABLE:
            _show(service, asked)
        elif form is Format.JSON:
            _tell(_text(service.results(**asked), form), output)
        else:
            _save(service, asked, form, output)


def results(
    context: typer.Context,
    what: IdOrQuestion = None,
    kind: Kind = None,
    select: Select = None,
    group_by: GroupBy = None,
    aggregate: Aggregate = None,
    order_by: OrderBy = None,
    limit: Rows = None,
    format: Form = None,
    output: Output = None,
) -> None:
    """The rows of an experiment or a sweep by its id; of everything by a filter, as `query`.

    Of a sweep, a row is the medians of one arm of an experiment; in parquet and arrow, which hold
    no mixed columns, one replicate, as of `query`.
    """
    if what is None or not ID.fullmatch(what):
        query(context, what, kind, select, group_by, aggregate, order_by, limit, format, output)
        return
    if any((kind, select, group_by, aggregate, order_by, limit)):
        asked = f"solenoid query \"experiment = '{what}'\" or \"sweep = '{what}'\""
        raise BadArgument(f"the rows of one id come whole; to ask for some, use {asked}")
    form = _format(format, output)
    with client(context) as service:
        whose = found(service, what)
        if form is Format.TABLE:
            _draw(whose.results())
        elif form in BINARY:
            if isinstance(whose, Experiment):
                whose.array_catalogue()  # which says why there are no rows
            noun = "sweep" if isinstance(whose, Sweep) else "experiment"
            _save(service, {"where": f"{noun} = '{whose.id}'", "kind": whose.kind}, form, output)
        else:
            _tell(_text(whose.results(), form), output)


def _format(given: Format | None, output: Path | None) -> Format:
    """The format asked for by name, or by the ending of the file."""
    ending = output.suffix[1:].lower() if output else Format.TABLE
    known = [form.value for form in Format]
    if given is None and ending not in known:
        raise BadArgument(f"{output}: end it as {', '.join(known[1:])}, or give --format")
    form = given or Format(ending)
    if form is Format.TABLE and output is not None:
        raise BadArgument(f"{output}: a table is for the screen; give --format csv or another")
    if form in BINARY and output is None:
        raise BadArgument(f"{form} is not text; give a file by --output")
    return form


def _show(service: Client, asked: dict[str, Any]) -> None:
    limit = asked["limit"] or ROWS_ON_SCREEN
    table = service.results(**{**asked, "limit": asked["limit"] or limit + 1})
    if not table:
        console(stderr=True).print(shown("there are no such rows"))
        return
    rows = Table(table.rows[:limit])
    _draw(rows if asked["select"] or asked["group_by"] else _varying(rows))
    if len(table) > limit:
        told = f"the first {limit} rows; --limit shows more, --output writes all to a file"
        console(stderr=True).print(shown(told))


def _save(service: Client, asked: dict[str, Any], form: Format, output: Path | None) -> None:
    """The service's own file, passed on as it comes: there may be more rows than memory."""
    if output is None:
        sys.stdout.flush()
        service.save_results(sys.stdout.buffer, format=form, **asked)
        sys.stdout.buffer.flush()
        return
    try:
        service.save_results(output, format=form, **asked)
    except OSError as failure:
        raise BadArgument(f"cannot write {output}: {failure.strerror}") from None
    told_of(output)


def _draw(table: Table) -> None:
    print_table(table.columns, (list(row.values()) for row in table), right=True)


def _varying(table: Table) -> Table:
    """The columns in which the rows differ; a kind has more parameters than a screen has room."""
    others = [name for name in table.columns if name not in KEYS]
    same = [name for name in others if len(set(table.column(name))) == 1]
    if len(table) < 2 or not same:
        return table
    told = f"{len(same)} columns are the same in all rows and not shown; --select shows any"
    console(stderr=True).print(shown(told))
    return Table(tuple({n: v for n, v in row.items() if n not in same} for row in table))


def _text(table: Table, form: Format) -> str:
    if form is Format.CSV:
        return table.to_csv()
    rows = [dict(row) for row in table]
    if form is Format.JSON:
        return json.dumps(rows, indent=2, ensure_ascii=False, default=iso) + "\n"
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _tell(text: str, output: Path | None) -> None:
    if output is None:
        sys.stdout.write(text)
    else:
        write(output, text.encode())
