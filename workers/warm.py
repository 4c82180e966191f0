"""`python -P -m workers.warm`: compile the kernels into this installation's cache, once.

Without it the first experiment of a fresh installation would wait for the compiler, about ten
seconds, during which nothing can cancel it. Of several that share a cache one does it for all.
"""

import fcntl
import os

from store.settings import settings
from workers.process import environment, set_defaults

set_defaults(environment(settings().data_dir))

from core.kernels.cache import CACHE  # noqa: E402, it is read from the environment

POLITENESS = 10


def main() -> None:
    """Run the example of every kind that needs no input, unless the cache is filled."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "examples").open("a+") as done:
        try:
            fcntl.flock(done, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        done.seek(0)
        if not done.read():
            _run_examples()
            done.write("all have run\n")


def _run_examples() -> None:
    os.nice(POLITENESS)
    from core.experiment import silent
    from core.kinds import KINDS

    for kind in KINDS.values():
        example = kind.example()
        if not (kind.datasets(example) or kind.experiments(example)):
            kind.run(example, {}, silent)


if __name__ == "__main__":
    main()
