"""Experiments: submit, estimate, watch, list, show, cancel, delete."""

import json
from typing import Annotated, Any

import typer

from solenoid.assignments import assigned, tagged
from solenoid.commands.options import Id, Json, Limit, Wait, client, end_of
from solenoid.documents import submission
from solenoid.experiment import Experiment
from solenoid.terminal import console, print_facts, print_json, print_summary, print_table, shown

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
    name: Annotated[str | None, typer.Option(help="A name for the experiment.")] = None,
    tag: Annotated[list[str] | None, typer.Option(metavar="k=v", help="A tag.")] = None,
    priority: Annotated[int | None, typer.Option(help="Higher runs first; 0 is usual.")] = None,
    reuse: Annotated[bool, typer.Option(help="Take a finished result of the same spec.")] = False,
    wait: Wait = False,
) -> None:
    """Submit a spec; prints the experiment's id."""
    document = submission(target)
    assigned(document["spec"], assignments or ())
    given: dict[str, Any] = {"name": name, "priority": priority, "reuse": reuse or None}
    if tag:
        given["tags"] = {**(document.get("tags") or {}), **tagged(tag)}
    document.update({field: value for field, value in given.items() if value is not None})
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
        "time": f"{cost['seconds']:.3g} s on one core",
        "fits": "yes" if cost["fits"] else "no",
    }
    print_facts(facts)


def watch(
    context: typer.Context,
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="The experiments' ids.")],
) -> None:
    """Progress bars until the experiments have ended; exit code 1 unless all succeeded."""
    with client(context) as service:
        end_of([service.experiment(id) for id in dict.fromkeys(ids)])


def list_experiments(context: typer.Context, limit: Limit = 20, as_json: Json = False) -> None:
    """Experiments, newest first."""
    with client(context) as service:
        found = list(service.experiments(limit=limit))
    if as_json:
        print_json([experiment.data for experiment in found])
        return
    print_table(("id", "name", "kind", "status", "done", "created"), map(_line, found))


def show(context: typer.Context, id: Id, as_json: Json = False) -> None:
    """One experiment: status, spec, timings, medians of its metrics."""
    with client(context) as service:
        experiment = service.experiment(id)
    if as_json:
        print_json(experiment.data)
        return
    print_facts(_facts(experiment))
    print_summary(experiment)


def cancel(context: typer.Context, id: Id) -> None:
    """Cancel an experiment; a running one stops within two seconds."""
    with client(context) as service:
        experiment = service.cancel(id)
    told = "cancelled" if experiment.status == "cancelled" else "cancellation asked for"
    console().print(shown(f"{id}: {told}"))


def delete(context: typer.Context, id: Id) -> None:
    """Delete an experiment that has ended, with its results."""
    with client(context) as service:
        service.delete(id)
    console().print(shown(f"{id}: deleted"))


def _line(experiment: Experiment) -> tuple[str, ...]:
    return (
        experiment.id,
        experiment.name or "",
        experiment.kind,
        experiment.status,
        f"{experiment.progress:.0%}",
        _moment(experiment),
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
        "created": _moment(experiment),
        "took": None if seconds is None else f"{seconds:.2f} s",
        "spec": "\n".join(f"{path}={json.dumps(value)}" for path, value in _flat(experiment.spec)),
    }


def _moment(experiment: Experiment) -> str:
    return experiment.created_at.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _flat(spec: dict[str, Any], above: str = "") -> list[tuple[str, Any]]:
    """The spec as the assignments that `submit` takes."""
    lines: list[tuple[str, Any]] = []
    for name, value in spec.items():
        inner = _flat(value, f"{above}{name}.") if isinstance(value, dict) else ()
        lines.extend(inner or [(above + name, value)])
    return lines
