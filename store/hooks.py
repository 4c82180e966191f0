"""Completion hooks: who is told when an experiment or a sweep has ended, and whether they were.

    waiting -> delivered | failed
       ^            |        |
       '------------'--------'  its owner runs again

A hook is stored with what it waits for, in one transaction, and is told at least once: whoever
takes it has a while to deliver it, and if nothing is heard of that, another takes it. `due` is the
fencing token: each taking sets another moment, and the outcome is written only while it stands.
"""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import uuid_utils

from store.database import Database, epoch_now
from store.tables import TERMINAL, completion_hooks, experiments, utc_now

IN_HAND_S = 60.0  # longer than any delivery may take
PAUSES_S = (5.0, 30.0, 120.0, 600.0)
MAX_ATTEMPTS = len(PAUSES_S) + 1
LONGEST_ERROR = 500

_COMMAND = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}")


@dataclass(frozen=True)
class Receiver:
    """Who is to be told: an executable of the hooks folder by its name, or a URL. One is None."""

    command: str | None = None
    webhook: str | None = None


@dataclass(frozen=True)
class Hook:
    """A receiver, and what became of telling it."""

    receiver: Receiver
    state: str
    attempts: int
    error: str | None


@dataclass(frozen=True)
class Taken:
    """One attempt at one delivery: the right to write its outcome while `due` stands."""

    id: str
    receiver: Receiver
    experiment_id: str | None
    sweep_id: str | None
    attempts: int
    due: float


def commands(folder: Path) -> list[str]:
    """The names of the executables that a hook may run; none where there is no such folder."""
    if not folder.is_dir():
        return []
    return sorted(each.name for each in folder.iterdir() if _runs(each))


def row(receiver: Receiver, **owner: str) -> dict[str, Any]:
    """The row of a new hook, made before its transaction begins."""
    return {
        "id": str(uuid_utils.uuid7()),
        "command": receiver.command,
        "webhook": receiver.webhook,
        "state": "waiting",
        "attempts": 0,
        "due": 0.0,
        **owner,
    }


def of_owners(
    connection: sa.Connection, owner: sa.Column[str], identifiers: Sequence[str]
) -> Mapping[str, Hook]:
    """The hooks of some experiments, or of some sweeps, by the id of their owner."""
    found = connection.execute(sa.select(completion_hooks).where(owner.in_(identifiers)))
    return {each[owner.name]: _hook(each) for each in found.mappings()}


def again(connection: sa.Connection, *where: sa.ColumnElement[bool]) -> None:
    """Let the hooks of these experiments, and of the sweeps they belong to, wait once more."""
    own, of_sweep = (
        sa.select(column).where(*where) for column in (experiments.c.id, experiments.c.sweep_id)
    )
    hooks = completion_hooks.c
    change = completion_hooks.update().where(
        hooks.experiment_id.in_(own) | hooks.sweep_id.in_(of_sweep)
    )
    connection.execute(
        change.values(state="waiting", attempts=0, due=0.0, error=None, delivered_at=None)
    )


def take(database: Database) -> Taken | None:
    """A hook whose time has come, to be delivered within `IN_HAND_S`; None if there is none.

    One whose last attempt was never heard of has failed, so that no receiver is tried for ever.
    """
    while (found := _first(database)) is not None:
        if found.attempts >= MAX_ATTEMPTS:
            _write(database, found, state="failed", error="the worker was lost while delivering it")
            continue
        if (mine := _taken_from(database, found)) is not None:
            return mine
    return None


def delivered(database: Database, taken: Taken) -> None:
    """The receiver was told."""
    _write(database, taken, state="delivered", error=None, delivered_at=utc_now())


def not_delivered(database: Database, taken: Taken, error: str) -> None:
    """Try again after a pause that grows; after the last attempt the hook has failed."""
    told = error[:LONGEST_ERROR]
    if taken.attempts >= MAX_ATTEMPTS:
        _write(database, taken, state="failed", error=told)
    else:
        _write(database, taken, due=epoch_now() + PAUSES_S[taken.attempts - 1], error=told)


def _runs(path: Path) -> bool:
    named = _COMMAND.fullmatch(path.name) is not None
    return named and path.is_file() and os.access(path, os.X_OK)


def _first(database: Database) -> Taken | None:
    """Read only: a look that finds nothing must not cost the database a write."""
    query = (
        sa.select(completion_hooks)
        .where(completion_hooks.c.state == "waiting", completion_hooks.c.due <= epoch_now())
        .where(_owner_ended())
        .order_by(completion_hooks.c.due, completion_hooks.c.id)
        .limit(1)
    )
    with database.read() as connection:
        found = connection.execute(query).mappings().first()
    return None if found is None else _taken(found)


def _owner_ended() -> sa.ColumnElement[bool]:
    own, of_sweep = completion_hooks.c.experiment_id, completion_hooks.c.sweep_id
    ended = sa.exists().where(experiments.c.id == own, experiments.c.status.in_(TERMINAL))
    going = sa.exists().where(
        experiments.c.sweep_id == of_sweep, experiments.c.status.in_(("queued", "running"))
    )
    return ended | (of_sweep.is_not(None) & ~going)


def _taken_from(database: Database, seen: Taken) -> Taken | None:
    change = (
        completion_hooks.update()
        .where(*_stands(seen))
        .values(attempts=completion_hooks.c.attempts + 1, due=epoch_now() + IN_HAND_S)
        .returning(*completion_hooks.c)
    )
    found = database.write(lambda connection: connection.execute(change).mappings().first())
    return None if found is None else _taken(found)


def _write(database: Database, taken: Taken, **values: Any) -> None:
    change = completion_hooks.update().where(*_stands(taken)).values(**values)
    database.write(lambda connection: connection.execute(change))


def _stands(taken: Taken) -> tuple[sa.ColumnElement[bool], ...]:
    hooks = completion_hooks.c
    return (hooks.id == taken.id, hooks.state == "waiting", hooks.due == taken.due)


def _taken(found: sa.RowMapping) -> Taken:
    return Taken(
        id=found["id"],
        receiver=Receiver(found["command"], found["webhook"]),
        experiment_id=found["experiment_id"],
        sweep_id=found["sweep_id"],
        attempts=found["attempts"],
        due=found["due"],
    )


def _hook(found: sa.RowMapping) -> Hook:
    receiver = Receiver(found["command"], found["webhook"])
    return Hook(receiver, found["state"], found["attempts"], found["error"])
