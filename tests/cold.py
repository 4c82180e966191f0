"""What the examples give in a process in which nothing is compiled yet.

`python -m tests.cold FILE KIND ...` writes it for some kinds, pickled. Without kinds it does so for
all if it is the one that fills the cache of kernels, as `workers.warm`.
"""

import pickle
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from core.kinds import KINDS
from store.example_results import result
from workers.warm import fill, run_all

Cold = tuple[dict[str, float], dict[str, tuple[dict[str, np.ndarray], Sequence[str]]]]
"""Seconds of this process; arrays and warnings: by kind."""


def cold(kinds: Iterable[str]) -> Cold:
    """Run examples one after the other: a kernel that they share is compiled for the first."""
    seconds: dict[str, float] = {}
    found: dict[str, tuple[dict[str, np.ndarray], Sequence[str]]] = {}
    for kind in kinds:
        start = time.process_time()
        given = result(kind)
        seconds[kind] = time.process_time() - start
        arrays = {name: array.values for name, array in given.arrays.items()}
        found[kind] = arrays, given.warnings
    return seconds, found


def main(file: Path, kinds: list[str]) -> None:
    """Write what these examples give, or all while the cache fills."""

    def write() -> None:
        file.write_bytes(pickle.dumps(cold(kinds or KINDS)))

    def write_and_fill() -> None:
        write()
        run_all()  # the examples are known by now, and what else is to be compiled follows

    if kinds:
        write()
    else:
        fill(write_and_fill)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
