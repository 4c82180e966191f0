"""Ringing the workers: a message that says that somebody waits, and nothing else."""

import logging

from celery import Celery
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

TASK = "solenoid.run"


def ring(app: Celery) -> bool:
    """Call a worker to the queue in the database; False when the broker is away.

    A failure is logged and otherwise ignored: the row is queued, and the dispatcher rings again.
    """
    try:
        app.send_task(TASK, retry=False)
    except (OperationalError, RedisError, OSError) as away:
        log.warning("broker away, the dispatcher will ring again: %s", away)
        return False
    return True
