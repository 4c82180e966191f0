"""The life of an experiment: every change of state is one guarded UPDATE.

    queued -> running -> succeeded | failed | cancelled
       ^         |
       '---------'  lease expired, or handed back by a worker that shuts down

The row is the truth and the broker's message only a doorbell: it says that somebody waits, not
who, so a message that is lost, late or doubled does no harm. `attempt` is the fencing token: it
grows with every claim, and whatever a worker writes is guarded by the attempt it claimed, so a
worker that slept through its lease finds that it no longer owns the row.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from store import attempts, checkpoints, hooks
from store.database import Database, epoch_now
from store.experiments import Conflict, get
from store.tables import experiments, utc_now
from store.turns import next_owner, take


@dataclass(frozen=True)
class Claim:
    """One attempt at one experiment: the right to write to it while the lease holds."""

    id: str
    kind: str
    spec: Mapping[str, Any]
    attempt: int
    worker: str
    time_limit_s: float | None = None


_QUEUED_AGAIN: Mapping[str, Any] = {
    "status": "queued",
    "worker": None,
    "lease_until": None,
    "progress": 0.0,
    "live": {},
}


class LeaseLost(Exception):
    """Another attempt owns the experiment now, or it has ended: stop, and write nothing."""


def claim(database: Database, *, worker: str, lease_s: float) -> Claim | None:
    """Take the queued experiment whose turn it is; None if nobody waits.

    Priority comes first, then the owner whose turn it is (`store.turns`), then age. Of many workers
    at once each gets another one: SQLite lets one write at a time, PostgreSQL passes over rows that
    another is taking. What was taken by a transaction whose connection broke before it could say so
    is found again, and nothing else is taken.
    """
    turn: int | None = None

    def work(connection: sa.Connection) -> Claim | None:
        nonlocal turn
        if turn is not None:
            mine = sa.select(*_CLAIMED).where(attempts.goes_on(worker, turn))
            if (before := connection.execute(mine).first()) is not None:
                return _claim(before, worker)
        taken = _taken(connection, worker, lease_s)
        if taken is None:
            return None
        turn = take(connection, taken.owner)
        attempts.begin(connection, taken.id, taken.attempt, worker=worker, turn=turn)
        return _claim(taken, worker)

    return database.write(work)


_CLAIMED = tuple(experiments.c[name] for name in ("id", "kind", "spec", "attempt", "time_limit_s"))


def _claim(row: Any, worker: str) -> Claim:
    columns = {column.name: row._mapping[column.name] for column in _CLAIMED}
    return Claim(worker=worker, **columns)


def _taken(connection: sa.Connection, worker: str, lease_s: float) -> Any:
    owner = next_owner(connection)
    if owner is None:
        return None
    taken = connection.execute(_claimed(worker, lease_s, experiments.c.owner == owner)).first()
    if taken is None:  # others are taking all that this owner has
        taken = connection.execute(_claimed(worker, lease_s)).first()
    return taken


def _claimed(worker: str, lease_s: float, *where: sa.ColumnElement[bool]) -> Any:
    """The change that takes the first of these."""
    now = utc_now()
    first = (
        sa.select(experiments.c.id)
        .where(experiments.c.status == "queued", ~experiments.c.cancel_requested, *where)
        .order_by(experiments.c.priority.desc(), experiments.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    change = (
        experiments.update()
        .where(experiments.c.id == first, experiments.c.status == "queued")
        .values(
            status="running",
            attempt=experiments.c.attempt + 1,
            worker=worker,
            lease_until=epoch_now() + lease_s,
            # The clock of whoever accepted it may be ahead: nothing starts before it was created.
            started_at=sa.case(
                (experiments.c.created_at > now, experiments.c.created_at), else_=now
            ),
            progress=0.0,
            live={},
        )
    )
    return change.returning(*_CLAIMED, experiments.c.owner)


def heartbeat(
    database: Database,
    claimed: Claim,
    *,
    lease_s: float,
    progress: float,
    live: Mapping[str, float | None],
) -> bool:
    """Extend the lease and keep the last progress; True when cancellation was asked for."""
    change = (
        experiments.update()
        .where(*_still_mine(claimed))
        .values(lease_until=epoch_now() + lease_s, progress=progress, live=dict(live))
        .returning(experiments.c.cancel_requested)
    )
    row = database.write(lambda connection: connection.execute(change).first())
    if row is None:
        raise LeaseLost(claimed.id)
    return bool(row.cancel_requested)


def keep(
    database: Database,
    claimed: Claim,
    *,
    lease_s: float,
    versions: Mapping[str, str],
    content: bytes,
) -> None:
    """Write a checkpoint, if the lease still holds, and extend the lease."""
    change = (
        experiments.update().where(*_still_mine(claimed)).values(lease_until=epoch_now() + lease_s)
    )

    def work(connection: sa.Connection) -> None:
        if connection.execute(change).rowcount == 0:
            raise LeaseLost(claimed.id)
        checkpoints.replace(connection, claimed.id, claimed.attempt, versions, content)

    database.write(work)


def finish(
    connection: sa.Connection,
    claimed: Claim,
    status: str,
    *,
    error: str | None = None,
    **columns: Any,
) -> None:
    """End an attempt inside the caller's transaction, which also writes what came out of it."""
    change = (
        experiments.update()
        .where(*_still_mine(claimed))
        .values(status=status, error=error, lease_until=None, finished_at=utc_now(), **columns)
    )
    if connection.execute(change).rowcount == 0:
        raise LeaseLost(claimed.id)
    attempts.end(connection, [claimed.id], status)
    checkpoints.forget(connection, claimed.id)


def fail(database: Database, claimed: Claim, error: str) -> None:
    """End an attempt with a message that its owner will read."""
    database.write(lambda connection: finish(connection, claimed, "failed", error=error))


def cancelled(database: Database, claimed: Claim) -> None:
    """End an attempt that stopped because nobody wants it any more."""
    database.write(lambda connection: finish(connection, claimed, "cancelled"))


def request_cancel(database: Database, identifier: str) -> str:
    """Cancel a queued experiment at once and ask a running one to stop; returns the status."""
    changed = database.write(lambda connection: cancel(connection, experiments.c.id == identifier))
    experiment = get(database, identifier)
    if not changed and experiment.status != "cancelled":
        raise Conflict(f"the experiment has already {experiment.status}")
    return experiment.status


def requeue(connection: sa.Connection, *where: sa.ColumnElement[bool]) -> int:
    """Queue ended experiments again, as if they had just been accepted; how many."""
    hooks.again(connection, *where)  # before the change, which may empty the condition
    change = experiments.update().where(*where)
    again = change.values(
        status="queued",
        error=None,
        lost_attempts=0,
        cancel_requested=False,
        started_at=None,
        finished_at=None,
        progress=0.0,
        live={},
        worker=None,
    )
    return connection.execute(again).rowcount


def cancel(connection: sa.Connection, *where: sa.ColumnElement[bool]) -> int:
    """Cancel queued experiments and ask running ones to stop; how many had not ended."""
    at_once = experiments.update().where(*where, experiments.c.status == "queued")
    soon = experiments.update().where(*where, experiments.c.status == "running")
    now = {"status": "cancelled", "cancel_requested": True, "finished_at": utc_now()}
    ended = connection.execute(at_once.values(now)).rowcount
    checkpoints.forget_ended(connection)
    return ended + connection.execute(soon.values(cancel_requested=True)).rowcount


def release(database: Database, worker: str) -> tuple[str, ...]:
    """Queue again whatever a worker that shuts down still runs; not counted as lost.

    Its attempts learn of it at their next heartbeat and stop. What was to be cancelled is.
    """
    mine = (experiments.c.worker == worker, experiments.c.status == "running")
    unwanted = experiments.update().where(*mine, experiments.c.cancel_requested)
    change = experiments.update().where(*mine).values(_QUEUED_AGAIN).returning(experiments.c.id)

    def work(connection: sa.Connection) -> tuple[str, ...]:
        ended = unwanted.values(status="cancelled", lease_until=None, finished_at=utc_now())
        stopped = connection.execute(ended.returning(experiments.c.id)).scalars()
        attempts.end(connection, stopped, "cancelled")
        checkpoints.forget_ended(connection)
        handed_back = tuple(connection.execute(change).scalars())
        attempts.end(connection, handed_back, "handed_back")
        return handed_back

    return database.write(work)


@dataclass(frozen=True)
class Reaped:
    """What became of experiments whose workers went silent."""

    queued: tuple[str, ...]
    failed: tuple[str, ...]
    cancelled: tuple[str, ...]


def reap(database: Database, max_attempts: int) -> Reaped:
    """Queue again what lost its worker; fail what lost `max_attempts` of them; honour cancels.

    Only attempts count that were lost without progress: one that wrote a checkpoint begins the
    count anew, so that a long run outlives any number of reboots.
    """
    lost = sa.case((checkpoints.advanced(), 0), else_=experiments.c.lost_attempts + 1)

    def end(connection: sa.Connection, where: Any, **values: Any) -> tuple[str, ...]:
        change = (
            experiments.update()
            .where(_lease_expired(), where)
            .values({"lease_until": None, "lost_attempts": lost, **values})
            .returning(experiments.c.id)
        )
        ended = tuple(connection.execute(change).scalars())
        attempts.end(connection, ended, "lost")
        return ended

    def work(connection: sa.Connection) -> Reaped:
        now = utc_now()
        wanted = ~experiments.c.cancel_requested
        reaped = Reaped(
            cancelled=end(
                connection, experiments.c.cancel_requested, status="cancelled", finished_at=now
            ),
            failed=end(
                connection,
                wanted & (lost >= max_attempts),
                status="failed",
                finished_at=now,
                error=f"worker lost: {max_attempts} attempts ended without a word, "
                "as when the process crashes or its machine runs out of memory",
            ),
            queued=end(connection, wanted, **_QUEUED_AGAIN),
        )
        if any(vars(reaped).values()):
            checkpoints.forget_ended(connection)
        return reaped

    return database.write(work)


def bound_leases(database: Database, lease_s: float) -> None:
    """Shorten leases that last longer than any is granted for, as after a clock was set back.

    Without it the work of a dead worker would wait until the clock is where it was before.
    """
    latest = epoch_now() + lease_s
    change = (
        experiments.update()
        .where(experiments.c.status == "running", experiments.c.lease_until > latest)
        .values(lease_until=latest)
    )
    database.write(lambda connection: connection.execute(change))


def waiting(database: Database, limit: int, owner: str | None = None) -> int:
    """How many are queued, of one owner or of all, counting no further than `limit`."""
    queued = sa.select(experiments.c.id).where(experiments.c.status == "queued").limit(limit)
    if owner is not None:
        queued = queued.where(experiments.c.owner == owner)
    with database.read() as connection:
        return connection.execute(
            sa.select(sa.func.count()).select_from(queued.subquery())
        ).scalar_one()


def _still_mine(claimed: Claim) -> tuple[Any, ...]:
    return (
        experiments.c.id == claimed.id,
        experiments.c.status == "running",
        experiments.c.attempt == claimed.attempt,
    )


def _lease_expired() -> Any:
    return (experiments.c.status == "running") & (experiments.c.lease_until < epoch_now())
