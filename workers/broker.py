"""The Redis-protocol server: where it is, and the few keys Solenoid keeps in it.

Nothing in the broker is the truth: it may lose everything at any moment, and the dispatcher rings
again for what the database still has to do.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import redis
import redis.asyncio
from kombu.exceptions import OperationalError
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.retry import Retry

from store.settings import Settings

QUEUE = "solenoid"
DISPATCHER = "solenoid:dispatcher"
WORKERS = "solenoid:worker:"
LEAVING = "solenoid:leaving:"
LEAVING_S = 24 * 3600

PATIENT_S = 2.0  # longer than any wait of ours for an event
HASTY_S = 0.1  # for what may be missing: whoever asks is waited for
PAUSE_S = 3.0

AWAY = (OperationalError, redis.ConnectionError, redis.TimeoutError, OSError)
"""What is raised when the broker is away, which Celery has its own word for."""


class StillAway(redis.ConnectionError):
    """Nobody asked: the broker did not answer a moment ago."""


@dataclass
class Memory:
    """That the broker did not answer: for a while nobody waits for it again."""

    _until: float = 0.0

    @contextmanager
    def asking(self) -> Iterator[None]:
        """While a client waits for an answer; raises at once if there was none a moment ago."""
        if time.monotonic() < self._until:
            raise StillAway("the broker did not answer a moment ago")
        try:
            yield
        except AWAY:
            self._until = time.monotonic() + PAUSE_S
            raise


_MEMORIES: WeakKeyDictionary[Any, Memory] = WeakKeyDictionary()


def memory_of(client: Any) -> Memory:
    """What a client remembers: a connection to Redis, or a Celery application."""
    return _MEMORIES.setdefault(client, Memory())


class NoBroker(SystemExit):
    """No Redis URL is configured: it ends the process, with a sentence."""


def broker_url(settings: Settings) -> str:
    """The configured URL; raises `NoBroker`."""
    if settings.redis_url is None:
        raise NoBroker(
            "SOLENOID_REDIS_URL is not set; `solenoid up` starts a server of its own and sets it"
        )
    return settings.redis_url


def celery_url(settings: Settings) -> str:
    """The same address in the scheme that Celery's transport knows."""
    url = broker_url(settings)
    return url.replace("unix://", "redis+socket://", 1) if url.startswith("unix://") else url


def connect(settings: Settings, answer_s: float = HASTY_S) -> redis.Redis:
    """A client that answers in text and gives up soon when nobody is there."""
    client: redis.Redis = redis.Redis.from_url(
        broker_url(settings),
        decode_responses=True,
        socket_connect_timeout=answer_s,
        socket_timeout=answer_s,
        # Once and at once, after a restart: by default it would wait for seconds between attempts,
        # and a run with it. Who was silent is not asked again.
        retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
    )
    return client


def connect_async(settings: Settings, answer_s: float = HASTY_S) -> redis.asyncio.Redis:
    """The same for event loops."""
    client: redis.asyncio.Redis = redis.asyncio.Redis.from_url(
        broker_url(settings),
        decode_responses=True,
        socket_connect_timeout=answer_s,
        socket_timeout=answer_s,
        retry=AsyncRetry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
    )
    return client


def leave(client: redis.Redis, worker: str) -> None:
    """Let the processes of a worker know that it takes no new work."""
    with suppress(redis.RedisError, OSError):
        client.set(LEAVING + worker, 1, ex=LEAVING_S)


def arrive(client: redis.Redis, worker: str) -> None:
    """A worker that begins is not one that leaves, though a former one may have had its name."""
    with suppress(redis.RedisError, OSError):
        client.delete(LEAVING + worker)


def leaves(client: redis.Redis, worker: str) -> bool:
    """Whether the worker takes no new work; not while nobody knows."""
    with suppress(redis.RedisError, OSError):
        return bool(client.exists(LEAVING + worker))
    return False


def live_workers(client: redis.Redis) -> dict[str, int]:
    """The workers that gave a sign of life lately, with their number of slots."""
    names = list(client.scan_iter(f"{WORKERS}*"))
    slots = client.mget(names) if names else []
    return {
        name.removeprefix(WORKERS): int(count)
        for name, count in zip(names, slots, strict=True)
        if count is not None
    }
