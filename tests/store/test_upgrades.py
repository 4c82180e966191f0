"""Every released version of the schema, with rows in every table, upgrades and loses none."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory

import migrations
from store.database import Database

MOMENT = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
ALLOWED: dict[tuple[str, str], Any] = {
    ("datasets", "status"): "ready",
    ("experiments", "status"): "succeeded",
    ("completion_hooks", "state"): "waiting",
    ("completion_hooks", "webhook"): None,
    ("completion_hooks", "sweep_id"): None,
    ("tokens", "role"): "read",
    ("attempts", "outcome"): "lost",
}
"""What checks of the tables ask for; anything else is filled by its type."""

SCRIPTS = ScriptDirectory.from_config(migrations.configuration("sqlite://"))
RELEASED = sorted(script.revision for script in SCRIPTS.walk_revisions())


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of each kind without any table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'old.db'}"
        return
    server: str = request.getfixturevalue("postgresql_url")
    name = f"old{abs(hash(tmp_path)):x}"
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    yield server.replace("/postgres?", f"/{name}?")


@pytest.mark.parametrize("revision", RELEASED)
def test_a_database_of_every_version_upgrades_and_keeps_its_rows(empty: str, revision: str) -> None:
    command.upgrade(migrations.configuration(empty), revision)
    database = Database(empty)
    old = sa.MetaData()
    old.reflect(database.engine)
    kept = [table for table in old.sorted_tables if table.name != "alembic_version"]
    database.write(lambda connection: _fill(connection, kept))
    before = {table.name: _rows(database, table) for table in kept}
    migrations.upgrade(empty)
    command.check(migrations.configuration(empty, compares=True))
    assert {table.name: _rows(database, table) for table in kept} == before
    assert all(len(rows) == 1 for rows in before.values())
    database.close()


def _fill(connection: sa.Connection, tables: list[sa.Table]) -> None:
    for table in tables:
        values = {column.name: _value(table, column) for column in table.columns}
        connection.execute(table.insert().values(values))


def _value(table: sa.Table, column: sa.Column[Any]) -> Any:
    """Something that this column may hold; keys are the same everywhere, so that they refer."""
    if (table.name, column.name) in ALLOWED:
        return ALLOWED[table.name, column.name]
    match column.type:
        case sa.Boolean():
            return True
        case sa.DateTime():
            return MOMENT if column.type.timezone else MOMENT.replace(tzinfo=None)
        case sa.Float():
            return 0.5
        case sa.Integer():
            return 1
        case sa.LargeBinary():
            return b"bytes"
        case sa.JSON():
            return {"a": [1, None]}
    return "x"


def _rows(database: Database, table: sa.Table) -> list[dict[str, Any]]:
    """The rows in the columns that the old version had."""
    with database.read() as connection:
        return [dict(row) for row in connection.execute(sa.select(table)).mappings()]
