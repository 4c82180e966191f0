"""What an installation has stored."""

from dataclasses import dataclass

import sqlalchemy as sa

from store.database import Database
from store.tables import datasets, experiments


@dataclass(frozen=True)
class DiskUse:
    """Bytes: the arrays of experiments as the database has them, and uploaded files, each once."""

    experiments: int
    datasets: int


def disk_use(database: Database) -> DiskUse:
    """What is stored now; summed from an index, so that a million experiments cost a moment."""
    files = sa.select(datasets.c.blob_sha256, datasets.c.size_bytes).distinct().subquery()
    with database.read() as connection:
        return DiskUse(
            *(
                int(connection.execute(sa.select(sa.func.sum(size))).scalar() or 0)
                for size in (experiments.c.disk_bytes, files.c.size_bytes)
            )
        )
