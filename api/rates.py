"""How many requests one token may make: counted in the broker, for all processes together."""

import time

from redis.exceptions import RedisError
from starlette.types import ASGIApp

from api.context import Context
from api.problems import problem
from workers.broker import memory_of

MINUTE_S = 60


async def within_rate(context: Context, name: str) -> ASGIApp | None:
    """Count a request; a refusal once its minute is full. A broker that is away limits nobody."""
    limit = context.settings.max_requests_per_minute
    now = time.time()
    key = f"solenoid:requests:{name}:{int(now // MINUTE_S)}"
    try:
        with memory_of(context.counting).asking():
            count = await context.counting.incr(key)
            if count == 1:
                await context.counting.expire(key, 2 * MINUTE_S)
    except (RedisError, OSError):
        return None
    if count <= limit:
        return None
    detail = (
        f"the token {name} has made {limit} requests within this minute, which is the limit "
        "(SOLENOID_MAX_REQUESTS_PER_MINUTE)"
    )
    wait_s = str(int(MINUTE_S - now % MINUTE_S) + 1)
    return problem(429, detail, headers={"Retry-After": wait_s})
