"""Looking after what an installation keeps: a backup while it runs, and space given back.

`python -P -m store.upkeep backup FOLDER` writes a folder that `solenoid up --data-dir FOLDER` can
start from. `python -P -m store.upkeep vacuum` removes dataset files that belong to nothing, also
what killed processes left on its way in, and makes the database as small as its content.
"""

import argparse
import shutil
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from store.database import Database
from store.dataset_files import arrays_path, blob_path, present, remove
from store.incoming import sweep
from store.settings import PRIVATE, Settings, settings
from store.tables import datasets
from store.together import DIGITS, together
from store.unusable import ending_if_unusable

YOUNG_S = 3600.0
"""A file may be older than its row by as long as an upload and its inspection take."""


class CannotBackUp(Exception):
    """A backup that this command does not make; the message says what does."""


def backup(database: Database, settings: Settings, folder: Path) -> int:
    """Copy the database as it is at one moment, then the dataset files it names; their number.

    Files never change and are written before their rows, so that those of the copied rows are
    there. One that is deleted meanwhile is missing in the backup.
    """
    if database.engine.dialect.name != "sqlite":
        raise CannotBackUp("the database is PostgreSQL: pg_dump backs it up")
    target = folder / "solenoid.db"
    if target.exists():
        raise CannotBackUp(f"{target} is there already; name an empty folder")
    folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    copied = Database(f"sqlite:///{target}")  # makes the file, with the mode that it must have
    try:
        _alone(database, "VACUUM INTO ?", str(target))
        return sum(_copied(settings, path, folder) for path in sorted(_named(copied, settings)))
    except BaseException:
        for part in folder.glob("solenoid.db*"):  # so that the same can be asked for again
            part.unlink()
        raise
    finally:
        copied.close()


def vacuum(database: Database, settings: Settings) -> tuple[int, int]:
    """Remove files of no dataset, shrink the database; how many files, and their bytes."""
    sweep(settings)
    count = size = 0
    with together(database, settings, *DIGITS):
        named = _named(database, settings)
        for path in _stored(settings):
            about = path.stat()
            if path not in named and time.time() - about.st_mtime > YOUNG_S:
                remove(settings, path)
                count, size = count + 1, size + about.st_size
    _alone(database, "VACUUM")
    return count, size


def _named(database: Database, settings: Settings) -> set[Path]:
    """The files that the database speaks of."""
    query = sa.select(datasets.c.id, datasets.c.blob_sha256)
    with database.read() as connection:
        rows = connection.execute(query).all()
    blobs = {blob_path(settings, row.blob_sha256) for row in rows}
    return blobs | {arrays_path(settings, row.id) for row in rows}


def _stored(settings: Settings) -> Iterator[Path]:
    for folder in ("blobs", "arrays"):
        yield from (settings.datasets_dir / folder).glob("*")


def _copied(settings: Settings, path: Path, folder: Path) -> bool:
    """Copy a dataset file to its place in a backup; whether it is there."""
    if not present(settings, path):
        return False
    target = folder / path.relative_to(settings.data_dir)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, target)
    return True


def _alone(database: Database, statement: str, *values: str) -> None:
    """Run what no transaction may hold."""
    if database.engine.dialect.name == "sqlite":  # whose driver leaves transactions to us
        with closing(database.engine.raw_connection()) as connection:
            connection.cursor().execute(statement, values)
        return
    engine = database.engine.execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connected:
        connected.exec_driver_sql(statement)


def main() -> None:
    """Do one of the two."""
    parser = argparse.ArgumentParser(prog="solenoid", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("backup").add_argument("folder", type=Path)
    commands.add_parser("vacuum")
    given = parser.parse_args()
    configured = settings()
    if configured.database_url is None and not (configured.data_dir / "solenoid.db").exists():
        raise SystemExit(
            f"no service has kept anything in the data directory {configured.data_dir}"
        )
    url = configured.resolved_database_url
    database = Database(url)
    try:
        with ending_if_unusable(url):
            told = _done(database, given)
        sys.stdout.write(told + "\n")
    except CannotBackUp as refused:
        raise SystemExit(str(refused)) from None
    except (OSError, sqlite3.OperationalError) as failed:
        raise SystemExit(f"{given.command} was not done: {failed}") from None
    finally:
        database.close()


def _done(database: Database, given: argparse.Namespace) -> str:
    """Do what was asked for; what there is to say."""
    if given.command == "backup":
        count = backup(database, settings(), given.folder)
        return f"{given.folder}: the database and {count} dataset files"
    count, size = vacuum(database, settings())
    return f"removed {count} dataset files of nothing, {size / 2**20:.1f} MiB; shrank the database"


if __name__ == "__main__":
    main()
