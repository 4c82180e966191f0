"""`python -P -m workers.warm`: compile the kernels into this installation's cache, once.

Without it the first experiments of a fresh installation would wait for the compiler, each for about
ten seconds. Of several that share a cache one does it for all.
"""

import fcntl
import os

from store.settings import settings
from workers.process import environment, set_defaults

set_defaults(environment(settings().data_dir))

from core.kernels.cache import CACHE, FILLED  # noqa: E402, it is read from the environment

POLITENESS = 10


def fill() -> None:
    """Run the example of every kind, unless that was done or another is at it."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with FILLED.open("a+") as done:
        try:
            fcntl.flock(done, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        done.seek(0)
        if not done.read():
            _run_examples()
            done.write("all have run\n")


def _run_examples() -> None:
    from core.kinds import KINDS
    from store.example_results import result

    for kind in KINDS:
        result(kind)


if __name__ == "__main__":
    os.nice(POLITENESS)
    fill()
