"""What came out of an experiment beside its rows: arrays, figures."""

from pathlib import Path
from typing import Annotated

import typer

from solenoid.commands.options import Id, client, write
from solenoid.terminal import print_table


def arrays(
    context: typer.Context,
    id: Id,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="An .npz to write.")] = None,
) -> None:
    """List the arrays of an experiment, or write all of them to one .npz file."""
    with client(context) as service:
        experiment = service.experiment(id)
        if output is not None:
            write(output, experiment.npz())
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
        write(target, experiment.figure(name).content(target.suffix[1:].lower()))
