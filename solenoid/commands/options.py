"""What several commands share: the client they talk through, and their common arguments."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from solenoid.assignments import tagged
from solenoid.bars import Watched, follow, labelled
from solenoid.client import Client
from solenoid.dataset import Dataset
from solenoid.errors import BadArgument, NotFound
from solenoid.experiment import Experiment
from solenoid.sweep import Sweep
from solenoid.terminal import console, print_counts, print_summary, shown

Id = Annotated[str, typer.Argument(metavar="ID", help="The experiment's id.")]
DatasetId = Annotated[str, typer.Argument(metavar="ID", help="The dataset's id.")]
AnyId = Annotated[str, typer.Argument(metavar="ID", help="The id of an experiment or a sweep.")]
IdOrDataset = Annotated[
    str, typer.Argument(metavar="ID", help="The id of an experiment, a sweep or a dataset.")
]
Name = Annotated[str | None, typer.Option(help="A name.")]
Tags = Annotated[list[str] | None, typer.Option("--tag", metavar="k=v", help="A tag.")]
Where = Annotated[
    str | None, typer.Option(help="A filter, such as \"status = 'failed' and param.seed < 10\".")
]
OrderBy = Annotated[
    str | None, typer.Option(help='Names to sort by, such as "metric.final_test_error desc".')
]
Json = Annotated[bool, typer.Option("--json", help="JSON, for machines.")]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, help="How many at most.")]
OnEndCommand = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Run this executable of the hooks folder when it has ended."),
]
OnEndWebhook = Annotated[
    str | None, typer.Option(metavar="URL", help="Post to this URL when it has ended.")
]
Wait = Annotated[bool, typer.Option("--wait", help="Wait for the end, with progress bars.")]


@dataclass(frozen=True)
class Service:
    """Which service a command talks to, and as whom."""

    url: str | None
    token: str | None


def client(context: typer.Context) -> Client:
    """A client of the service that `--url` names."""
    service: Service = context.obj
    return Client(service.url, service.token)


def put_labels(
    document: dict[str, Any],
    *,
    tag: Sequence[str] | None,
    on_end_command: str | None,
    on_end_webhook: str | None,
    **given: Any,
) -> None:
    """Put what options say into a submission or a sweep, in place of what its document says."""
    receivers = {"command": on_end_command, "webhook": on_end_webhook}
    told = {name: receiver for name, receiver in receivers.items() if receiver is not None}
    tags = {**(document.get("tags") or {}), **tagged(tag)} if tag else None
    labels = {**given, "tags": tags, "on_end": told or None}
    document.update({field: value for field, value in labels.items() if value is not None})


def found(service: Client, id: str) -> Watched:
    """The experiment or the sweep that has this id."""
    try:
        return service.experiment(id)
    except NotFound as neither:
        try:
            return service.get_sweep(id)
        except NotFound:
            raise NotFound(404, f"{neither}, nor a sweep") from None


def found_any(service: Client, id: str) -> Watched | Dataset:
    """The experiment, the sweep or the dataset that has this id."""
    try:
        return found(service, id)
    except NotFound as neither:
        try:
            return service.dataset(id)
        except NotFound:
            raise NotFound(404, f"{neither}, nor a dataset") from None


def end_of(watched: Sequence[Watched], *, stderr: bool = True) -> None:
    """Show progress until all have ended, then what came out; exit 1 unless all succeeded.

    Standard output is for ids, which scripts read, unless it is all that a command has to say.
    """
    follow(labelled(watched), console(stderr=True))
    for one in watched:
        console(stderr=stderr).print(shown(f"{one.name or one.kind} {one.id}"))
        if isinstance(one, Experiment):
            console(stderr=stderr).print(shown(one.status))
            print_summary(one, stderr=stderr)
        else:
            print_counts(one, stderr=stderr)
            _tell_of_failures(one, stderr=stderr)
    if not all(one.succeeded for one in watched):
        raise typer.Exit(1)


def _tell_of_failures(sweep: Sweep, *, stderr: bool) -> None:
    """How to see why experiments of a sweep failed, and to run them again."""
    if sweep.counts["failed"]:
        listing = f"solenoid list --where \"sweep = '{sweep.id}' and status = 'failed'\""
        told = f"which failed: {listing}; `solenoid show ID` says why, "
        console(stderr=stderr).print(shown(f"{told}`solenoid retry {sweep.id}` runs them again"))


def make_folder(folder: Path) -> None:
    """Make a folder, unless it is there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as failure:
        raise BadArgument(f"cannot write into {folder}: {failure.strerror}") from None


def write(target: Path, content: bytes) -> None:
    """Write a file and say so."""
    try:
        target.write_bytes(content)
    except OSError as failure:
        raise BadArgument(f"cannot write {target}: {failure.strerror}") from None
    told_of(target)


def told_of(target: Path) -> None:
    """Say that a file was written."""
    size = target.stat().st_size
    console(stderr=True).print(shown(f"wrote {target} ({size} bytes)"))
