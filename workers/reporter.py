"""What a running experiment calls between chunks: its lease, its watchers, its cancellation."""

import io
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import redis
import sqlalchemy as sa

from core.checkpoints import Kept
from core.experiment import Cancelled, ExperimentError
from core.npz import read_npz, written_npz
from store import checkpoints
from store.database import Database
from store.results import finite
from store.settings import Settings
from store.transitions import Claim, LeaseLost, heartbeat, keep
from workers.events import publish
from workers.versions import versions_of

log = logging.getLogger(__name__)

REPORT_S = 1.0
MAX_CHECKPOINT_BYTES = 2**27
"""A larger state is not kept: writing it would cost more than the work that it saves."""


class OutOfTime(ExperimentError):
    """An attempt that takes longer than it may."""


@dataclass
class Reporter:
    """The progress callback of one attempt. Called often, it acts once a second.

    An experiment that ends sooner reports nothing: its claim and its end say all there is.
    """

    settings: Settings
    database: Database
    broker: redis.Redis
    claimed: Claim
    _started: float = field(default_factory=time.monotonic)
    _due: float = field(init=False)
    _keep_due: float = field(init=False)
    _held_until: float = field(init=False)
    _fraction: float = 0.0
    _values: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._due = self._started + self._pause_s
        self._keep_due = self._started + self.settings.checkpoint_s
        self._held_until = self._started + self.settings.lease_s

    def __call__(self, fraction: float, /, **values: float) -> None:
        """Extend the lease and publish; raises `Cancelled`, `LeaseLost` or `OutOfTime`."""
        now = time.monotonic()
        self._fraction, self._values = fraction, values
        self._check_time(now)
        if now < self._due:
            return
        self._due = now + self._pause_s
        live = {name: finite(value) for name, value in values.items()}
        with self._patience():
            unwanted = heartbeat(
                self.database,
                self.claimed,
                lease_s=self.settings.lease_s,
                progress=fraction,
                live=live,
            )
            self._held_until = time.monotonic() + self.settings.lease_s
            if unwanted:
                raise Cancelled
        publish(
            self.broker,
            self.claimed.id,
            "progress",
            {"id": self.claimed.id, "status": "running", "progress": fraction, "values": live},
        )

    def alive(self) -> None:
        """Extend the lease while there is nothing new to tell, as before the run and after it."""
        self(self._fraction, **self._values)

    def compiling(self) -> None:
        """As `alive`, between two passes of the compiler; a lost lease is told once it is done.

        Compiled kernels are kept: cut off in the compiler, no attempt would get past a pass that
        takes longer than the lease.
        """
        with suppress(LeaseLost):
            self.alive()

    def kept(self) -> Kept | None:
        """What an earlier attempt kept last, if the same software made it."""
        content = checkpoints.newest(self.database, self.claimed.id, versions_of(self.claimed.kind))
        if content is None:
            return None
        return read_npz(io.BytesIO(content), MAX_CHECKPOINT_BYTES, self.alive)

    def keep(self, state: Callable[[], Kept]) -> None:
        """Keep the state of the run every `checkpoint_s`; raises `LeaseLost`."""
        if time.monotonic() < self._keep_due:
            return
        arrays = state()
        self._keep_due = time.monotonic() + self._pause_s
        with self._patience():
            if sum(values.nbytes for values in arrays.values()) <= MAX_CHECKPOINT_BYTES:
                self._write(arrays)
            self._keep_due = time.monotonic() + self.settings.checkpoint_s

    def _write(self, arrays: Kept) -> None:
        keep(
            self.database,
            self.claimed,
            lease_s=self.settings.lease_s,
            versions=versions_of(self.claimed.kind),
            # Weights look random: compressing them takes seconds and saves nothing.
            content=written_npz(arrays, compressed=False),
        )
        self._held_until = time.monotonic() + self.settings.lease_s

    def end(self, write: Callable[[Database, Claim], None]) -> None:
        """Write how the attempt ended, as soon as the database lets us; raises `LeaseLost`."""
        written = False
        while not written:
            with self._patience():
                write(self.database, self.claimed)
                written = True
            if not written:
                time.sleep(self._pause_s)

    @contextmanager
    def _patience(self) -> Iterator[None]:
        """Bear it that the database is locked, full or away, for as long as the lease lasts."""
        try:
            yield
        except sa.exc.OperationalError as away:
            if time.monotonic() > self._held_until:
                raise
            log.warning("the database is away, the run goes on: %s", away)

    def _check_time(self, now: float) -> None:
        limit = self.claimed.time_limit_s or self.settings.time_limit_s
        if now - self._started > limit:
            raise OutOfTime(f"ran longer than its time limit of {limit:g} s")

    @property
    def _pause_s(self) -> float:
        return min(REPORT_S, self.settings.lease_s / 4)
