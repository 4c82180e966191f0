"""Server-sent events: an experiment's present state, then its progress, until it has ended."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header
from fastapi.sse import EventSourceResponse, ServerSentEvent
from redis.exceptions import RedisError

from api.access import Guest
from api.context import Context, Service
from api.experiments import Id
from api.listening import entries_of
from api.problems import documented
from store import experiments
from store.tables import TERMINAL
from workers.events import stream

router = APIRouter(prefix="/v1/experiments/{id:uuid}", tags=["experiments"])

POLL_MS = 1000
START = "0-0"

LastEventId = Annotated[
    str | None,
    Header(
        pattern=r"^[0-9]{1,20}-[0-9]{1,20}$",
        description="The id of the last event received; the stream resumes after it.",
    ),
]


def existing(id: Id, service: Service) -> experiments.Experiment:
    """The experiment, found before the stream begins, so that its absence is a proper 404."""
    return experiments.get(service.database, str(id))


@router.get("/events", response_class=EventSourceResponse, responses=documented(404, 422))
async def events(
    id: Id,
    service: Service,
    experiment: Annotated[experiments.Experiment, Depends(existing)],
    last_event_id: LastEventId = None,
) -> AsyncIterator[ServerSentEvent]:
    """Progress and status as they happen. A new subscriber gets the present state first."""
    identifier = str(id)
    position, told = last_event_id, False
    if position is None:
        # The position is taken before the state is read, so that no event falls between them.
        position = await _newest(service, identifier)
        experiment = await _present(service, identifier)
        yield _state(experiment, position)
        told = experiment.ended
    guest = Guest(service.database)
    while not told and not service.stopping() and await guest.welcome():
        entries = await _entries(service, identifier, position, wait=not experiment.ended)
        for position, fields in entries:
            content = json.loads(fields["data"])
            told = told or content["status"] in TERMINAL
            yield ServerSentEvent(id=position, event=fields["event"], data=content)
        if entries:
            continue
        # Silence: the row knows, also when the broker lost its events.
        before, experiment = experiment, await _present(service, identifier)
        if before.ended or before.status != experiment.status:
            told = experiment.ended
            yield _state(experiment, position)


async def _present(service: Context, identifier: str) -> experiments.Experiment:
    return await asyncio.to_thread(experiments.get, service.database, identifier)


async def _newest(service: Context, identifier: str) -> str:
    try:
        last = await service.counting.xrevrange(stream(identifier), count=1)
    except (RedisError, OSError):
        return START
    return str(last[0][0]) if last else START


async def _entries(
    service: Context, identifier: str, position: str, *, wait: bool
) -> list[tuple[str, dict[str, str]]]:
    """Events after a position, waiting for one at most `POLL_MS`."""
    block = POLL_MS if wait else None
    try:
        answer: Any = await service.events.xread({stream(identifier): position}, block=block)
    except (RedisError, OSError):
        await asyncio.sleep(POLL_MS / 1000)
        return []
    return entries_of(answer)


def _state(experiment: experiments.Experiment, position: str) -> ServerSentEvent:
    content = {
        "id": experiment.id,
        "status": experiment.status,
        "progress": experiment.progress,
        "values": dict(experiment.live),
        "error": experiment.error,
    }
    return ServerSentEvent(id=position, event="status", data=content)
