"""The short form of `make chaos`: every fault once, on each database."""

from contextlib import ExitStack

import pytest

from tests.postgresql import postgresql
from tests.system.chaos.faults import FAULTS
from tests.system.chaos.run import chaos

EXPERIMENTS = 8
PAUSE_S = 1.0


@pytest.mark.timeout(400)
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_whatever_breaks_every_experiment_ends_once_with_the_same_arrays(
    database: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with ExitStack() as stack:
        folder = tmp_path_factory.mktemp(database)
        server = None
        if database == "postgresql":
            server = stack.enter_context(postgresql(folder / "postgresql"))
        report = chaos(
            folder / "data",
            server,
            seed=6,
            count=EXPERIMENTS,
            faults=len(FAULTS),
            pause_s=PAUSE_S,
            patience_s=180.0,
        )
    assert sum(report.statuses.values()) == EXPERIMENTS
