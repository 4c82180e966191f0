"""Hundreds of thousands of metric rows in seconds: a few are written, the rest doubles them."""

from typing import Any

import sqlalchemy as sa

from store.database import Database
from store.kind_tables import results
from tests.store.query_world import CURL, made

FIRST = 25


def double(database: Database) -> None:
    """As many rows again, of the same experiment and arm with replicates that follow."""
    table = results[CURL]
    with database.engine.begin() as connection:
        (last,) = connection.execute(sa.select(sa.func.max(table.c.replicate))).one()
        copies: list[Any] = [
            column + last + 1 if column.name == "replicate" else column for column in table.c
        ]
        connection.execute(table.insert().from_select(table.c.keys(), sa.select(*copies)))


def filled(database: Database, doublings: int) -> int:
    """Rows of one experiment in an empty database; how many."""
    (experiment,) = (each for each in made(database, 0, 1).experiments if each["kind"] == CURL)
    table = results[CURL]
    row = {"experiment_id": experiment["id"], "arm": "curl_descent", "final_test_error": 0.1}
    with database.engine.begin() as connection:
        connection.execute(table.delete())
        rows = [{**row, "replicate": place, "seed": place} for place in range(FIRST)]
        connection.execute(table.insert(), rows)
    for _ in range(doublings):
        double(database)
    return FIRST << doublings
