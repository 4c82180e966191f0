"""One Redis stream per experiment: what its watchers see while it runs; and one of them all.

Streams are capped and expire; they are a convenience, and whoever missed an event reads the
present state from the database.
"""

import json
import logging
from collections.abc import Mapping
from typing import Any, Literal

import redis
from redis.exceptions import RedisError

from workers.broker import memory_of

log = logging.getLogger(__name__)

MAX_EVENTS = 1000
EXPIRE_S = 24 * 3600

ACTIVITY = "solenoid:activity"
"""The key of the stream of all experiments, for whoever watches many of them at once."""

Name = Literal["progress", "status"]


def stream(identifier: str) -> str:
    """The key of an experiment's stream."""
    return f"solenoid:events:{identifier}"


def publish(client: redis.Redis, identifier: str, name: Name, content: Mapping[str, Any]) -> None:
    """Append an event; a broker that is away costs the watchers an event and the run nothing."""
    fields: Any = {"event": name, "data": json.dumps(content)}
    try:
        with memory_of(client).asking(), client.pipeline(transaction=False) as pipe:
            for key in (stream(identifier), ACTIVITY):
                pipe.xadd(key, fields, maxlen=MAX_EVENTS, approximate=True)
                pipe.expire(key, EXPIRE_S)
            pipe.execute()
    except (RedisError, OSError) as away:
        log.warning("event not published: %s", away, extra={"experiment": identifier})
