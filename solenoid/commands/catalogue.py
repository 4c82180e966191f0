"""What there is to run: kinds and presets."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from solenoid.commands.options import Json, Wait, client, end_of, make_folder, write
from solenoid.errors import BadArgument
from solenoid.facts import about
from solenoid.terminal import console, print_facts, print_json, print_table, shown


class Scale(StrEnum):
    """How much of a paper's experiment to run."""

    QUICK = "quick"
    FULL = "full"


class Form(StrEnum):
    """What a picture is written as."""

    PNG = "png"
    SVG = "svg"
    PDF = "pdf"


def kinds(
    context: typer.Context,
    kind: Annotated[str | None, typer.Argument(metavar="[KIND]", help="One kind.")] = None,
    as_json: Json = False,
) -> None:
    """The kinds of experiment; with a name, the fields of its spec and what comes out."""
    with client(context) as service:
        found = service.kinds() if kind is None else [service.kind(kind)]
    if as_json:
        print_json(found if kind is None else found[0])
    elif kind is None:
        print_table(("kind", "summary"), ((k["kind"], k["summary"]) for k in found))
    else:
        _describe(found[0])


def presets(context: typer.Context, as_json: Json = False) -> None:
    """The papers' experiments, ready to run."""
    with client(context) as service:
        found = service.presets()
    if as_json:
        print_json(found)
        return
    lines = ((p["name"], p["summary"], p["reference"], *_costs(p)) for p in found)
    heads = ("preset", "summary", "reference", "quick, s", "full, h", "usual loop, h")
    print_table(heads, lines)


def preset(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The preset.")],
    scale: Annotated[Scale, typer.Option(help="Minutes, or the whole figure.")] = Scale.QUICK,
    wait: Wait = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="A folder for its pictures; waits for the end."),
    ] = None,
    format: Annotated[
        Form | None, typer.Option(help="How to write the pictures; png unless given.")
    ] = None,
) -> None:
    """Submit every panel of a preset; prints the ids."""
    if output is not None:
        make_folder(output)
    elif format is not None:
        raise BadArgument("--format is for pictures: give a folder for them by --output")
    with client(context) as service:
        panels = service.run_preset(name, scale)
        for panel, started in panels.items():
            typer.echo(f"{started.id} {panel}")
        if wait or output is not None:
            end_of(list(panels.values()))
        if output is not None:
            form = format or Form.PNG
            for shows, figure in panels.figures().items():
                write(output / f"{name}_{shows}.{form}", figure.content(form))


def _costs(preset: dict[str, Any]) -> tuple[str, str, str]:
    """On one core: of both scales, and of a loop over networks in plain numpy at the full one."""
    scales = preset["scales"]
    quick, full = (sum(panel["seconds"] for panel in scales[s]) for s in ("quick", "full"))
    usual = preset["usual_loop_hours"]
    return about(quick), about(full / 3600), "" if usual is None else about(usual)


def _describe(kind: dict[str, Any]) -> None:
    console().print(shown(f"{kind['kind']} (version {kind['version']})\n{kind['summary']}\n"))
    definitions = kind["schema"].get("$defs", {})
    print_table(("field", "default", "what"), _fields(kind["schema"], definitions, ""))
    console().print()
    metrics = ((name, m["unit"], m["description"]) for name, m in kind["metrics"].items())
    print_table(("metric", "unit", "what"), metrics)
    console().print()
    print_table(("figure", "what"), kind["figures"].items())
    console().print()
    print_facts({"reference": "\n".join(kind["references"])})


def _fields(
    schema: dict[str, Any], definitions: dict[str, Any], above: str, given: Any = None
) -> list[tuple[str, str, str]]:
    """Every field of a spec by the dotted name that `submit` takes; what is given is its default.

    The default of an object goes before those that its fields have elsewhere.
    """
    lines = []
    for name, field in schema.get("properties", {}).items():
        inner = _object(field, definitions)
        own = {"default": given[name]} if isinstance(given, dict) and name in given else field
        default = json.dumps(own["default"]) if "default" in own and inner is None else ""
        lines.append((above + name, default, field.get("description", "")))
        if inner is not None:
            lines.extend(_fields(inner, definitions, f"{above}{name}.", own.get("default")))
    return lines


def _object(field: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any] | None:
    """The schema of a field that is an object with fields of its own, or None."""
    for choice in (field, *field.get("anyOf", ()), *field.get("allOf", ())):
        target = definitions.get(str(choice.get("$ref", "")).removeprefix("#/$defs/"), choice)
        if target.get("properties"):
            found: dict[str, Any] = target
            return found
    return None
