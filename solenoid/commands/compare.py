"""Several experiments beside each other."""

from enum import StrEnum
from typing import Annotated

import typer

from solenoid.commands.options import Json, client
from solenoid.comparison import difference_table, experiment_table, metric_table, ranking_table
from solenoid.table import Table
from solenoid.terminal import console, print_json, print_table, shown


class Order(StrEnum):
    """Which end of a metric comes first."""

    ASCENDING = "ascending"
    DESCENDING = "descending"


def compare(
    context: typer.Context,
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Experiments.")],
    rank_by: Annotated[str | None, typer.Option(help="A metric to rank them by.")] = None,
    arm: Annotated[str | None, typer.Option(help="Rank by this arm; else by the best.")] = None,
    order: Annotated[Order | None, typer.Option(help="Smallest first unless given.")] = None,
    as_json: Json = False,
) -> None:
    """Where experiments differ: their specs, their metrics side by side, their ranking."""
    with client(context) as service:
        data = service.compare(ids, rank_by, arm=arm, order=order).data
    if as_json:
        print_json(data)
        return
    _print(experiment_table(data))
    told = f"\n{len(data['differences'])} fields of the specs differ, {data['same']} are the same"
    console().print(shown(told))
    _print(difference_table(data))
    console().print(shown("\nmedians over replicates"))
    _print(metric_table(data))
    if rank_by is not None:
        console().print(shown(f"\nranked by {rank_by}"))
        _print(ranking_table(data))


def _print(table: Table) -> None:
    if table:
        print_table(table.columns, (list(row.values()) for row in table))
