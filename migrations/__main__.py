"""`python -P -m migrations`: bring the database to the newest version, with bundled recordings.

`take-over` also takes back what a killed stack was running, and says what goes on; `first` does
nothing where the database has any version. `check` compares the database with the declared tables;
`revision MESSAGE` writes the migration that a changed declaration needs.
"""

import sys
import tempfile

import sqlalchemy as sa
from alembic import command

from migrations import HERE, configuration, upgrade
from store import recovery
from store.database import Database
from store.samples import install
from store.settings import settings
from store.unusable import address, ending_if_unusable


def main(arguments: list[str]) -> None:
    """Do one of the five."""
    match arguments:
        case []:
            _bring_up_to_date()
        case ["first"]:
            if not _has_tables():
                _bring_up_to_date()
                made = address(settings().resolved_database_url)
                sys.stderr.write(f"made a new database: {made}\n")
        case ["take-over"]:
            _bring_up_to_date()
            sys.stdout.write(_taken_over())
        case ["check"]:
            command.check(configuration(settings().resolved_database_url, compares=True))
        case ["revision", message]:
            _write_revision(message)
        case _:
            raise SystemExit(__doc__)


def _bring_up_to_date() -> None:
    configured = settings()
    url = configured.resolved_database_url
    with ending_if_unusable(url):
        upgrade(url)
    database = Database(url)
    install(database, configured)
    database.close()


def _has_tables() -> bool:
    url = settings().resolved_database_url
    database = Database(url)
    try:
        with ending_if_unusable(url):
            return sa.inspect(database.engine).has_table("alembic_version")
    finally:
        database.close()


def _taken_over() -> str:
    configured = settings()
    database = Database(configured.resolved_database_url)
    try:
        return recovery.take_over(database, configured.max_attempts)
    finally:
        database.close()


def _write_revision(message: str) -> None:
    """Compare the declared tables with a database that has every migration so far."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/empty.db"
        upgrade(url)
        number = len(list((HERE / "versions").glob("[0-9]*.py"))) + 1
        compared = configuration(url, compares=True)
        command.revision(compared, message, autogenerate=True, rev_id=f"{number:04d}")


if __name__ == "__main__":
    main(sys.argv[1:])
