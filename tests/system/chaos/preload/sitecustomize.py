"""Loaded by every Python process of the stack under test: its SQLite can be told that it is full.

SQLite knows its own full disk, `max_page_count`, but each connection has one of its own and forgets
it at the end. So each sets it again before it writes: to what there is while a file `full` lies
beside the database, and else to as much as there may be. What SQLite does then is its own.
"""

import sqlite3
import sqlite3.dbapi2
from pathlib import Path
from typing import Any

MOST = 2**32 - 2


class Rationed(sqlite3.Connection):
    """A connection that looks for the file whenever a transaction begins."""

    folder = Path()

    def cursor(self, *_: Any) -> Any:
        """A cursor that knows of the ration."""
        return super().cursor(Writer)


class Writer(sqlite3.Cursor):
    """Sets the ration of its connection before it begins to write."""

    def execute(self, sql: str, *values: Any) -> Any:
        """Run one statement."""
        if sql == "BEGIN IMMEDIATE" and isinstance(self.connection, Rationed):
            full = (self.connection.folder / "full").exists()
            # SQLite takes no less than there are.
            super().execute(f"PRAGMA max_page_count={1 if full else MOST}")
        return super().execute(sql, *values)


def connect(path: str, **options: Any) -> sqlite3.Connection:
    """A connection of the service, rationed."""
    made: Rationed = plainly(path, factory=Rationed, **options)
    made.folder = Path(path).parent
    return made


plainly: Any = sqlite3.connect
setattr(sqlite3, "connect", connect)  # noqa: B010, the type checker knows the other's overloads
sqlite3.dbapi2.connect = sqlite3.connect
