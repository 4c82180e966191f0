"""Ringing the workers: a message that says which experiment to look at, and nothing else."""

import logging

from celery import Celery
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

TASK = "solenoid.run"


def ring(app: Celery, identifier: str) -> bool:
    """Tell the workers of a queued experiment; False when the broker is away.

    A failure is logged and otherwise ignored: the row is queued, and the dispatcher rings again.
    """
    try:
        app.send_task(TASK, args=[identifier], retry=False)
    except (OperationalError, RedisError, OSError) as away:
        log.warning("broker away, will ring again for %s: %s", identifier, away)
        return False
    return True
