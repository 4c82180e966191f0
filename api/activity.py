"""Server-sent events of all experiments in one stream, for pages that show many of them."""

import asyncio
from collections.abc import AsyncIterator

from fastapi import APIRouter
from fastapi.sse import EventSourceResponse, ServerSentEvent

from api.access import Guest
from api.context import Service

router = APIRouter(prefix="/v1", tags=["experiments"])

PATIENCE_S = 1.0


@router.get("/events", response_class=EventSourceResponse)
async def all_events(service: Service) -> AsyncIterator[ServerSentEvent]:
    """Status and progress of every experiment from now on, together about twice a second.

    Each event is a list with the latest report of each experiment that reported, as its own stream
    has them. What happened before is not told; ask for the experiments first.
    """
    guest = Guest(service.database)
    async with service.listening.queue() as queue:
        while not service.stopping() and await guest.welcome():
            try:
                text = await asyncio.wait_for(queue.get(), PATIENCE_S)
            except TimeoutError:
                continue
            yield ServerSentEvent(event="changes", raw_data=text)
