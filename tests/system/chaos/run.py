"""One run of chaos: undisturbed twins first, then work and faults together, then the check."""

import random
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.postgresql import PostgreSQL
from tests.system.chaos.faults import FAULTS, schedule
from tests.system.chaos.invariants import (
    all_ended,
    check_attempts,
    check_datasets,
    check_experiments,
    check_nothing_left,
)
from tests.system.chaos.work import drawn, recording, works
from tests.system.chaos.world import World

CANCELLED_SHARE = 0.1
UPLOAD_EVERY = 3  # faults: reading a recording takes a core for a second


@dataclass(frozen=True)
class Report:
    """What a run was like."""

    seed: int
    seconds: float
    statuses: Counter[str]
    attempts: Counter[str]
    faults: Counter[str]
    restarts: int

    def __str__(self) -> str:
        told = {
            "ended": dict(self.statuses),
            "attempts": dict(self.attempts),
            "faults": dict(self.faults),
            "stacks started again": self.restarts,
        }
        return f"seed {self.seed}, {self.seconds:.0f} s: {told}"


def chaos(
    folder: Path,
    server: PostgreSQL | None,
    *,
    seed: int,
    count: int,
    faults: int,
    pause_s: float,
    patience_s: float,
) -> Report:
    """Run `count` experiments under `faults` faults, `pause_s` apart, and check what came out."""
    rng, start = random.Random(seed), time.monotonic()
    world = World(folder, server)
    world.start()
    try:
        twins = _twins(world)
        accepted, unwanted = _disturbed(world, rng, twins, count, schedule(rng, faults), pause_s)
        _await_ends(world, patience_s)
        with world.database() as database:
            statuses = check_experiments(database, accepted, unwanted)
            uploaded = [recording(number) for number in range(0, faults, UPLOAD_EVERY)]
            check_datasets(database, world, uploaded)
            planned = Counter(schedule(random.Random(seed), faults))
            attempts = check_attempts(database, planned)
    finally:
        world.stop()
    check_nothing_left(world)
    seconds = time.monotonic() - start
    return Report(seed, seconds, statuses, attempts, planned, world.restarts)


def _twins(world: World) -> list[str]:
    """Every work once, while nothing is broken."""
    placed = [
        world.post("/v1/experiments", kind=work.kind, spec=work.spec)["id"] for work in works()
    ]
    return [world.stack.ended(each, patience_s=120.0)["id"] for each in placed]


def _disturbed(
    world: World,
    rng: random.Random,
    twins: list[str],
    count: int,
    names: list[str],
    pause_s: float,
) -> tuple[dict[str, str], set[str]]:
    """Submit everything while faults strike; id and twin of each, and which were cancelled."""
    accepted: dict[str, str] = {}
    unwanted: set[str] = set()
    of_fault = -(-count // max(1, len(names)))
    places = drawn(rng, count)
    for number, name in enumerate(names):
        struck = time.monotonic()
        if number % UPLOAD_EVERY == 0:
            world.begin_upload(recording(number))
        for order in range(number * of_fault, min(count, (number + 1) * of_fault)):
            work = works()[places[order]]
            key = f"chaos-{order}"
            made = world.post("/v1/experiments", key, kind=work.kind, spec=work.spec)
            accepted[made["id"]] = twins[places[order]]
            if rng.random() < CANCELLED_SHARE:
                unwanted.add(made["id"])
                world.post(f"/v1/experiments/{made['id']}/cancel")
        FAULTS[name](world, rng)
        time.sleep(max(0.0, pause_s - (time.monotonic() - struck)))
    return accepted, unwanted


def _await_ends(world: World, patience_s: float) -> None:
    deadline = time.monotonic() + patience_s
    with world.database() as database:
        while world.uploading or not all_ended(database):
            world.revive()
            assert time.monotonic() < deadline, "some experiments or uploads never end"
            time.sleep(0.2)
