"""The one Celery task, and what a worker's processes set up before it.

Only the children compute: the worker that starts and watches them imports no kind.
"""

import logging
import resource
import time
from typing import Any

import psutil
import sqlalchemy as sa
from celery import signals

from store.settings import settings
from workers.app import make_app
from workers.doorbell import TASK
from workers.logs import log_json_lines

log = logging.getLogger(__name__)

KERNELS_BYTES = 2**28
"""What compiled kernels take, and what earlier runs leave behind: up to 170 MiB were measured."""

STAY_S = 1.0  # so that ten thousand short experiments do not cost a message each

app = make_app(settings())


@app.task(name=TASK, bind=True)
def answer(task: Any) -> None:
    """Answer the doorbell: run whoever waits, and after short work whoever waits then."""
    from workers.execution import run_next, workplace

    place = workplace(task.request.hostname)
    until = time.monotonic() + STAY_S
    try:
        while run_next(place) and time.monotonic() < until:
            pass
    except sa.exc.OperationalError as away:
        log.warning("the database is away, the dispatcher will ring again: %s", away)


@signals.setup_logging.connect
def _log(**_: object) -> None:
    """Write our lines instead of Celery's, in the worker and in each of its children."""
    log_json_lines()


@signals.worker_process_init.connect
def _prepare(**_: object) -> None:
    """Import the kinds before anybody waits for them, then limit what runs may take beyond that.

    It makes an oversized allocation a MemoryError in this process, before it becomes everyone's.
    """
    import workers.execution  # noqa: F401

    limit = _data_bytes() + KERNELS_BYTES + settings().memory_limit_bytes
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def _data_bytes() -> int:
    """What this process takes now of what is limited; macOS does not tell, nor limit it."""
    taken = psutil.Process().memory_info()
    return int(getattr(taken, "data", taken.vms))
