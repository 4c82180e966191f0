"""What a running experiment calls between chunks: its lease, its watchers, its cancellation."""

import time
from dataclasses import dataclass, field

import redis

from core.experiment import Cancelled
from store.database import Database
from store.results import finite
from store.transitions import Claim, heartbeat
from workers.events import publish

REPORT_S = 1.0


@dataclass
class Reporter:
    """The progress callback of one attempt. Called often, it acts once a second.

    An experiment that ends sooner reports nothing: its claim and its end say all there is.
    """

    database: Database
    broker: redis.Redis
    claimed: Claim
    lease_s: float
    _due: float = field(init=False)

    def __post_init__(self) -> None:
        self._due = self._next()

    def __call__(self, fraction: float, /, **values: float) -> None:
        """Extend the lease and publish; raises `Cancelled` or `LeaseLost`."""
        if time.monotonic() < self._due:
            return
        self._due = self._next()
        live = {name: finite(value) for name, value in values.items()}
        unwanted = heartbeat(
            self.database, self.claimed, lease_s=self.lease_s, progress=fraction, live=live
        )
        if unwanted:
            raise Cancelled
        publish(
            self.broker,
            self.claimed.id,
            "progress",
            {"id": self.claimed.id, "status": "running", "progress": fraction, "values": live},
        )

    def _next(self) -> float:
        return time.monotonic() + min(REPORT_S, self.lease_s / 4)
