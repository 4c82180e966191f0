"""SIGKILL for a child that does not listen any more; the pool starts another in its place.

A run learns of its cancellation, its time limit and the loss of its lease where it calls
`progress`. One that never does (a kernel that hangs, a process that was stopped) holds a slot, so
its worker, which is another process, ends it and writes what its owner must know.
"""

import contextlib
import logging
import time
from dataclasses import dataclass, field

import psutil

from store.attempts import Watched, watched
from store.database import Database
from store.settings import Settings
from store.transitions import Claim, LeaseLost, cancelled, fail

log = logging.getLogger(__name__)

PATIENCE_S = {"cancel": 5.0, "time": 5.0, "lost": 60.0}
"""How long a run may go on after it should have heard; one that lost its lease does no harm."""


@dataclass
class LastResort:
    """What one worker does about its own children."""

    settings: Settings
    database: Database
    worker: str
    _since: dict[Watched, float] = field(default_factory=dict)

    def act(self) -> None:
        """End the children that should have stopped a while ago."""
        now = time.monotonic()
        found = watched(self.database, self.worker, self.settings.time_limit_s)
        self._since = {each: self._since.get(each, now) for each in found}
        for each, since in self._since.items():
            patience_s = each.allowed_s + PATIENCE_S[each.reason]
            if now - since > patience_s and _kill(each.pid):
                extra = {"experiment": each.experiment_id}
                log.warning("killed a process that did not listen: %s", each.reason, extra=extra)
                self._write(each)

    def _write(self, each: Watched) -> None:
        claimed = Claim(each.experiment_id, "", {}, each.number, self.worker)
        with contextlib.suppress(LeaseLost):
            if each.reason == "cancel":
                cancelled(self.database, claimed)
            elif each.reason == "time":
                fail(self.database, claimed, "ran longer than its time limit, and was killed")


def _kill(pid: int) -> bool:
    """End a process if it is a child of this one; whether it was, and had not ended by itself."""
    for child in psutil.Process().children():
        if child.pid == pid:
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
                return True
    return False
