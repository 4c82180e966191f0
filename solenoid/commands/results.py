"""What came out beside the rows: arrays of an experiment, figures of experiments and sweeps."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated

import typer

from solenoid.commands.options import AnyId, Id, client, found, write
from solenoid.errors import BadArgument
from solenoid.experiment import Experiment
from solenoid.figure import Figure
from solenoid.sweep import Sweep
from solenoid.terminal import print_table

OF_SWEEP = {
    "heatmap": (
        "the median of a metric of one arm over two parameters",
        ("x", "y", "metric", "arm"),
    ),
    "profile": ("mean and standard error of a metric along a parameter", ("x", "metric")),
}
"""The figures of a sweep: what each shows, and what it has to be told."""


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
        catalogue = experiment.array_catalogue()
    lines = (
        (a["name"], " x ".join(a["axes"]), " x ".join(map(str, a["shape"])), a["dtype"], a["unit"])
        for a in catalogue
    )
    print_table(("name", "axes", "shape", "type", "unit"), lines)


def figure(
    context: typer.Context,
    id: AnyId,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Which figure.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A .svg, .png, .pdf or .json to write.")
    ] = None,
    x: Annotated[str | None, typer.Option(help="Of a sweep: the parameter along x.")] = None,
    y: Annotated[str | None, typer.Option(help="Of a heat map: the parameter along y.")] = None,
    metric: Annotated[str | None, typer.Option(help="Of a sweep: the metric.")] = None,
    arm: Annotated[str | None, typer.Option(help="Of a heat map: the arm.")] = None,
) -> None:
    """Save a figure; without a name, list the figures there are.

    A sweep has a heat map (--x --y --metric --arm) and a profile (--x --metric).
    """
    given = {"x": x, "y": y, "metric": metric, "arm": arm}
    over = {option: value for option, value in given.items() if value is not None}
    with client(context) as service:
        whose = found(service, id)
        if name is None:
            print_table(("name", "shows"), _figures(whose))
            return
        drawn = (
            _of_sweep(whose, name, over) if isinstance(whose, Sweep) else _own(whose, name, over)
        )
        target = output or Path(f"{name}.svg")
        write(target, drawn.content(target.suffix[1:].lower()))


def _figures(whose: Experiment | Sweep) -> Iterable[tuple[str, str]]:
    if isinstance(whose, Experiment):
        return [(figure.name, figure.description) for figure in whose.figures()]
    return [
        (name, f"{shows}; needs {_options(needs)}") for name, (shows, needs) in OF_SWEEP.items()
    ]


def _own(experiment: Experiment, name: str, over: Mapping[str, str]) -> Figure:
    if over:
        raise BadArgument(f"{_options(over)}: only for the figures of a sweep")
    return experiment.figure(name)


def _of_sweep(sweep: Sweep, name: str, over: Mapping[str, str]) -> Figure:
    if name not in OF_SWEEP:
        raise BadArgument(f"a sweep has no figure {name!r}; it has {', '.join(OF_SWEEP)}")
    _, needs = OF_SWEEP[name]
    if set(over) != set(needs):
        raise BadArgument(f"a {name} of a sweep needs {_options(needs)}, and no other")
    return sweep.heatmap(**over) if name == "heatmap" else sweep.profile(**over)


def _options(names: Iterable[str]) -> str:
    return ", ".join(f"--{name}" for name in names)
