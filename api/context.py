"""What the routes share: settings, database, broker. Made at start, handed out by dependency."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated

import redis
import redis.asyncio
from celery import Celery
from fastapi import Depends, Request

from api.listening import Listening
from store.database import Database
from store.receiving import Receiving
from store.settings import Settings

INSPECTIONS_AT_ONCE = 2


@dataclass(frozen=True)
class Context:
    """The service behind the routes."""

    settings: Settings
    database: Database
    celery: Celery
    broker: redis.Redis
    counting: redis.asyncio.Redis
    events: redis.asyncio.Redis
    stopping: Callable[[], bool]
    inspections: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(INSPECTIONS_AT_ONCE, "inspection")
    )

    @cached_property
    def listening(self) -> Listening:
        """The open streams that follow all experiments."""
        return Listening(self.events)

    @cached_property
    def receiving(self) -> Receiving:
        """The files on their way in."""
        return Receiving(self.database, self.settings, self.inspections)

    async def close(self) -> None:
        """Let go of every connection."""
        await asyncio.to_thread(self.inspections.shutdown, wait=False, cancel_futures=True)
        await self.counting.aclose()
        await self.events.aclose()
        self.broker.close()
        self.database.close()


def _context(request: Request) -> Context:
    context: Context = request.app.state.context
    return context


Service = Annotated[Context, Depends(_context)]
