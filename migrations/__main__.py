"""`python -P -m migrations`: bring the database to the newest version, with bundled recordings.

`check` compares the database with the declared tables; `revision MESSAGE` writes the migration
that a changed declaration needs.
"""

import sys

from alembic import command

from migrations import configuration, upgrade
from store.database import Database
from store.samples import install
from store.settings import settings


def main(arguments: list[str]) -> None:
    """Do one of the three."""
    configured = settings()
    url = configured.resolved_database_url
    match arguments:
        case []:
            upgrade(url)
            database = Database(url)
            install(database, configured)
            database.close()
        case ["check"]:
            command.check(configuration(url))
        case ["revision", message]:
            command.revision(configuration(url), message, autogenerate=True)
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
