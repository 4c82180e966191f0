"""One reader of what all experiments report, and any number of open streams that hear it.

The broker is read once per process whoever listens, and what came is written down once for all, so
that a hundred open pages cost the broker and the database what one costs.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import redis.asyncio
from redis.exceptions import RedisError

from workers.events import ACTIVITY

log = logging.getLogger(__name__)

BEAT_S = 0.5  # what is reported within it goes out together, of each experiment the latest
BLOCK_MS = 1000
AT_ONCE = 1000
MOST_WAITING = 100  # batches; a stream that falls further behind loses the oldest

Queue = asyncio.Queue[str]


@dataclass
class Listening:
    """The open streams of one process; the reader lives while there are any."""

    client: redis.asyncio.Redis
    _queues: set[Queue] = field(default_factory=set)
    _reader: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def queue(self) -> AsyncIterator[Queue]:
        """What an open stream hears: JSON lists of the latest reports, one per experiment."""
        own: Queue = asyncio.Queue(MOST_WAITING)
        self._queues.add(own)
        if self._reader is None:
            self._reader = asyncio.create_task(self._read())
        try:
            yield own
        finally:
            self._queues.discard(own)
            if not self._queues and self._reader is not None:
                self._reader.cancel()
                self._reader = None

    async def _read(self) -> None:
        position = "$"
        while True:
            try:
                answer: Any = await self.client.xread(
                    {ACTIVITY: position}, count=AT_ONCE, block=BLOCK_MS
                )
            except (RedisError, OSError) as away:
                log.warning("the broker is away: %s", away)
                await asyncio.sleep(BLOCK_MS / 1000)
                continue
            entries = entries_of(answer)
            if entries:
                position = entries[-1][0]
                self._tell([json.loads(fields["data"]) for _, fields in entries])
                await asyncio.sleep(BEAT_S)

    def _tell(self, reports: list[dict[str, Any]]) -> None:
        text = json.dumps(list({report["id"]: report for report in reports}.values()))
        for queue in self._queues:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(text)


def entries_of(answer: Any) -> list[tuple[str, dict[str, str]]]:
    """The entries of all streams in an answer to XREAD."""
    streams = answer.items() if isinstance(answer, dict) else answer
    return [entry for _, found in streams or () for entry in _flat(found)]


def _flat(found: Any) -> list[tuple[str, dict[str, str]]]:
    # RESP3 answers a list of batches, RESP2 one batch.
    return found[0] if found and isinstance(found[0], list) else list(found)
