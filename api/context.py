"""What the routes share: settings, database, broker. Made at start, handed out by dependency."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated

import redis
import redis.asyncio
from celery import Celery
from fastapi import Depends, Request

from api.listening import Listening
from store import datasets
from store.database import Database
from store.settings import Settings

INSPECTIONS_AT_ONCE = 2


@dataclass(frozen=True)
class Context:
    """The service behind the routes."""

    settings: Settings
    database: Database
    celery: Celery
    broker: redis.Redis
    events: redis.asyncio.Redis
    stopping: Callable[[], bool]
    inspections: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(INSPECTIONS_AT_ONCE, "inspection")
    )

    @cached_property
    def listening(self) -> Listening:
        """The open streams that follow all experiments."""
        return Listening(self.events)

    def inspect(self, dataset: str) -> Future[datasets.Dataset]:
        """Begin the inspection of a dataset in a child process."""
        return self.inspections.submit(datasets.look_into, self.database, self.settings, dataset)

    async def close(self) -> None:
        """Let go of every connection."""
        await asyncio.to_thread(self.inspections.shutdown, wait=False, cancel_futures=True)
        await self.events.aclose()
        self.broker.close()
        self.database.close()


def _context(request: Request) -> Context:
    context: Context = request.app.state.context
    return context


Service = Annotated[Context, Depends(_context)]
