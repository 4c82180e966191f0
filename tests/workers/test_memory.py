"""Memory that a spec takes beyond its limit ends that experiment, with a sentence, and no other."""

import subprocess
import sys
from pathlib import Path

from store import experiments
from store.database import Database
from tests.stack import unset_solenoid
from tests.store.test_transitions import KIND, accepted

WORKER = """
import numpy as np
from store.database import Database
from store.settings import settings
from workers.broker import connect
from workers.tasks import KERNELS_BYTES, _prepare

_prepare()
from workers.execution import Workplace, run_next

configured = settings()
database = Database(configured.resolved_database_url)
place = Workplace(configured, database, connect(configured), "w")
assert all(run_next(place) for _ in range(3))
np.empty(configured.memory_limit_bytes, np.uint8)
try:
    np.empty(configured.memory_limit_bytes + KERNELS_BYTES, np.uint8)
except MemoryError:
    print("what is beyond the limit was refused")
"""
LIMIT = 2**28
AWAY = {"SOLENOID_REDIS_URL": "unix:///nowhere", "SOLENOID_MEMORY_LIMIT_BYTES": str(LIMIT)}
MODEST = {"inputs": 4, "hidden": 4, "training": {"epochs": 1}, "replicates": 1}
GREEDY = {**MODEST, "inputs": 1000, "data": {"train_size": 200_000, "test_size": 10}}


def test_an_experiment_without_enough_memory_fails_and_its_neighbours_do_not(
    migrated_sqlite: Path, tmp_path: Path
) -> None:
    (tmp_path / "solenoid.db").write_bytes(migrated_sqlite.read_bytes())
    database = Database(f"sqlite:///{tmp_path / 'solenoid.db'}")
    made = [
        accepted(database, spec=KIND.spec.model_validate(spec)) for spec in (MODEST, GREEDY, MODEST)
    ]
    ran = subprocess.run(
        [sys.executable, "-P", "-c", WORKER],
        env={**unset_solenoid(), "SOLENOID_DATA_DIR": str(tmp_path), **AWAY},
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    before, greedy, after = (experiments.get(database, each) for each in made)
    assert (before.status, after.status) == ("succeeded", "succeeded")
    assert greedy.status == "failed"
    assert greedy.error == "ran out of memory: the limit here is 0.2 GiB"
    assert "what is beyond the limit was refused" in ran.stdout
    database.close()
