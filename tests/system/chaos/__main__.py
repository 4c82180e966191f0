"""`python -m tests.system.chaos`: rounds of chaos for a while, each with the next seed."""

import argparse
import itertools
import os
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from tests.postgresql import postgresql
from tests.system.chaos.run import chaos


def main() -> None:
    """Run until the time is over; an invariant that does not hold ends it with its seed."""
    parser = argparse.ArgumentParser(prog="python -m tests.system.chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, default=3600.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--experiments", type=int, default=200, help="in each round")
    parser.add_argument("--faults", type=int, default=40, help="in each round")
    parser.add_argument("--pause", type=float, default=3.0, help="seconds between two faults")
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    given = parser.parse_args()
    # A compiler says nothing for longer than these short leases: let it work once, not each round.
    os.environ.setdefault("NUMBA_CACHE_DIR", str(Path(".pytest_cache/numba").absolute()))
    kinds = ("sqlite", "postgresql") if given.database == "both" else (given.database,)
    end = time.monotonic() + given.seconds
    for seed in itertools.count(given.seed):
        for database in kinds:
            _round(given, database, seed)
        if time.monotonic() > end:
            return


def _round(given: argparse.Namespace, database: str, seed: int) -> None:
    _say(f"{database}, seed {seed}")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = None
        if database == "postgresql":
            server = stack.enter_context(postgresql(folder / "postgresql"))
        report = chaos(
            folder / "data",
            server,
            seed=seed,
            count=given.experiments,
            faults=given.faults,
            pause_s=given.pause,
            patience_s=600.0,
        )
        _say(str(report))


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
