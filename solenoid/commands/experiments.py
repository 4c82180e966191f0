"""Experiments: submit, estimate, watch, list, show."""

from typing import Annotated, Any

import typer

from solenoid.assignments import assigned
from solenoid.commands.options import (
    IdOrDataset,
    Json,
    Limit,
    Name,
    OnEndCommand,
    OnEndWebhook,
    OrderBy,
    Tags,
    Wait,
    Where,
    client,
    end_of,
    found,
    found_any,
    put_labels,
)
from solenoid.dataset import Dataset
from solenoid.documents import submission
from solenoid.experiment import Experiment
from solenoid.facts import flat, hook, moment, stored
from solenoid.sweep import Sweep
from solenoid.terminal import (
    print_counts,
    print_facts,
    print_json,
    print_summary,
    print_table,
)

Target = Annotated[
    str,
    typer.Argument(metavar="SPEC.json|KIND|-", help="A submission, or a kind; `-`: from stdin."),
]
Assignments = Annotated[
    list[str] | None,
    typer.Argument(metavar="key=value", help="Fields of the spec, such as training.epochs=200."),
]


def submit(
    context: typer.Context,
    target: Target,
    assignments: Assignments = None,
    name: Name = None,
    tag: Tags = None,
    priority: Annotated[int | None, typer.Option(help="Higher runs first; 0 is usual.")] = None,
    reuse: Annotated[bool, typer.Option(help="Take a finished result of the same spec.")] = False,
    time_limit_s: Annotated[
        float | None, typer.Option("--time-limit", help="Seconds after which an attempt fails.")
    ] = None,
    on_end_command: OnEndCommand = None,
    on_end_webhook: OnEndWebhook = None,
    wait: Wait = False,
) -> None:
    """Submit a spec; prints the experiment's id."""
    document = submission(target)
    assigned(document["spec"], assignments or ())
    put_labels(
        document,
        name=name,
        tag=tag,
        priority=priority,
        reuse=reuse or None,
        time_limit_s=time_limit_s,
        on_end_command=on_end_command,
        on_end_webhook=on_end_webhook,
    )
    with client(context) as service:
        experiment = service.submit(**document)
        typer.echo(experiment.id)
        if wait:
            end_of([experiment])


def estimate(context: typer.Context, target: Target, assignments: Assignments = None) -> None:
    """What a spec would cost; nothing is stored."""
    document = submission(target)
    spec = assigned(document["spec"], assignments or ())
    with client(context) as service:
        cost = service.estimate(document["kind"], spec)
    limit = f"limit {cost['memory_limit_bytes'] / 2**30:.3g} GiB"
    facts = {
        "memory": f"{cost['memory_bytes'] / 2**20:.3g} MiB ({limit})",
        "operations": f"{cost['operations']:.3g}",
        "time": f"{cost['seconds']:.3g} s on one core (limit {cost['time_limit_s']:g} s)",
        "fits": "yes" if cost["fits"] else "no",
    }
    print_facts(facts)


def watch(
    context: typer.Context,
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Experiments and sweeps.")],
) -> None:
    """Progress bars until everything has ended; exit code 1 unless all succeeded."""
    with client(context) as service:
        end_of([found(service, id) for id in dict.fromkeys(ids)], stderr=False)


def list_experiments(
    context: typer.Context,
    where: Where = None,
    order_by: OrderBy = None,
    limit: Limit = 20,
    as_json: Json = False,
) -> None:
    """Experiments that a filter lets through, newest first unless sorted otherwise."""
    with client(context) as service:
        listed = list(service.experiments(where, order_by, limit))
    if as_json:
        print_json([experiment.data for experiment in listed])
        return
    print_table(("id", "name", "kind", "status", "done", "created"), map(_line, listed))


def show(context: typer.Context, id: IdOrDataset, as_json: Json = False) -> None:
    """One experiment (status, spec, timings, medians of its metrics), one sweep or one dataset."""
    with client(context) as service:
        shown_one = found_any(service, id)
    if as_json:
        print_json(shown_one.data)
    elif isinstance(shown_one, Experiment):
        print_facts(_facts(shown_one))
        print_summary(shown_one)
    elif isinstance(shown_one, Dataset):
        print_facts(shown_one.facts())
    else:
        print_facts(_sweep_facts(shown_one))
        print_counts(shown_one)


def _line(experiment: Experiment) -> tuple[str, ...]:
    return (
        experiment.id,
        experiment.name or "",
        experiment.kind,
        experiment.status,
        f"{experiment.progress:.0%}",
        moment(experiment),
    )


def _facts(experiment: Experiment) -> dict[str, Any]:
    seconds = experiment.seconds
    return {
        "id": experiment.id,
        "name": experiment.name,
        "tags": ", ".join(f"{key}={value}" for key, value in experiment.tags.items()),
        "kind": experiment.kind,
        "status": experiment.status,
        "done": f"{experiment.progress:.0%}",
        "created": moment(experiment),
        "took": None if seconds is None else f"{seconds:.2f} s",
        "stored": stored(experiment),
        "on end": hook(experiment),
        "notes": experiment.notes,
        "spec": flat(experiment.spec),
    }


def _sweep_facts(sweep: Sweep) -> dict[str, Any]:
    return {
        "id": sweep.id,
        "name": sweep.name,
        "kind": sweep.kind,
        "status": sweep.status,
        "done": f"{sweep.progress:.0%}",
        "created": moment(sweep),
        "left": None if sweep.ended else f"{sweep.seconds_left:.3g} s on one core",
        "stored": stored(sweep),
        "on end": hook(sweep),
        "definition": flat(sweep.definition),
    }
