"""Changes to experiments: cancel, retry, relabel, tag, delete; of one, of a sweep, of a filter."""

from typing import Annotated

import typer

from solenoid.assignments import tagged
from solenoid.client import Client
from solenoid.commands.options import Id, Tags, Where, client, found, found_any
from solenoid.dataset import Dataset
from solenoid.errors import BadArgument
from solenoid.experiment import Experiment
from solenoid.sweep import Sweep
from solenoid.terminal import console, shown

AnyIdOrNone = Annotated[
    str | None, typer.Argument(metavar="[ID]", help="The id of an experiment or a sweep.")
]
DeletedOrNone = Annotated[
    str | None,
    typer.Argument(metavar="[ID]", help="The id of an experiment, a sweep or a dataset."),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="With --where: only say how many it would be.")
]
Off = Annotated[list[str] | None, typer.Option(metavar="KEY", help="A tag to take off.")]


def cancel(
    context: typer.Context, id: AnyIdOrNone = None, where: Where = None, dry_run: DryRun = False
) -> None:
    """Cancel an experiment, or all of a sweep or a filter; what runs stops within two seconds."""
    asked = _one_or_filter(id, where, dry_run)
    with client(context) as service:
        if where is not None:
            _tell(service.cancel_where(where, dry_run=dry_run), "cancelled", dry_run)
            return
        going = found(service, asked)
        answer = going.cancel()
    ended = going.status == "cancelled"
    told = "cancelled" if ended else "cancellation asked for"
    console().print(shown(f"{asked}: {told}{_of(answer)}"))


def retry(
    context: typer.Context,
    id: AnyIdOrNone = None,
    where: Where = None,
    cancelled: Annotated[
        bool, typer.Option("--cancelled", help="Of a sweep, also those that were cancelled.")
    ] = False,
    dry_run: DryRun = False,
) -> None:
    """Run again: a failed or cancelled experiment, all such of a filter, the failed of a sweep."""
    asked = _one_or_filter(id, where, dry_run)
    if cancelled and where is not None:
        raise BadArgument("--cancelled is for a sweep; a filter says status = 'cancelled'")
    with client(context) as service:
        if where is not None:
            _tell(service.retry_where(where, dry_run=dry_run), "queued again", dry_run)
            return
        ended = found(service, asked)
        answer = ended.retry(cancelled) if isinstance(ended, Sweep) else ended.retry()
    console().print(shown(f"{asked}: queued again{_of(answer)}"))


def delete(
    context: typer.Context, id: DeletedOrNone = None, where: Where = None, dry_run: DryRun = False
) -> None:
    """Delete an experiment or a sweep that has ended, all of a filter, or an unused dataset."""
    asked = _one_or_filter(id, where, dry_run)
    with client(context) as service:
        if where is not None:
            _tell(service.delete_where(where, dry_run=dry_run), "deleted", dry_run)
            return
        _delete(service, asked)
    console().print(shown(f"{asked}: deleted"))


def _delete(service: Client, id: str) -> None:
    unwanted = found_any(service, id)
    if isinstance(unwanted, Dataset):
        service.delete_dataset(id)
    else:
        unwanted.delete()


def tag(
    context: typer.Context,
    where: Annotated[str, typer.Option(help="Which experiments: a filter.")],
    tags: Annotated[
        list[str] | None, typer.Argument(metavar="[key=value]...", help="Tags, new or changed.")
    ] = None,
    off: Off = None,
    dry_run: DryRun = False,
) -> None:
    """Tag all experiments of a filter."""
    changes = _tags(tags, off)
    if not changes:
        raise BadArgument("name a tag as key=value, or one to take off with --off KEY")
    with client(context) as service:
        _tell(service.tag_where(where, changes, dry_run=dry_run), "tagged", dry_run)


def relabel(
    context: typer.Context,
    id: Id,
    name: Annotated[str | None, typer.Option(help="A new name; '' for none.")] = None,
    notes: Annotated[str | None, typer.Option(help="New notes; '' for none.")] = None,
    tag: Tags = None,
    off: Off = None,
) -> None:
    """Change the name, the notes and the tags of an experiment; what is not named stays."""
    tags = _tags(tag, off)
    if name is None and notes is None and not tags:
        raise BadArgument("give a --name, --notes, a --tag, or a tag to take --off")
    with client(context) as service:
        texts = {"name": name, "notes": notes}
        given = {label: text or None for label, text in texts.items() if text is not None}
        service.experiment(id).relabel(**given, tags=tags)
    console().print(shown(f"{id}: relabelled"))


def _one_or_filter(id: str | None, where: str | None, dry_run: bool) -> str:
    """The id that was given; empty where a filter was. Either, not both."""
    if (id is None) == (where is None):
        raise BadArgument("name an id, or a filter with --where")
    if dry_run and where is None:
        raise BadArgument("--dry-run is for a filter: give --where")
    return id or ""


def _tags(given: list[str] | None, off: list[str] | None) -> dict[str, str | None]:
    on, taken_off = tagged(given or ()), dict.fromkeys(off or ())
    for key in on.keys() & taken_off.keys():
        raise BadArgument(f"tag {key}: given and taken off at once")
    return {**on, **taken_off}


def _tell(count: int, done: str, dry_run: bool) -> None:
    """How many experiments of a filter were changed, or would be."""
    noun = "experiment" if count == 1 else "experiments"
    console().print(shown(f"{count} {noun} {'would be ' if dry_run else ''}{done}"))


def _of(answer: Experiment | int) -> str:
    """How many of a sweep's experiments were meant."""
    return f" ({answer} of its experiments)" if isinstance(answer, int) else ""
