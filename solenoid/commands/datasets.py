"""Datasets: upload, synthesise, download, list."""

from pathlib import Path
from typing import Annotated, Any

import typer

from solenoid.assignments import assigned
from solenoid.commands.options import DatasetId, Json, Limit, client, told_of
from solenoid.dataset import Dataset
from solenoid.documents import parsed, text_of
from solenoid.terminal import print_facts, print_json, print_table


def upload(
    context: typer.Context,
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...",
            help="A recording: NWB, NPZ, MAT, CSV or Parquet; several files are its parts.",
        ),
    ],
    mapping: Annotated[
        str | None,
        typer.Option(
            metavar="JSON|@FILE",
            help="Which arrays or columns are counts, target and blocks, where it has own names.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Upload a recording; prints its id and what was found in it."""
    with client(context) as service:
        dataset = service.upload(files, _mapping(mapping))
    if as_json:
        print_json(dataset.data)
        return
    print_facts(dataset.facts())


def synthesise(
    context: typer.Context,
    assignments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[KEY=VALUE]...",
            help="Fields of the session, such as neurons=100 hfs.reaiming_deg=10 seed=3.",
        ),
    ] = None,
    scenario: Annotated[
        str, typer.Option(help="cerebellar_block: all findings hold; null: none does.")
    ] = "cerebellar_block",
    name: Annotated[str | None, typer.Option(help="What to call it.")] = None,
    as_json: Json = False,
) -> None:
    """Make a synthetic session whose truth is known; prints its id and what is in it."""
    with client(context) as service:
        dataset = service.synthesise(assigned({"scenario": scenario}, assignments or []), name)
    if as_json:
        print_json(dataset.data)
        return
    print_facts(dataset.facts())


def download(
    context: typer.Context,
    id: DatasetId,
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write.")],
    format: Annotated[
        str, typer.Option(help="original: as it was uploaded; npz or nwb: its session anew.")
    ] = "original",
) -> None:
    """Write a dataset to a file."""
    with client(context) as service:
        service.download(id, output, format)
    told_of(output)


def datasets(context: typer.Context, limit: Limit = 20, as_json: Json = False) -> None:
    """Datasets, newest first."""
    with client(context) as service:
        found = list(service.datasets(limit=limit))
    if as_json:
        print_json([dataset.data for dataset in found])
        return
    print_table(("id", "name", "status", "trials", "neurons"), map(_line, found))


def _line(dataset: Dataset) -> tuple[Any, ...]:
    summary = dataset.summary
    return dataset.id, dataset.name, dataset.status, summary.get("trials"), summary.get("neurons")


def _mapping(given: str | None) -> dict[str, Any] | None:
    if given is None:
        return None
    if given.startswith("@"):
        return parsed(text_of(given[1:]), given[1:])
    return parsed(given, "--mapping")
