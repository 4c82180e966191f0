"""The simulation behind docs/capacity.md keeps the protocol's promises and agrees with sums."""

from dataclasses import replace

import pytest

from benchmarks.protocol import House, Simulation
from benchmarks.protocol_costs import Costs

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


def test_nothing_is_lost_while_the_database_keeps_up() -> None:
    outcome = Simulation(IDLE, seed=3).run(60.0)
    assert (outcome.lost, outcome.refused) == (0, 0)
    assert outcome.busy_s < 0.1 * 60.0 * IDLE.servers
