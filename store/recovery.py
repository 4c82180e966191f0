"""What a killed stack left behind, found by the next one on the same directory.

`solenoid up` calls it before any worker starts, while it holds the directory alone: whatever runs
according to the database has lost its worker. It is taken back at once and not when its lease
would have run out.
"""

from store.database import Database
from store.statistics import by_status
from store.tables import experiments
from store.transitions import reap


def take_over(database: Database, max_attempts: int) -> str:
    """Take back all that runs, and say what became of it; nothing where everything had ended."""
    running = experiments.update().where(experiments.c.status == "running")
    database.write(lambda connection: connection.execute(running.values(lease_until=0.0)))
    reaped = reap(database, max_attempts)
    told = {
        "the last stack was killed; experiments that go on": len(reaped.queued),
        "the last stack was killed; cancelled, as was asked for": len(reaped.cancelled),
        "the last stack was killed; failed after too many lost attempts": len(reaped.failed),
        "experiments in the queue": by_status(database)["queued"] - len(reaped.queued),
    }
    return "".join(f"{what}: {count}\n" for what, count in told.items() if count)
