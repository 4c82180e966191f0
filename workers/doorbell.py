"""Ringing the workers: a message that says that somebody waits, and nothing else."""

import logging

from celery import Celery
from redis.exceptions import RedisError

from workers.broker import AWAY, memory_of

log = logging.getLogger(__name__)

TASK = "solenoid.run"


def ring(app: Celery) -> bool:
    """Call a worker to the queue in the database; False when the broker is away.

    A failure is logged and otherwise ignored: the row is queued, and the dispatcher rings again.
    """
    try:
        with memory_of(app).asking():
            app.send_task(TASK, retry=False)
    except (*AWAY, RedisError) as away:
        log.warning("broker away, the dispatcher will ring again: %s", away)
        return False
    return True
