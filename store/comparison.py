"""Several experiments at once, in the order in which they were asked for."""

from collections.abc import Sequence

from store.database import Database
from store.experiments import Experiment, NotFound, many


def several(database: Database, identifiers: Sequence[str]) -> list[Experiment]:
    """These experiments in this order; raises `NotFound` unless all of them exist."""
    with database.read() as connection:
        found = many(connection, identifiers)
    missing = [i for i in identifiers if i not in {experiment.id for experiment in found}]
    if missing:
        raise NotFound(f"no experiment has the id {' or '.join(missing)}")
    return found
