"""One database, SQLite or PostgreSQL: connections, transactions, and the leases' clock."""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from pydantic_core import to_json
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from store.query import sqlite_functions
from store.settings import PRIVATE
from store.tables import Time

T = TypeVar("T")

RETRIES = 5
RETRY_PAUSE_S = 0.2
SILENCE_S = 15
LOCKS = 0x50133  # ours among the advisory locks of a PostgreSQL

POSTGRESQL: Mapping[str, int] = {
    "connect_timeout": 5,
    # A server that is unplugged is noticed within half a minute instead of after two hours.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}


class epoch_now(FunctionElement[float]):  # noqa: N801, reads as an SQL function
    """Seconds since 1970 by the database's own clock, so that workers' clocks may disagree."""

    type = sa.Double()
    inherit_cache = True


@compiles(epoch_now, "sqlite")
def _sqlite_now(element: epoch_now, compiler: SQLCompiler, **_: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(epoch_now, "postgresql")
def _postgresql_now(element: epoch_now, compiler: SQLCompiler, **_: Any) -> str:
    return "CAST(extract(epoch FROM clock_timestamp()) AS DOUBLE PRECISION)"


class moment_now(FunctionElement[datetime]):  # noqa: N801, reads as an SQL function
    """This moment by the same clock."""

    type = Time()
    inherit_cache = True


@compiles(moment_now, "sqlite")
def _sqlite_moment(element: moment_now, compiler: SQLCompiler, **_: Any) -> str:
    return "strftime('%Y-%m-%d %H:%M:%f000', julianday('now'))"


@compiles(moment_now, "postgresql")
def _postgresql_moment(element: moment_now, compiler: SQLCompiler, **_: Any) -> str:
    return "clock_timestamp()"


class seconds_since(FunctionElement[float]):  # noqa: N801, reads as an SQL function
    """Seconds from a moment until now by the database's clock, at least 0."""

    type = sa.Double()
    inherit_cache = True


@compiles(seconds_since, "sqlite")
def _sqlite_since(element: seconds_since, compiler: SQLCompiler, **options: Any) -> str:
    moment = compiler.process(element.clauses, **options)
    return f"max(0.0, (julianday('now') - julianday({moment})) * 86400.0)"


@compiles(seconds_since, "postgresql")
def _postgresql_since(element: seconds_since, compiler: SQLCompiler, **options: Any) -> str:
    moment = compiler.process(element.clauses, **options)
    seconds = f"extract(epoch FROM clock_timestamp() - ({moment}))"
    return f"greatest(0.0, CAST({seconds} AS DOUBLE PRECISION))"


class Database:
    """Short transactions on one engine. Nothing computes while a transaction is open."""

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A transaction that only looks."""
        with self.engine.connect() as connection, connection.begin():
            yield connection

    def write(self, work: Callable[[sa.Connection], T]) -> T:
        """Run `work` in one transaction and return what it returns.

        When the connection breaks (a restarted PostgreSQL) the whole transaction runs again, so
        `work` must be idempotent: every state change here is a guarded UPDATE.
        """
        for attempt in range(RETRIES):
            try:
                with self.engine.connect() as connection:
                    connection = connection.execution_options(immediate=True)
                    with connection.begin():
                        _bound_silence(connection)
                        return work(connection)
            except sa.exc.DBAPIError as broken:
                if not broken.connection_invalidated or attempt == RETRIES - 1:
                    raise
                time.sleep(RETRY_PAUSE_S * 2**attempt)
        raise AssertionError("unreachable")

    @contextmanager
    def locked(self, keys: Sequence[int]) -> Iterator[None]:
        """Hold locks that all machines on a PostgreSQL see; SQLite's are all on this one.

        They end with a connection of their own: one of the pool's might be missed by whoever has
        the lock.
        """
        if self.engine.dialect.name != "postgresql":
            yield
            return
        own = sa.create_engine(
            self.engine.url, poolclass=sa.NullPool, connect_args=POSTGRESQL
        ).execution_options(isolation_level="AUTOCOMMIT")
        with own.connect() as connection:
            for key in keys:
                connection.execute(sa.select(sa.func.pg_advisory_lock(LOCKS, key)))
            yield

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def _bound_silence(connection: sa.Connection) -> None:
    """PostgreSQL drops a writer that says nothing more: its row locks would hold up everyone."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(
            f"SET LOCAL idle_in_transaction_session_timeout = '{SILENCE_S:d}s'"
        )


def _engine(url: str) -> sa.Engine:
    if not url.startswith("sqlite"):
        return sa.create_engine(
            url, pool_pre_ping=True, json_serializer=_json, connect_args=POSTGRESQL
        )
    database = sa.make_url(url).database
    if database:
        _make_private(Path(database))
    connect = {"check_same_thread": False}
    engine = sa.create_engine(url, connect_args=connect, json_serializer=_json)
    sa.event.listen(engine, "connect", _tune_sqlite)
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_private(path: Path) -> None:
    """Make a new SQLite file its user's alone, also in a folder that is not.

    The files that SQLite puts beside it get its mode, and one that is there keeps its own.
    """
    path.parent.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    with suppress(OSError):  # where it cannot be made, SQLite will say so
        os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))


def _json(document: object) -> str:
    """Compact JSON, several times as fast as the standard library's: sweeps write a lot of it."""
    return to_json(document, inf_nan_mode="constants").decode()


def _tune_sqlite(connection: Any, _: object) -> None:
    # The driver's own implicit BEGIN is deferred: a reader that turns writer then fails at once
    # with "database is locked". We begin ourselves, below.
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "busy_timeout=10000",
        "foreign_keys=ON",
        "mmap_size=1073741824",
    ):
        connection.execute(f"PRAGMA {pragma}")
    sqlite_functions.register(connection)


def _begin_sqlite(connection: sa.Connection) -> None:
    immediate = connection.get_execution_options().get("immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
