"""What a killed stack left behind, found by the next one on the same directory.

`solenoid up` calls it before any worker starts, while it holds the directory alone: whatever runs
according to the database has lost its worker. Its lease ends at once, so that the work goes on now
and not when the lease would have run out.
"""

from store.database import Database
from store.statistics import by_status
from store.tables import experiments


def take_over(database: Database) -> str:
    """End the lease of all that runs, and say what goes on; nothing where everything had ended."""
    running = experiments.update().where(experiments.c.status == "running")
    lost = database.write(
        lambda connection: connection.execute(running.values(lease_until=0.0)).rowcount
    )
    waiting = by_status(database)["queued"]
    lines = []
    if lost:
        lines.append(f"the last stack was killed; experiments that go on: {lost}")
    if waiting:
        lines.append(f"experiments in the queue: {waiting}")
    return "".join(f"{line}\n" for line in lines)
