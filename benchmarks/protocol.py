"""A discrete-event simulation of how experiments are claimed, kept alive and ended.

Many slots, one database that serves so many transactions at a time and lets the others wait, slots
that die. Every transaction is guarded by the attempt's number as in `store.transitions`: a claim
takes a waiting experiment and begins a lease; a heartbeat extends it, if it is still held; a commit
ends the experiment, if it is still held. A reaper queues again what outlived its lease.
"""

import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import count

import numpy as np

from benchmarks.protocol_costs import Costs

BEAT_S = 1.0
RESTART_S = 5.0


@dataclass(frozen=True)
class House:
    """An installation, and the work that it is given."""

    slots: int
    servers: int
    """Transactions that the database works on at a time: 1 on SQLite, the cores of PostgreSQL."""
    costs: Costs
    seconds: float
    """Mean length of an experiment; lengths are exponential, so that starts do not stay in step."""
    lease_s: float = 30.0
    dispatch_s: float = 1.0
    slot_dies_every_s: float = float("inf")

    @property
    def database_s(self) -> float:
        """Seconds of the database that one experiment takes."""
        claim_s = self.costs.claim_s + self.costs.claim_per_running_s * self.slots
        beats = 1.0 / np.expm1(BEAT_S / self.seconds)  # whole beats in an exponential length
        return float(claim_s + self.costs.commit_s + beats * self.costs.heartbeat_s)

    @property
    def rate(self) -> float:
        """Experiments per second, by arithmetic: the slots' or the database's, whichever is less.

        W / (T + overhead + D) and c / D, for W slots, length T, database seconds D and c servers.
        """
        of_slots = self.slots / (self.seconds + self.costs.slot_s + self.database_s)
        return min(of_slots, self.servers / self.database_s)


@dataclass
class Outcome:
    """What became of a simulated stretch of time."""

    ended: dict[int, int] = field(default_factory=dict)
    """How often each experiment ended: once, if the protocol holds."""
    lost: int = 0
    """Leases that ran out."""
    refused: int = 0
    """Heartbeats and commits of attempts that were no longer their own."""
    busy_s: float = 0.0
    rate: float = 0.0
    """Experiments per second in the second half of the time."""


@dataclass
class _Experiment:
    number: int
    attempt: int = 0
    lease_until: float = 0.0
    running: bool = False


@dataclass
class _Slot:
    life: int = 0
    """Grows with every death: what an earlier life asked for comes to nothing."""


class Simulation:
    """One installation from a cold start, with more work than it can do."""

    def __init__(self, house: House, *, seed: int = 0) -> None:
        self.house = house
        self.outcome = Outcome()
        self._now = 0.0
        self._random = np.random.default_rng(seed)
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._idle_servers = house.servers
        self._asked: deque[tuple[Callable[[], float], Callable[[], None]]] = deque()
        self._waiting: deque[_Experiment] = deque()
        self._fresh = count()
        self._running: dict[int, _Experiment] = {}

    def run(self, seconds: float) -> Outcome:
        """What happens in so many seconds."""
        for slot in [_Slot() for _ in range(self.house.slots)]:
            self._after(self._random.uniform(0.0, self.house.seconds), partial(self._ask, slot))
            self._mortal(slot)
        self._after(self.house.dispatch_s, self._reap)
        half = 0
        while self._events[0][0] < seconds:
            self._now, _, event = heapq.heappop(self._events)
            if self._now < seconds / 2:
                half = len(self.outcome.ended)
            event()
        self.outcome.rate = (len(self.outcome.ended) - half) / (seconds / 2)
        return self.outcome

    def _ask(self, slot: _Slot) -> None:
        """A slot claims what waits first."""
        costs, life = self.house.costs, slot.life
        self._transaction(
            lambda: costs.claim_s + costs.claim_per_running_s * len(self._running),
            lambda: self._claimed(slot, life),
        )

    def _claimed(self, slot: _Slot, life: int) -> None:
        experiment = self._waiting.popleft() if self._waiting else _Experiment(next(self._fresh))
        experiment.attempt += 1
        experiment.running = True
        experiment.lease_until = self._now + self.house.lease_s
        self._running[experiment.number] = experiment
        if slot.life == life:
            length = self.house.costs.slot_s + self._random.exponential(self.house.seconds)
            self._compute(slot, life, experiment, experiment.attempt, length)

    def _compute(
        self, slot: _Slot, life: int, experiment: _Experiment, attempt: int, left_s: float
    ) -> None:
        """Work until the next beat or the end, whichever comes first."""
        step = min(BEAT_S, left_s)

        def then() -> None:
            if slot.life != life:
                return
            if left_s > BEAT_S:
                self._transaction(lambda: self.house.costs.heartbeat_s, beaten)
            else:
                self._transaction(lambda: self.house.costs.commit_s, committed)

        def beaten() -> None:
            if self._holds(experiment, attempt):
                experiment.lease_until = self._now + self.house.lease_s
                if slot.life == life:
                    self._compute(slot, life, experiment, attempt, left_s - step)
            elif slot.life == life:
                self._ask(slot)

        def committed() -> None:
            if self._holds(experiment, attempt):
                experiment.running = False
                del self._running[experiment.number]
                ended = self.outcome.ended
                ended[experiment.number] = ended.get(experiment.number, 0) + 1
            if slot.life == life:
                self._ask(slot)

        self._after(step, then)

    def _holds(self, experiment: _Experiment, attempt: int) -> bool:
        """The guard of every write: the attempt is still the experiment's own."""
        held = experiment.running and experiment.attempt == attempt
        self.outcome.refused += not held
        return held

    def _reap(self) -> None:
        expired = [each for each in self._running.values() if each.lease_until < self._now]
        for experiment in expired:
            experiment.running = False
            del self._running[experiment.number]
            self._waiting.append(experiment)
        self.outcome.lost += len(expired)
        self._after(self.house.dispatch_s, self._reap)

    def _mortal(self, slot: _Slot) -> None:
        if self.house.slot_dies_every_s == float("inf"):
            return

        def dies() -> None:
            slot.life += 1
            self._after(RESTART_S, lambda: self._ask(slot))
            self._mortal(slot)

        self._after(RESTART_S + self._random.exponential(self.house.slot_dies_every_s), dies)

    def _transaction(self, cost_s: Callable[[], float], done: Callable[[], None]) -> None:
        self._asked.append((cost_s, done))
        self._serve()

    def _serve(self) -> None:
        while self._idle_servers and self._asked:
            cost_s, done = self._asked.popleft()
            seconds = cost_s()
            self._idle_servers -= 1
            self.outcome.busy_s += seconds
            self._after(seconds, partial(self._served, done))

    def _served(self, done: Callable[[], None]) -> None:
        self._idle_servers += 1
        done()
        self._serve()

    def _after(self, seconds: float, event: Callable[[], None]) -> None:
        heapq.heappush(self._events, (self._now + seconds, next(self._order), event))
