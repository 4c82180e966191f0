"""Loaded by every Python process of the stack under test: its worker can be told to break down.

It does when it comes back to its broker while a file `break` lies in the data directory, by the
error that Celery 5.7 meets there while a dead child is not yet cleared away.
"""

import os
import sys
from pathlib import Path
from typing import Any

if "workers" in sys.orig_argv:
    from celery.concurrency.asynpool import AsynPool

    plainly: Any = AsynPool.register_with_event_loop

    def register(pool: Any, hub: Any) -> None:
        """Watch the pool's processes in the event loop, or break down."""
        told = Path(os.environ["SOLENOID_DATA_DIR"]) / "break"
        if told.exists():
            told.unlink()
            raise ValueError("file descriptor is None")
        plainly(pool, hub)

    AsynPool.register_with_event_loop = register
