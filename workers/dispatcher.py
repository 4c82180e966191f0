"""The loop that makes the broker expendable: rings again for queued rows, reaps expired leases.

It runs in the main process of every worker; a short lock in the broker lets one of them act at a
time. Two acting at once would be harmless: reaping is a guarded update, and a message too many
claims nothing. No worker alive means nobody to ring for.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import redis
import sqlalchemy as sa
from celery import Celery
from redis.exceptions import RedisError

from store.database import Database
from store.settings import Settings
from store.transitions import Reaped, bound_leases, reap, release, waiting
from workers.broker import DISPATCHER, QUEUE, WORKERS, arrive, leave, live_workers
from workers.doorbell import ring
from workers.events import publish
from workers.hooks import Deliveries
from workers.last_resort import LastResort

log = logging.getLogger(__name__)

MESSAGES_PER_SLOT = 4


@dataclass
class Dispatcher:
    """One worker's share in keeping the queue moving."""

    settings: Settings
    app: Celery
    database: Database
    broker: redis.Redis
    worker: str
    slots: int
    _stopping: threading.Event = field(default_factory=threading.Event)
    _ended: threading.Event = field(default_factory=threading.Event)
    _deliveries: Deliveries = field(init=False)
    _last_resort: LastResort = field(init=False)

    def __post_init__(self) -> None:
        self._deliveries = Deliveries(self.settings, self.database, self._stopping)
        self._last_resort = LastResort(self.settings, self.database, self.worker)

    def run(self) -> None:
        """Look after the queue until stopped, then after what still runs, until that has ended."""
        arrive(self.broker, self.worker)
        while not self._stopping.wait(self.settings.dispatch_s):
            self._turn()
        self._leave()

    def stop(self) -> None:
        """Let the loop end: the worker takes no new work and has its grace time from now."""
        leave(self.broker, self.worker)
        self._stopping.set()

    def end(self) -> None:
        """All children are gone: nothing is left to look after."""
        self._ended.set()

    def _turn(self) -> None:
        with _going_on("look again"):
            self._last_resort.act()
        with _going_on("look again"):
            self._sign_of_life()
            if self._on_duty():
                bound_leases(self.database, self.settings.lease_s)
                self._tell(reap(self.database, self.settings.max_attempts))
                self._ring_for_waiting()
                self._deliveries.begin()

    def _sign_of_life(self) -> None:
        expiry_ms = int(5000 * max(1.0, self.settings.dispatch_s))
        self.broker.set(WORKERS + self.worker, self.slots, px=expiry_ms)

    def _on_duty(self) -> bool:
        expiry_ms = int(3000 * self.settings.dispatch_s)
        if self.broker.set(DISPATCHER, self.worker, px=expiry_ms, nx=True):
            return True
        if self.broker.get(DISPATCHER) != self.worker:
            return False
        self.broker.pexpire(DISPATCHER, expiry_ms)
        return True

    def _ring_for_waiting(self) -> None:
        """Top the queue up when it runs dry: whatever is still waiting then has no message."""
        slots = sum(live_workers(self.broker).values())
        if self.broker.llen(QUEUE) >= slots:
            return
        for _ in range(waiting(self.database, MESSAGES_PER_SLOT * slots)):
            ring(self.app)

    def _tell(self, reaped: Reaped) -> None:
        for status in ("failed", "cancelled", "queued"):
            for identifier in getattr(reaped, status):
                log.warning("lost its worker: %s", status, extra={"experiment": identifier})
                publish(
                    self.broker,
                    identifier,
                    "status",
                    {"id": identifier, "status": status, "progress": 0.0},
                )

    def _leave(self) -> None:
        """Hand back, and end what does not listen: nobody else may be there to end this worker."""
        pause_s = self.settings.grace_s
        log.info("stops: it takes nothing new, and what runs has %g s", pause_s)
        while not self._ended.wait(pause_s):
            with _going_on("try again to hand its work back"):
                for identifier in release(self.database, self.worker):
                    log.info("handed back", extra={"experiment": identifier})
                self._last_resort.act()
            pause_s = self.settings.dispatch_s


@contextmanager
def _going_on(then: str) -> Iterator[None]:
    """Whatever happens in a turn, there is a next one: without this thread nothing is reaped."""
    try:
        yield
    except (RedisError, OSError, sa.exc.DBAPIError) as away:
        log.warning("dispatcher will %s: %s", then, away)
    except Exception:
        log.exception("dispatcher will %s: unexpected error", then)
