"""What came out of an experiment: rows, arrays, figures."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from solenoid.commands.options import Id, client
from solenoid.errors import BadArgument
from solenoid.terminal import console, print_json, print_table, shown


class Format(StrEnum):
    """How to write rows."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def results(
    context: typer.Context,
    id: Id,
    format: Annotated[Format, typer.Option(help="How to write the rows.")] = Format.TABLE,
) -> None:
    """The metric rows of an experiment, one per arm and replicate."""
    with client(context) as service:
        table = service.results(id)
    if format is Format.CSV:
        typer.echo(table.to_csv(), nl=False)
    elif format is Format.JSON:
        print_json(list(table.rows))
    else:
        print_table(table.columns, (list(row.values()) for row in table), right=True)


def arrays(
    context: typer.Context,
    id: Id,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="An .npz to write.")] = None,
) -> None:
    """List the arrays of an experiment, or write all of them to one .npz file."""
    with client(context) as service:
        experiment = service.experiment(id)
        if output is not None:
            _written(output, experiment.npz())
            return
        found = experiment.array_catalogue()
    lines = (
        (a["name"], " x ".join(a["axes"]), " x ".join(map(str, a["shape"])), a["dtype"], a["unit"])
        for a in found
    )
    print_table(("name", "axes", "shape", "type", "unit"), lines)


def figure(
    context: typer.Context,
    id: Id,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Which figure.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A .svg, .png, .pdf or .json to write.")
    ] = None,
) -> None:
    """Save a figure; without a name, list the figures there are."""
    with client(context) as service:
        experiment = service.experiment(id)
        if name is None:
            print_table(("name", "shows"), ((f.name, f.description) for f in experiment.figures()))
            return
        target = output or Path(f"{name}.svg")
        _written(target, experiment.figure(name).content(target.suffix[1:].lower()))


def _written(target: Path, content: bytes) -> None:
    try:
        target.write_bytes(content)
    except OSError as failure:
        raise BadArgument(f"cannot write {target}: {failure.strerror}") from None
    console(stderr=True).print(shown(f"wrote {target} ({len(content)} bytes)"))
