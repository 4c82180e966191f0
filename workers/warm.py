"""`python -P -m workers.warm`: compile the kernels into this installation's cache, once.

Without it the first experiment of a fresh installation would wait for the compiler, about ten
seconds, during which nothing can cancel it.
"""

import os

from store.settings import settings
from workers.process import environment, set_defaults

set_defaults(environment(settings().data_dir))

from core.experiment import silent  # noqa: E402, numba reads its environment when imported
from core.kernels.compiled import CACHE  # noqa: E402
from core.kinds import KINDS  # noqa: E402

POLITENESS = 10


def main() -> None:
    """Run the example of every kind that needs no input, unless the cache is filled."""
    done = CACHE / "all-examples-ran"
    if done.exists():
        return
    os.nice(POLITENESS)
    for kind in KINDS.values():
        example = kind.example()
        if not (kind.datasets(example) or kind.experiments(example)):
            kind.run(example, {}, silent)
    done.touch()


if __name__ == "__main__":
    main()
