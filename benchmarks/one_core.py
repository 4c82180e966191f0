"""One core for what is measured, and how long it keeps that busy."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def one_core() -> Iterator[None]:
    """Bind this process to one of its cores, where the system can; afterwards to all again."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def processor_s(work: Callable[[], object]) -> float:
    """Processor seconds of some work: what others do on this machine meanwhile does not count."""
    start = time.process_time()
    work()
    return time.process_time() - start
