"""Completion hooks on their way: documents of what has ended, told outside any transaction."""

import logging
import threading
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from pydantic_core import to_json

from store import experiments, hooks, sweeps
from store.database import Database
from store.hooks import Taken
from store.settings import Settings
from workers.receivers import NotDelivered, post, run

log = logging.getLogger(__name__)

AT_ONCE = 4

EXPERIMENT = (
    *("id", "kind", "kind_version", "status", "name", "tags", "notes", "point", "spec"),
    *("created_at", "started_at", "finished_at", "summary", "warnings", "reading", "error"),
    "disk_bytes",
)
SWEEP = ("id", "kind", "status", "name", "counts", "created_at", "disk_bytes")


@dataclass(frozen=True)
class Ended:
    """What a hook waited for, and what its receiver is told."""

    noun: str
    id: str
    status: str
    document: bytes


@dataclass
class Deliveries:
    """The deliveries of one worker, in threads of their own: a slow receiver holds up no one else.

    Two workers may deliver at once; each hook is taken by one of them.
    """

    settings: Settings
    database: Database
    stopping: threading.Event
    _free: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(AT_ONCE))

    def begin(self) -> None:
        """Begin to tell whoever is due to be told; returns at once."""
        while self._free.acquire(blocking=False):
            try:
                taken = hooks.take(self.database)
            except sa.exc.DBAPIError:
                self._free.release()
                raise
            if taken is None:
                self._free.release()
                return
            threading.Thread(target=self._deliver, args=(taken,), daemon=True).start()

    def _deliver(self, first: Taken) -> None:
        """Deliver one hook, and then whichever is next, until none is due."""
        taken: Taken | None = first
        try:
            while taken is not None:
                deliver(self.settings, self.database, taken, self.stopping)
                taken = None if self.stopping.is_set() else hooks.take(self.database)
        except sa.exc.DBAPIError as away:
            log.warning("hooks will be told later: %s", away)
        finally:
            self._free.release()


def deliver(
    settings: Settings, database: Database, taken: Taken, stopping: threading.Event
) -> None:
    """Tell the receiver of a hook and write down how that went."""
    ended = _ended(database, taken)
    if ended is None:
        return
    try:
        _tell(settings, taken, ended, stopping)
    except NotDelivered as failure:
        log.warning("hook, attempt %d: %s", taken.attempts, failure, extra={ended.noun: ended.id})
        hooks.not_delivered(database, taken, str(failure))
    else:
        log.info("hook delivered", extra={ended.noun: ended.id})
        hooks.delivered(database, taken)


def _tell(settings: Settings, taken: Taken, ended: Ended, stopping: threading.Event) -> None:
    receiver, folder = taken.receiver, settings.resolved_hooks_dir
    if receiver.webhook is not None:
        post(receiver.webhook, ended.document)
        return
    assert receiver.command is not None
    if receiver.command not in hooks.commands(folder):
        raise NotDelivered(f"the hooks folder of this worker has no executable {receiver.command}")
    arguments = (ended.noun, ended.id, ended.status)
    run(
        folder / receiver.command,
        arguments,
        ended.document,
        folder=settings.data_dir,
        stopping=stopping,
    )


def _ended(database: Database, taken: Taken) -> Ended | None:
    """What has ended; None if it runs again or is gone, and nobody is to be told now."""
    try:
        if taken.experiment_id is not None:
            return _ended_experiment(experiments.get(database, taken.experiment_id))
        assert taken.sweep_id is not None
        return _ended_sweep(sweeps.get(database, taken.sweep_id))
    except experiments.NotFound:
        return None


def _ended_experiment(experiment: experiments.Experiment) -> Ended | None:
    if not experiment.ended:
        return None
    columns = {name: getattr(experiment, name) for name in EXPERIMENT}
    parts = ("results", "arrays", "figures")
    return _told("experiment", experiment, parts, {**columns, "sweep": experiment.sweep_id})


def _ended_sweep(sweep: sweeps.Sweep) -> Ended | None:
    if sweep.status != "ended":
        return None
    return _told("sweep", sweep, ("results",), {name: getattr(sweep, name) for name in SWEEP})


def _told(
    noun: str,
    one: experiments.Experiment | sweeps.Sweep,
    parts: tuple[str, ...],
    columns: dict[str, Any],
) -> Ended:
    here = f"/v1/{noun}s/{one.id}"
    links = {"self": here, **{part: f"{here}/{part}" for part in parts}}
    document = to_json({"type": noun, **columns, "links": links}, inf_nan_mode="null")
    return Ended(noun, one.id, one.status, document)
