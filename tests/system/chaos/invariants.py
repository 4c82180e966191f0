"""What must hold once everything has ended, whatever was broken meanwhile."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import psutil
import sqlalchemy as sa

from core.dataset import blob_hash
from store.database import Database
from store.kind_tables import medians, results
from store.tables import TERMINAL, arrays, attempts, checkpoints, datasets, experiments
from tests.system.chaos.faults import MOST_LOST
from tests.system.chaos.world import World

OWN = {"experiment_id", "sweep_id"}


def check_experiments(
    database: Database, accepted: Mapping[str, str], unwanted: set[str]
) -> Counter[str]:
    """Each of `accepted` (its id, and that of an undisturbed twin) ended once, as its twin did."""
    statuses = _statuses(database)
    assert set(accepted) | set(accepted.values()) == set(statuses), "none is lost, none doubled"
    for identifier, twin in accepted.items():
        status = statuses[identifier]
        assert status in (("succeeded", "cancelled") if identifier in unwanted else ("succeeded",))
        expected = _outcome(database, twin) if status == "succeeded" else {}
        assert _outcome(database, identifier) == expected, f"{identifier} ({status}) and {twin}"
        _check_history(database, identifier, status)
    with database.read() as connection:
        left = connection.execute(sa.select(sa.func.count()).select_from(checkpoints)).scalar()
    assert left == 0, "no checkpoint outlives its experiment"
    return Counter(statuses[identifier] for identifier in accepted)


def check_datasets(database: Database, world: World, uploaded: Sequence[bytes]) -> None:
    """Each of `uploaded` is a ready dataset, and no file is of any other."""
    with database.read() as connection:
        rows = connection.execute(sa.select(datasets)).all()
    assert {row.status for row in rows} == {"ready"}
    blobs = {row.blob_sha256 for row in rows}
    assert blobs >= {blob_hash(content) for content in uploaded}
    folder = world.folder / "datasets"
    assert {path.name for path in (folder / "blobs").iterdir()} == blobs
    assert {path.stem for path in (folder / "arrays").iterdir()} == {row.id for row in rows}


def check_nothing_left(world: World) -> None:
    """No process that works for the folder, and no half-written file in it."""
    deadline = time.monotonic() + 15.0
    while (orphans := _processes(world)) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not orphans, orphans
    assert not list((world.folder / "datasets" / "incoming").glob("*"))


def check_attempts(database: Database, faults: Counter[str]) -> Counter[str]:
    """No more attempts were lost than faults can have cost; how all attempts ended."""
    with database.read() as connection:
        ended = Counter(connection.execute(sa.select(attempts.c.outcome)).scalars())
    most = sum(MOST_LOST[name] * count for name, count in faults.items())
    assert ended["lost"] <= most, f"{ended['lost']} attempts were lost, by faults at most {most}"
    return ended


def all_ended(database: Database) -> bool:
    """Whether nothing waits or runs."""
    return all(status in TERMINAL for status in _statuses(database).values())


def _statuses(database: Database) -> dict[str, str]:
    with database.read() as connection:
        found = connection.execute(sa.select(experiments.c.id, experiments.c.status))
        return {row.id: row.status for row in found}


def _outcome(database: Database, identifier: str) -> dict[str, Any]:
    """Everything that came out of an experiment, bit for bit."""
    with database.read() as connection:
        kind = connection.execute(
            sa.select(experiments.c.kind).where(experiments.c.id == identifier)
        ).scalar_one()
        found: dict[str, Any] = {}
        for table in (arrays, results[kind], medians[kind]):
            query = sa.select(table).where(table.c.experiment_id == identifier)
            for row in connection.execute(query).mappings():
                key = (table.name, *(row[name] for name in table.primary_key.columns.keys()[1:]))
                found[str(key)] = {k: v for k, v in row.items() if k not in OWN}
        return found


def _check_history(database: Database, identifier: str, status: str) -> None:
    """One attempt ended as the experiment did, and none after it; none goes on."""
    query = sa.select(attempts).where(attempts.c.experiment_id == identifier)
    with database.read() as connection:
        rows = connection.execute(query.order_by(attempts.c.number)).all()
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))
    outcomes = [row.outcome for row in rows]
    assert None not in outcomes, outcomes
    if status == "succeeded":
        assert outcomes.count("succeeded") == 1, outcomes
        assert outcomes[-1] == "succeeded", outcomes


def _processes(world: World) -> list[str]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("SOLENOID_DATA_DIR") == str(world.folder):
                found.append(" ".join(process.cmdline()))
        except (psutil.AccessDenied, psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
    return found
