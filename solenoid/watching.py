"""Watching to the end, through broken connections and restarts of the service."""

import time
from collections.abc import Iterator

from solenoid.errors import TimedOut, Unreachable
from solenoid.events import Event, event_of, parsed
from solenoid.transport import Broken, Transport

# The service sends a comment every 15 s, so a longer silence is a connection that is gone.
SILENCE_S = 30.0
# With a deadline, the longest read is the most that it can be missed by.
ATTENTIVE_S = 1.0
AGAIN_S = 1.0
PATIENCE_S = 60.0


def watch(transport: Transport, path: str, deadline: float | None) -> Iterator[Event]:
    """Events of what is at `path` until it has ended or the moment `deadline` is over."""
    last: Event | None = None
    while True:
        begun = time.monotonic()
        for event in _streamed(transport, path, last, deadline):
            last = event
            yield event
            if event.ended:
                return
        # The stream broke off; whatever it did not tell, the service knows.
        present = _present(transport, path, last, deadline)
        if last is None or (present.status, present.progress) != (last.status, last.progress):
            yield present
        last = present
        if last.ended:
            return
        _pause(begun + AGAIN_S, deadline)


def _streamed(
    transport: Transport, path: str, last: Event | None, deadline: float | None
) -> Iterator[Event]:
    headers = {"Accept": "text/event-stream"}
    if last is not None and last.id is not None:
        headers["Last-Event-ID"] = last.id
    try:
        with transport.stream(f"{path}/events", headers, _silence_s(deadline)) as lines:
            for event in parsed(lines):
                yield event
                _check(deadline)
    except Broken:
        return


def _present(transport: Transport, path: str, last: Event | None, deadline: float | None) -> Event:
    """The present state as an event; a service that restarts gets a minute to come back."""
    patience = time.monotonic() + PATIENCE_S
    while True:
        try:
            data = transport.get(path)
        except Unreachable:
            if last is None or time.monotonic() > patience:
                raise
        else:
            position = None if last is None else last.id
            return event_of("status", data, position)
        _pause(time.monotonic() + AGAIN_S, deadline)


def _silence_s(deadline: float | None) -> float:
    if deadline is None:
        return SILENCE_S
    return max(0.05, min(ATTENTIVE_S, deadline - time.monotonic()))


def _pause(until: float, deadline: float | None) -> None:
    """Sleep, so that a service that hangs up at once is not asked without end."""
    _check(deadline)
    latest = until if deadline is None else min(until, deadline)
    time.sleep(max(0.0, latest - time.monotonic()))


def _check(deadline: float | None) -> None:
    if deadline is not None and time.monotonic() > deadline:
        raise TimedOut("the time to wait is over")
