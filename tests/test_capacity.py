"""The simulation behind docs/capacity.md keeps the protocol's promises and agrees with sums."""

import re
from dataclasses import replace

import pytest

from benchmarks.capacity import LENGTHS_S, installations
from benchmarks.protocol import House, Simulation
from benchmarks.protocol_costs import Costs
from tests.pages import DOCS, table

PAGE = DOCS / "capacity.md"

COSTS = Costs(
    claim_s=0.001, claim_per_running_s=1e-6, heartbeat_s=0.0005, commit_s=0.002, slot_s=0.005
)
IDLE = House(slots=40, servers=4, costs=COSTS, seconds=2.0)
BUSY = House(slots=400, servers=1, costs=COSTS, seconds=0.5)


@pytest.mark.parametrize("house", [IDLE, BUSY], ids=["slots limit", "the database limits"])
def test_a_simulated_rate_is_the_one_by_arithmetic(house: House) -> None:
    stretch = 6000 / house.rate
    simulated = Simulation(house, seed=1).run(stretch).rate
    # 3000 exponential lengths: a standard error of 1.8%.
    assert simulated == pytest.approx(house.rate, rel=0.055)


def test_the_limit_is_where_the_arithmetic_puts_it() -> None:
    assert IDLE.rate * IDLE.database_s < 0.1 * IDLE.servers
    assert BUSY.rate == pytest.approx(BUSY.servers / BUSY.database_s)
    assert replace(BUSY, servers=2).rate == pytest.approx(2 * BUSY.rate)


def test_every_experiment_ends_once_however_often_slots_die_and_leases_run_out() -> None:
    # 3000 heartbeats take the database longer than a lease: many come too late.
    crowd = replace(BUSY, slots=3000, seconds=5.0, lease_s=1.6, slot_dies_every_s=20.0)
    outcome = Simulation(crowd, seed=2).run(15.0)
    assert outcome.lost > 1000
    assert outcome.refused > 1000
    assert len(outcome.ended) > 100
    assert set(outcome.ended.values()) == {1}


def stated_costs() -> dict[str, Costs]:
    """The costs that the page has, by database."""
    cells = [row[1:] for row in table(PAGE, r"\| SQLite")]
    units = {"ms": 1e-3, "µs": 1e-6}
    seconds = [
        [float(number) * units[unit] for number, unit in (cell.split() for cell in row)]
        for row in cells
    ]
    return {
        name: Costs(*column)
        for name, column in zip(("SQLite", "PostgreSQL"), zip(*seconds, strict=True), strict=True)
    }


def test_what_the_page_says_follows_from_the_costs_that_it_states() -> None:
    costs = stated_costs()
    houses = {
        (name, f"{seconds:g} s"): House(slots, servers, costs[database], seconds)
        for name, slots, servers, database in installations()
        for seconds in LENGTHS_S
    }
    rows = table(PAGE, "installation")
    assert [(row[0], row[1]) for row in rows] == list(houses)
    for row, house in zip(rows, houses.values(), strict=True):
        hourly, busy = re.sub(r"\s", "", row[2]), row[4].removesuffix("%")
        # The page's costs are rounded to two figures.
        assert float(hourly) == pytest.approx(3600 * house.rate, rel=0.03), row
        share = 100 * min(1.0, house.rate * house.database_s / house.servers)
        assert float(busy) == pytest.approx(share, abs=2), row
        assert ("the database" in row[5]) is (share > 95), row


def test_nothing_is_lost_while_the_database_keeps_up() -> None:
    outcome = Simulation(IDLE, seed=3).run(60.0)
    assert (outcome.lost, outcome.refused) == (0, 0)
    assert outcome.busy_s < 0.1 * 60.0 * IDLE.servers
