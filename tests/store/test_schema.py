"""The migrations and the declared tables agree, on both databases."""

import pytest
import sqlalchemy as sa
from alembic import command

import migrations
from core.kinds import KINDS
from store.database import Database


def test_the_migrated_schema_is_the_declared_one(database_url: str) -> None:
    command.check(migrations.configuration(database_url, compares=True))


def test_upgrading_twice_changes_nothing(database_url: str) -> None:
    migrations.upgrade(database_url)
    command.check(migrations.configuration(database_url, compares=True))


def test_every_migration_can_be_undone(database_url: str, database: Database) -> None:
    command.downgrade(migrations.configuration(database_url), "base")
    left = set(sa.inspect(database.engine).get_table_names())
    assert left <= {"alembic_version"}


@pytest.mark.parametrize("name", sorted(KINDS))
def test_every_kind_has_a_typed_results_table(name: str, database: Database) -> None:
    kind = KINDS[name]
    found = {column["name"] for column in sa.inspect(database.engine).get_columns(kind.table)}
    declared = {column.name for column in kind.columns} | set(kind.metrics)
    assert found == declared | {"experiment_id", "sweep_id", "arm", "replicate"}
