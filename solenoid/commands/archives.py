"""Archives: export, import."""

from pathlib import Path
from typing import Annotated

import typer

from solenoid.commands.options import Json, Where, client, told_of
from solenoid.terminal import console, print_json, print_table, shown


def export(
    context: typer.Context,
    output: Annotated[Path, typer.Option("--output", "-o", help="The ZIP file to write.")],
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Experiments.")] = None,
    where: Where = None,
    sweep: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="A sweep with all its experiments.")
    ] = None,
    dataset: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="A dataset; those of the experiments come by themselves."),
    ] = None,
) -> None:
    """Write experiments with all their results to a ZIP file of open formats."""
    with client(context) as service:
        skipped = service.export(
            output, where, experiments=ids or (), sweeps=sweep or (), datasets=dataset or ()
        )
    told_of(output)
    if skipped:
        more = f" and {len(skipped) - 1} more" if skipped[1:] else ""
        told = f"left out, because they have not ended: {skipped[0]}{more}"
        console(stderr=True).print(shown(told))


def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="An archive that `export` wrote.")],
    as_json: Json = False,
) -> None:
    """Take an archive in: all of it, or nothing; what is here already stays as it is."""
    with client(context) as service:
        counts = service.import_archive(file)
    if as_json:
        print_json(counts)
        return
    lines = ((noun, count["added"], count["present"]) for noun, count in counts.items())
    print_table(("", "added", "here already"), lines)
