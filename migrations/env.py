"""How Alembic reaches the database and compares it with the tables as declared."""

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext

from store.database import Database
from store.settings import settings
from store.tables import Json, Time

# PostgreSQL's advisory lock that keeps two migration jobs from running at once.
LOCK = 0x501E


def render_item(kind: str, item: object, _: AutogenContext) -> str | Literal[False]:
    """Write our own types as what they are, so that a migration imports nothing of ours."""
    if kind == "type" and isinstance(item, Time):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and item is Json:
        return "JSON"
    return False


def _declared() -> sa.MetaData | None:
    """All tables, to compare with; to move between versions none is needed, and so no kind."""
    if not context.config.attributes["compares"]:
        return None
    from store.kind_tables import all_tables

    return all_tables


def run(connection: sa.Connection) -> None:
    """Run migrations, or compare, on one connection."""
    options: dict[str, Any] = {"render_item": render_item, "compare_type": True}
    context.configure(
        connection=connection,
        target_metadata=_declared(),
        render_as_batch=connection.dialect.name == "sqlite",
        **options,
    )
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        context.run_migrations()


database = Database(context.config.attributes.get("url") or settings().resolved_database_url)
with database.engine.connect() as held:
    run(held.execution_options(immediate=True))
    held.commit()
database.close()
