"""What every process of the service does first, before numpy is imported."""

import os
import secrets
import socket
from pathlib import Path

ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


def environment(data_dir: Path) -> dict[str, str]:
    """Variables for a worker process: one thread each, and a cache for compiled kernels.

    The worker count is the parallelism; a second thread per worker would only take another's core.
    The pool's tracker of semaphores, a process without our log, would warn of those that a killed
    pool had.
    """
    threads = dict.fromkeys(ONE_THREAD, "1")
    warnings = "ignore:semaphore_tracker:UserWarning"
    return {**threads, "NUMBA_CACHE_DIR": str(data_dir / "numba"), "PYTHONWARNINGS": warnings}


def set_defaults(variables: dict[str, str]) -> None:
    """Put variables into this process's environment where nobody set them before."""
    for name, value in variables.items():
        os.environ.setdefault(name, value)


def new_name() -> str:
    """A name that no worker had before: a container begins again with the same numbers and host.

    By it a worker knows which attempts are those of its own processes.
    """
    return f"worker-{os.getpid()}-{secrets.token_hex(4)}@{socket.gethostname()}"
