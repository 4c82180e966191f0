"""What several commands share: the client they talk through, and their common arguments."""

from typing import Annotated

import typer

from solenoid.bars import follow, labelled
from solenoid.client import Client
from solenoid.experiment import Experiment
from solenoid.terminal import console, print_summary, shown

Id = Annotated[str, typer.Argument(metavar="ID", help="The experiment's id.")]
Json = Annotated[bool, typer.Option("--json", help="JSON, for machines.")]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, help="How many at most.")]
Wait = Annotated[bool, typer.Option("--wait", help="Wait for the end, with progress bars.")]


def client(context: typer.Context) -> Client:
    """A client of the service that `--url` names."""
    return Client(context.obj)


def end_of(experiments: list[Experiment]) -> None:
    """Show progress until all have ended, then what came out; exit 1 unless all succeeded."""
    follow(labelled(experiments), console(stderr=True))
    for experiment in experiments:
        console().print(shown(f"{experiment.name or experiment.kind} {experiment.id}"))
        console().print(shown(experiment.status))
        print_summary(experiment)
    if any(experiment.status != "succeeded" for experiment in experiments):
        raise typer.Exit(1)
