"""The state of the service in a few numbers, each from an index: cheap enough for every scrape."""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from store.database import Database
from store.tables import OUTCOMES, STATUSES, attempts, deleted_attempts, experiments

# Places in it are kept in the database: whoever changes it must move them.
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
    """How long the attempts took that have ended, by outcome, with those that were deleted."""
    there = (
        sa.select(
            attempts.c.outcome,
            _BOUND,
            sa.func.count().label("count"),
            sa.func.sum(attempts.c.seconds).label("seconds"),
        )
        .where(attempts.c.outcome.is_not(None))
        .group_by(attempts.c.outcome, _BOUND)
    )
    # In one statement: between two, a deletion would be counted twice or not at all.
    query = there.union_all(sa.select(deleted_attempts))
    counts = {outcome: [0] * (len(BOUNDS_S) + 1) for outcome in OUTCOMES}
    totals = dict.fromkeys(OUTCOMES, 0.0)
    with database.read() as connection:
        for outcome, place, count, seconds in connection.execute(query):
            counts[outcome][place] += count
            totals[outcome] += seconds
    return {outcome: Durations(tuple(counts[outcome]), totals[outcome]) for outcome in OUTCOMES}


def delete_attempts(connection: sa.Connection, *where: sa.ColumnElement[bool]) -> None:
    """Delete the attempts at some experiments, and keep what they add to the totals.

    The experiments are locked until the transaction ends. Of two deletions at once each attempt is
    returned to one, and totals are raised in a fixed order, so that neither waits for the other.
    """
    chosen = sa.select(experiments.c.id).where(*where).with_for_update(of=experiments)
    gone = attempts.delete().where(attempts.c.experiment_id.in_(chosen))
    kept: dict[tuple[str, int], list[float]] = {}
    for row in connection.execute(gone.returning(attempts.c.outcome, _BOUND, attempts.c.seconds)):
        if row.outcome is not None:
            kept.setdefault((row.outcome, row.bound), []).append(row.seconds)
    for (outcome, bound), seconds in sorted(kept.items()):
        more = {"outcome": outcome, "bound": bound, "count": len(seconds), "seconds": sum(seconds)}
        connection.execute(_RAISED, more)


_BOUND = sa.case(
    *((attempts.c.seconds <= limit, place) for place, limit in enumerate(BOUNDS_S)),
    else_=len(BOUNDS_S),
).label("bound")

_RAISED = sa.text(
    "INSERT INTO deleted_attempts (outcome, bound, count, seconds) "
    "VALUES (:outcome, :bound, :count, :seconds) ON CONFLICT (outcome, bound) DO UPDATE SET "
    "count = deleted_attempts.count + excluded.count, "
    "seconds = deleted_attempts.seconds + excluded.seconds"
)
