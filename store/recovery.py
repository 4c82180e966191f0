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
    """Take back all that runs, and say what goes on; nothing where everything had ended."""
    running = experiments.update().where(experiments.c.status == "running")
    database.write(lambda connection: connection.execute(running.values(lease_until=0.0)))
    lost = len(reap(database, max_attempts).queued)
    waiting = by_status(database)["queued"] - lost
    lines = []
    if lost:
        lines.append(f"the last stack was killed; experiments that go on: {lost}")
    if waiting:
        lines.append(f"experiments in the queue: {waiting}")
    return "".join(f"{line}\n" for line in lines)
