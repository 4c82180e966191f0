"""What a sweep's diagrams show: metrics over the parameters of its experiments."""

from typing import Any

import sqlalchemy as sa

from core.charts.heatmap import Cell, Place
from core.charts.profile import Run
from store.database import Database
from store.kind_tables import medians, parameters, results
from store.results import Value, middle
from store.tables import experiments


def cells(
    database: Database, kind: str, sweep: str, x: str, y: str, metric: str, arm: str
) -> list[Cell]:
    """One metric of one arm over two parameters: what a heat map shows.

    The median of all replicates at a place, of however many experiments; None before there are any.
    """
    own, found = parameters[kind], results[kind]
    query = (
        sa.select(own.c[x], own.c[y], found.c.replicate, found.c[metric])
        .join(experiments, experiments.c.id == own.c.experiment_id)
        .join(
            found,
            (found.c.experiment_id == own.c.experiment_id) & (found.c.arm == arm),
            isouter=True,
        )
        .where(experiments.c.sweep_id == sweep)
        .order_by(experiments.c.id)
    )
    places: dict[tuple[Place, Place], list[Value]] = {}
    with database.read() as connection:
        for across, up, replicate, value in connection.execute(query):
            here = places.setdefault((across, up), [])
            if replicate is not None:
                here.append(value)
    return [
        (*place, middle(values)["median"] if values else None) for place, values in places.items()
    ]


def arms(database: Database, kind: str, sweep: str) -> list[str]:
    """The arms of the experiments of a sweep that have succeeded."""
    found = medians[kind]
    query = (
        sa.select(found.c.arm)
        .join(experiments, experiments.c.id == found.c.experiment_id)
        .where(experiments.c.sweep_id == sweep)
        .distinct()
        .order_by(found.c.arm)
    )
    with database.read() as connection:
        return list(connection.execute(query).scalars())


def runs(database: Database, kind: str, sweep: str, x: str, metric: str) -> list[Run]:
    """One metric of every arm and replicate of a sweep over one parameter."""
    table = results[kind]
    asked = sa.select(experiments.c.id, experiments.c.point[x]).where(
        experiments.c.sweep_id == sweep
    )
    query = (
        sa.select(table.c.experiment_id, table.c.arm, table.c[x], table.c[metric])
        .where(table.c.sweep_id == sweep)
        .order_by(table.c.experiment_id, table.c.arm, table.c.replicate)
    )
    with database.read() as connection:
        settings = {row[0]: row[1] for row in connection.execute(asked)}
        found = connection.execute(query).all()
    return [Run(arm, at, value, _number(settings.get(id_))) for id_, arm, at, value in found]


def _number(setting: Any) -> float | None:
    """A setting may be a word too, as in a batch size of "full"."""
    return setting if type(setting) in (int, float) else None
