"""What a killed stack left behind, found by the next one on the same directory.

`python -P -m store.recovery` is run by `solenoid up` before any worker starts, while it holds the
directory alone: whatever runs according to the database has lost its worker. The lease ends at
once, so that the work goes on now and not when the lease would have run out.
"""

import sys

from store.database import Database
from store.settings import settings
from store.statistics import by_status
from store.tables import experiments


def end_leases(database: Database) -> int:
    """End the lease of everything that runs; how much that is. The reaper does the rest."""
    running = experiments.update().where(experiments.c.status == "running")
    return database.write(
        lambda connection: connection.execute(running.values(lease_until=0.0)).rowcount
    )


def main() -> None:
    """End leases and say what goes on; silent where everything had ended."""
    database = Database(settings().resolved_database_url)
    try:
        running, waiting = end_leases(database), by_status(database)["queued"]
    finally:
        database.close()
    if running:
        sys.stdout.write(f"the last stack was killed: {running} running experiments go on\n")
    if waiting:
        sys.stdout.write(f"{waiting} experiments wait in the queue\n")


if __name__ == "__main__":
    main()
