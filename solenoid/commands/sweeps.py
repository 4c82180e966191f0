"""Sweeps: submit, preview, list."""

from typing import Annotated, Any

import typer

from solenoid import documents
from solenoid.assignments import assigned, axes, derived
from solenoid.client import Client
from solenoid.commands.options import (
    Json,
    Limit,
    Name,
    OnEndCommand,
    OnEndWebhook,
    Tags,
    Wait,
    client,
    end_of,
    put_labels,
)
from solenoid.facts import flat, moment
from solenoid.sweep import Sweep
from solenoid.terminal import console, print_facts, print_json, print_table, shown

DEFINITION = ("kind", "axes", "base", "derive")

Target = Annotated[
    str, typer.Argument(metavar="FILE.json|KIND|-", help="A sweep, or a kind; `-`: from stdin.")
]
Base = Annotated[
    list[str] | None,
    typer.Argument(metavar="key=value", help="Fields of all specs, such as training.epochs=200."),
]
Axes = Annotated[
    list[str] | None,
    typer.Option(
        "--axis",
        metavar="name=values",
        help="What varies: 0.05,0.1 or linspace:first:last:count or logspace:-2:1:20 or JSON.",
    ),
]
Derive = Annotated[
    list[str] | None,
    typer.Option(metavar="name=number", help="What derived axes need: total_neurons=220."),
]


def sweep(
    context: typer.Context,
    target: Target,
    assignments: Base = None,
    axis: Axes = None,
    derive: Derive = None,
    name: Name = None,
    tag: Tags = None,
    priority: Annotated[int | None, typer.Option(help="Higher runs first; -1 is usual.")] = None,
    preview: Annotated[
        bool, typer.Option("--preview", help="Say what it would be; nothing is stored.")
    ] = False,
    on_end_command: OnEndCommand = None,
    on_end_webhook: OnEndWebhook = None,
    wait: Wait = False,
) -> None:
    """Submit an experiment for every combination of the axes; prints the sweep's id."""
    document = documents.sweep(target)
    assigned(document["base"], assignments or ())
    document["axes"].update(axes(axis or ()))
    document["derive"].update(derived(derive or ()))
    put_labels(
        document,
        name=name,
        tag=tag,
        priority=priority,
        on_end_command=on_end_command,
        on_end_webhook=on_end_webhook,
    )
    with client(context) as service:
        if preview:
            _preview(service, document)
            return
        accepted = service.sweep(**document)
        typer.echo(accepted.id)
        if wait:
            end_of([accepted])


def extend(
    context: typer.Context,
    id: Annotated[str, typer.Argument(metavar="ID", help="The sweep's id.")],
    axis: Axes = None,
    replicates: Annotated[int, typer.Option(min=0, help="Further replicates of every point.")] = 0,
    wait: Wait = False,
) -> None:
    """Add values to the axes of a sweep, or replicates; only what it does not have is run."""
    with client(context) as service:
        extended = service.get_sweep(id)
        added = extended.extend(axes(axis or ()), replicates)
        console().print(shown(f"{id}: {added} experiments more"))
        if wait:
            end_of([extended])


def sweeps(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Option(help="A part of the name, in any letter case.")
    ] = None,
    kind: Annotated[str | None, typer.Option(help="Sweeps of this kind alone.")] = None,
    limit: Limit = 20,
    as_json: Json = False,
) -> None:
    """Sweeps, newest first."""
    with client(context) as service:
        found = list(service.sweeps(limit, name=name, kind=kind))
    if as_json:
        print_json([sweep.data for sweep in found])
        return
    columns = ("id", "name", "kind", "status", "done", "experiments", "failed", "created")
    print_table(columns, map(_line, found))


def _preview(service: Client, document: dict[str, Any]) -> None:
    found = service.preview_sweep(**{part: document[part] for part in DEFINITION})
    same = found["duplicates"]
    facts = {
        "experiments": found["count"],
        "left out": f"{same} whose spec another has" if same else None,
        "time": f"{found['seconds']:.3g} s on one core",
        "memory": f"{found['memory_bytes'] / 2**20:.3g} MiB for the largest",
        "first": flat(found["specs"][0]),
    }
    print_facts(facts)


def _line(sweep: Sweep) -> tuple[Any, ...]:
    return (
        sweep.id,
        sweep.name or "",
        sweep.kind,
        sweep.status,
        f"{sweep.progress:.0%}",
        sum(sweep.counts.values()),
        sweep.counts["failed"],
        moment(sweep),
    )
