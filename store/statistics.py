"""The state of the service in a few numbers, each from an index: cheap enough for every scrape."""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from store.database import Database
from store.tables import OUTCOMES, STATUSES, attempts, experiments

BOUNDS_S = (0.1, 1.0, 10.0, 60.0, 600.0, 3600.0, 6 * 3600.0, 24 * 3600.0)


@dataclass(frozen=True)
class Durations:
    """How long attempts took that ended in one way."""

    counts: tuple[int, ...]
    """Within each of `BOUNDS_S` and, last, beyond them; not cumulative."""
    seconds: float


def by_status(database: Database) -> Mapping[str, int]:
    """How many experiments have each status."""
    query = sa.select(experiments.c.status, sa.func.count()).group_by(experiments.c.status)
    with database.read() as connection:
        found = {row[0]: row[1] for row in connection.execute(query)}
    return {status: found.get(status, 0) for status in STATUSES}


def durations(database: Database) -> Mapping[str, Durations]:
    """How long the attempts took that have ended, by outcome."""
    seconds = attempts.c.seconds
    bound = sa.case(
        *((seconds <= limit, place) for place, limit in enumerate(BOUNDS_S)), else_=len(BOUNDS_S)
    ).label("bound")
    query = (
        sa.select(attempts.c.outcome, bound, sa.func.count(), sa.func.sum(seconds))
        .where(attempts.c.outcome.is_not(None))
        .group_by(attempts.c.outcome, bound)
    )
    counts = {outcome: [0] * (len(BOUNDS_S) + 1) for outcome in OUTCOMES}
    totals = dict.fromkeys(OUTCOMES, 0.0)
    with database.read() as connection:
        for outcome, place, count, total in connection.execute(query):
            counts[outcome][place] = count
            totals[outcome] += total
    return {outcome: Durations(tuple(counts[outcome]), totals[outcome]) for outcome in OUTCOMES}
