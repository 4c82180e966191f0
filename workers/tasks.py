"""The one Celery task, and what a worker's processes set up before it."""

import resource
from functools import cache
from typing import Any

from celery import signals
from celery.utils.log import get_task_logger

from store.database import Database
from store.settings import settings
from workers.app import make_app
from workers.broker import connect
from workers.doorbell import TASK
from workers.execution import Workplace, attempt

log = get_task_logger(__name__)

IDLE_BYTES = 2**30

app = make_app(settings())


@app.task(name=TASK, bind=True)
def run(task: Any, identifier: str) -> None:
    """Answer the doorbell for one experiment."""
    attempt(_workplace(task.request.hostname), identifier)


@cache
def _workplace(worker: str) -> Workplace:
    configured = settings()
    return Workplace(
        configured, Database(configured.resolved_database_url), connect(configured), worker
    )


@signals.worker_process_init.connect
def _limit_memory(**_: object) -> None:
    """Make an oversized allocation a MemoryError in this process, before it becomes everyone's."""
    limit = settings().memory_limit_bytes + IDLE_BYTES
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
