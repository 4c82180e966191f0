"""`python -P -m workers.warm`: compile the kernels into this installation's cache, once.

Without it the first experiments of a fresh installation would wait for the compiler, each for about
ten seconds. Of several that share a cache one does it for all.
"""

import fcntl
import os
from collections.abc import Callable

from store.settings import settings
from workers.process import environment, set_defaults

set_defaults(environment(settings().data_dir))

from core.kernels.cache import CACHE, FILLED  # noqa: E402, it is read from the environment

POLITENESS = 10
SIMULATION = "curl_descent.simulation"
SMALL = {"inputs": 4, "hidden": 3, "activation": "linear", "replicates": 1}
LINEAR = [{**SMALL, "training": {"epochs": 1, "batch_size": size}} for size in ("full", 5)]
"""Linear networks have loops of their own, which the example of their kind does not use."""


def run_all() -> None:
    """Run the example of every kind, and linear networks."""
    from core.experiment import silent
    from core.kinds import KINDS
    from store.example_results import result

    for kind in KINDS:
        result(kind)
    simulation = KINDS[SIMULATION]
    for spec in LINEAR:
        simulation.run(simulation.spec.model_validate(spec), {}, silent)


def fill(run: Callable[[], None] = run_all) -> None:
    """Run what compiles all kernels, unless another process does or has done it."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with FILLED.open("a+") as done:
        try:
            fcntl.flock(done, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        done.seek(0)
        if not done.read():
            run()
            done.write("all have run\n")


if __name__ == "__main__":
    os.nice(POLITENESS)
    fill()
