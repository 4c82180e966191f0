"""What an experiment and a sweep have in common: a name, a state, and how they are followed."""

import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, ClassVar, Self

from solenoid.events import ENDED, Event
from solenoid.transport import Transport, part
from solenoid.watching import watch


class Accepted:
    """What was submitted. Its properties are as of the last answer; `refresh()` asks again."""

    _folder: ClassVar[str]
    """Where the service has its like."""

    def __init__(self, transport: Transport, data: Mapping[str, Any]) -> None:
        self._transport = transport
        self.data = data

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.data["id"])

    @property
    def kind(self) -> str:
        """The name of its kind; a sweep's experiments are all of one."""
        return str(self.data["kind"])

    @property
    def name(self) -> str | None:
        """The name it was given."""
        name: str | None = self.data["name"]
        return name

    @property
    def status(self) -> str:
        """`queued`, `running`, `succeeded`, `failed` or `cancelled`.

        A sweep is `running` until every experiment has ended, then `ended`.
        """
        return str(self.data["status"])

    @property
    def ended(self) -> bool:
        """Whether the status is final."""
        return self.status in ENDED

    @property
    def progress(self) -> float:
        """The fraction done, 0 to 1; of a sweep, how many of its experiments have ended."""
        return float(self.data["progress"])

    @property
    def disk_bytes(self) -> int:
        """What its arrays take in the database, compressed."""
        return int(self.data["disk_bytes"])

    @property
    def on_end(self) -> dict[str, Any] | None:
        """Whom its end is told: `command` or `webhook`, `state`, `attempts`, the last `error`."""
        on_end: dict[str, Any] | None = self.data["on_end"]
        return on_end

    @property
    def created_at(self) -> datetime:
        """When it was accepted, in UTC."""
        return datetime.fromisoformat(self.data["created_at"])

    def refresh(self) -> Self:
        """Ask the service for the present state."""
        self.data = self._transport.get(self._path())
        return self

    def watch(self, timeout: float | None = None) -> Iterator[Event]:
        """Events until it has ended; raises `TimedOut` after `timeout` seconds.

        Resumes where it was when the connection breaks, and asks for the state now and then
        where no event comes through. Of a sweep their values are the counts by status.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        yield from watch(self._transport, self._path(), deadline)

    def delete(self) -> None:
        """Delete it with its results; it, and every experiment of a sweep, must have ended."""
        self._transport.delete(self._path())

    def _path(self, rest: str = "") -> str:
        return f"{self._folder}/{part(self.id)}{rest}"
