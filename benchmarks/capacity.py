"""How many experiments an hour an installation finishes, and what limits it.

`python -m benchmarks.capacity` measures what the protocol costs on both databases, then prints for
a laptop, a server and a cluster what arithmetic says and what a simulation of the protocol does;
docs/capacity.md has the last figures and what follows from them. `--slots N` and `--cores C` put
another installation on PostgreSQL beside them.
"""

import argparse
from collections.abc import Mapping

from benchmarks.databases import databases
from benchmarks.protocol import House, Simulation
from benchmarks.protocol_costs import Costs, measured

LENGTHS_S = (1.0, 10.0, 60.0, 600.0)
LONGEST_SIMULATED_S = 60.0
ENOUGH = 1000
"""Experiments to end in the half of a simulation that counts: a standard error of 3%."""


def main() -> None:
    """Print costs, then a table of installations and lengths."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slots", type=int)
    parser.add_argument("--cores", type=int, default=16)
    given = parser.parse_args()
    costs = {name: measured(database) for name, database in databases(postgresql=True)}
    for name, each in costs.items():
        print(
            f"{name}: claim {each.claim_s * 1e3:.2f} ms and {each.claim_per_running_s * 1e6:.2f} us"
            f" for each that runs, heartbeat {each.heartbeat_s * 1e3:.2f} ms, "
            f"commit {each.commit_s * 1e3:.2f} ms; the slot {each.slot_s * 1e3:.1f} ms"
        )
    print("\n| installation | an experiment takes | per hour | simulated | database busy | limit |")
    print("| --- | --- | --- | --- | --- | --- |")
    own = None if given.slots is None else (given.slots, given.cores)
    for name, slots, servers, database in installations(own):
        for seconds in LENGTHS_S:
            print(_line(name, House(slots, servers, costs[database], seconds)), flush=True)
    print(f"\n{_broken(costs)}")


def installations(own: tuple[int, int] | None = None) -> list[tuple[str, int, int, str]]:
    """Name, slots, transactions at a time, database; of one's own slots and cores, that alone."""
    if own is not None:
        slots, cores = own
        return [(f"{slots} slots, PostgreSQL on {cores} cores", slots, cores, "PostgreSQL")]
    return [
        ("laptop, 8 cores, SQLite", 8, 1, "SQLite"),
        ("server, 64 cores, SQLite", 64, 1, "SQLite"),
        ("server, 60 + 4 cores, PostgreSQL", 60, 4, "PostgreSQL"),
        ("100 nodes of 32, PostgreSQL on 4 cores", 3200, 4, "PostgreSQL"),
        ("100 nodes of 32, PostgreSQL on 16 cores", 3200, 16, "PostgreSQL"),
    ]


def _line(name: str, house: House) -> str:
    share = min(1.0, house.rate * house.database_s / house.servers)
    limit = "the database" if share > 0.95 else "the slots"
    simulated = "-"
    if house.seconds <= LONGEST_SIMULATED_S:
        stretch = max(3 * house.seconds, 2 * ENOUGH / house.rate)
        simulated = _hourly(Simulation(house).run(stretch).rate)
    return (
        f"| {name} | {house.seconds:g} s | {_hourly(house.rate)} | {simulated} "
        f"| {100 * share:.0f}% | {limit} |"
    )


def _hourly(rate: float) -> str:
    """Three figures are more than the machines differ by."""
    return f"{float(f'{3600 * rate:.3g}'):,.0f}".replace(",", " ")


def _broken(costs: Mapping[str, Costs]) -> str:
    """The protocol with everything against it: slots that die, a database beyond its limit."""
    slow = House(6000, 1, costs["PostgreSQL"], 20.0, lease_s=3.0, slot_dies_every_s=60.0)
    outcome = Simulation(slow).run(60.0)
    often = set(outcome.ended.values())
    return (
        f"6000 slots that die once a minute, one core of PostgreSQL, leases of 3 s: "
        f"{len(outcome.ended)} experiments ended, each {often} times; {outcome.lost} leases ran "
        f"out, {outcome.refused} writes of attempts that were over were refused"
    )


if __name__ == "__main__":
    main()
