"""The Redis-protocol server: where it is, and the few keys Solenoid keeps in it.

Nothing in the broker is the truth: it may lose everything at any moment, and the dispatcher rings
again for what the database still has to do.
"""

from contextlib import suppress

import redis
import redis.asyncio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.retry import Retry

from store.settings import Settings

QUEUE = "solenoid"
DISPATCHER = "solenoid:dispatcher"
WORKERS = "solenoid:worker:"
LEAVING = "solenoid:leaving:"
LEAVING_S = 24 * 3600

CONNECT_S = 2.0
ANSWER_S = 2.0  # longer than any wait of ours for an event


class NoBroker(Exception):
    """No Redis URL is configured."""


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


def connect(settings: Settings) -> redis.Redis:
    """A client that answers in text and gives up soon when nobody is there."""
    client: redis.Redis = redis.Redis.from_url(
        broker_url(settings),
        decode_responses=True,
        socket_connect_timeout=CONNECT_S,
        socket_timeout=ANSWER_S,
        # At once: by default it would wait for seconds between attempts, and a run with it.
        retry=Retry(NoBackoff(), 1),
    )
    return client


def connect_async(settings: Settings) -> redis.asyncio.Redis:
    """The same for event loops."""
    client: redis.asyncio.Redis = redis.asyncio.Redis.from_url(
        broker_url(settings),
        decode_responses=True,
        socket_connect_timeout=CONNECT_S,
        socket_timeout=ANSWER_S,
        retry=AsyncRetry(NoBackoff(), 1),
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
