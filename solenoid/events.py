"""What an experiment or a sweep says while it runs: server-sent events, parsed."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

ENDED = ("succeeded", "failed", "cancelled", "ended")


@dataclass(frozen=True)
class Event:
    """One message about an experiment: `progress` while it runs, `status` when that changes.

    Of a sweep it is `counts`: its values are how many experiments have each status.
    """

    name: str
    status: str
    progress: float
    values: Mapping[str, float | None] = field(default_factory=dict)
    id: str | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self.status in ENDED


def parsed(lines: Iterable[str]) -> Iterator[Event]:
    """Events from the lines of a stream, as the HTML standard defines them."""
    fields: dict[str, str] = {}
    for line in lines:
        if not line:
            if "data" in fields:
                yield _event(fields)
            fields = {}
        elif not line.startswith(":"):
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            again = name == "data" and name in fields
            fields[name] = f"{fields[name]}\n{value}" if again else value


def event_of(name: str, content: Mapping[str, Any], id: str | None) -> Event:
    """The event that says what an answer of the service says."""
    values = content.get("values", content.get("counts", {}))
    return Event(name, content["status"], content["progress"], values, id)


def _event(fields: Mapping[str, str]) -> Event:
    return event_of(fields.get("event", "message"), json.loads(fields["data"]), fields.get("id"))
