"""Steps a stack of networks through epochs, in pieces of about 50 ms.

Which piece comes when depends on the clock of the machine; no bit of the result does, because the
state of every network is complete between pieces and each network is summed on its own.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from core.kernels.batches import FullBatch, Segment, Source
from core.kernels.clock import PIECE_S, Clock, pieces
from core.kernels.curl_learning import learn
from core.kernels.linear_learning import learn_from_batches, learn_from_covariance, start_maps
from core.kernels.sideways import Sideways, sideways_for
from core.kernels.stack import (
    BLOCK,
    Array,
    Model,
    Plasticity,
    Scratch,
    Trace,
    Weights,
    empty_trace,
    padded,
    scratch_for,
)

_COVARIANCE_ROWS = 4096
_MAP_TERM_S = 1e-9
_COVARIANCE_TERMS = 2**30  # of X^T X, added between two looks at the clock


@dataclass(frozen=True)
class Samples:
    """Inputs and what each replicate's teacher answers; padded, with zeros at index `count`."""

    x: Array  # "padded_samples columns"
    y: Array  # "replicates padded_samples outputs"
    count: int


@dataclass(frozen=True)
class Networks:
    """The stack that learns: networks are ordered rule by rule, replicates within."""

    model: Model
    weights: Weights
    rules: Plasticity

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.weights.W1)


@dataclass(frozen=True)
class Schedule:
    """How many batches make an epoch, and how far each steps."""

    batch: int
    batches: int  # per epoch
    eta: float  # learning rate of a full-size batch
    per_sample: bool  # whether a short batch steps less in proportion
    segment: int  # batches to fetch at a time
    seconds_per_update: float  # a guess, for cutting the work into pieces

    def steps(self, counts: Array) -> Array:
        """eta / B of each batch."""
        return (
            np.full(counts.shape, self.eta / self.batch) if self.per_sample else self.eta / counts
        )


@dataclass
class State:
    """What changes while networks learn, beside their weights."""

    stepped: Array  # "networks", false from the epoch in which a weight stopped being finite
    resting: Array  # "networks", true for those that converged to rounding and are not stepped
    retired_at: Array  # "networks", the epoch at which stepping was found to be over, or -1
    trace: Trace
    scratch: Scratch

    @property
    def alive(self) -> Array:
        """Those whose weights are finite."""
        return np.asarray(self.stepped | self.resting)

    def retire(self, which: Array, epoch: int) -> None:
        """Rest those networks, and note which are over, resting or not finite."""
        self.resting |= which & self.stepped
        self.stepped &= ~which
        self.retired_at[~self.stepped & (self.retired_at < 0)] = epoch

    def wake(self) -> None:
        """Step those that rest again."""
        self.stepped |= self.resting
        self.resting[:] = False


@dataclass(frozen=True)
class Maps:
    """What linear networks are stepped by: their maps W2 W1, and working memory."""

    students: Array  # "networks outputs columns"
    errors: Array  # "two outputs columns"
    side: Sideways


class Learner(Protocol):
    """One way of stepping a stack of networks."""

    def advance_to(self, epoch: int, traced: bool) -> None:
        """Go on until that epoch, if it is not over yet."""


@dataclass
class BatchLearner:
    """Any network, batch by batch; a linear one by its map, where that is cheaper."""

    networks: Networks
    source: Source
    schedule: Schedule
    state: State
    clock: Clock
    maps: Maps | None = None
    position: int = 0

    def advance_to(self, epoch: int, traced: bool) -> None:
        """Go on until that epoch, if it is not over yet."""
        left = epoch * self.schedule.batches - self.position
        while left > 0:
            count, repeats = self._portion(left)
            self._learn(count, repeats, traced)
            self.position += count * repeats
            left -= count * repeats
            self.clock.epoch = self.position / self.schedule.batches
            self.clock.tick()
            self.clock.whole()

    def _portion(self, left: int) -> tuple[int, int]:
        """How many batches to fetch, and how often to use them."""
        seconds = self.networks.count * self.schedule.seconds_per_update
        together = min(left, max(1, int(PIECE_S / seconds)))
        if isinstance(self.source, FullBatch):
            return 1, together
        return min(together, self.schedule.segment), 1

    def _learn(self, count: int, repeats: int, traced: bool) -> None:
        segment = self.source.take(count)
        ends = (self.position + np.arange(1, count + 1)) % self.schedule.batches == 0
        seconds = count * repeats * self.schedule.seconds_per_update
        size = BLOCK if self.maps else segment.xs.shape[1]
        for networks, blocks in pieces(self.networks.count, size, seconds):
            if self.maps:
                self._learn_by_map(self.maps, segment, networks, ends, repeats, traced)
            else:
                self._learn_by_samples(segment, networks, blocks, ends, repeats, traced)
            self.clock.tick()

    def _learn_by_samples(
        self,
        segment: Segment,
        networks: tuple[int, int],
        blocks: tuple[int, int],
        ends: Array,
        repeats: int,
        traced: bool,
    ) -> None:
        learn(
            self.networks.model,
            self.networks.weights,
            self.networks.rules,
            networks,
            segment.xs,
            segment.ys,
            segment.counts,
            self.schedule.steps(segment.counts),
            ends,
            repeats,
            blocks,
            self.state.stepped,
            self.state.trace,
            traced,
            self.state.scratch,
        )

    def _learn_by_map(
        self,
        maps: Maps,
        segment: Segment,
        networks: tuple[int, int],
        ends: Array,
        repeats: int,
        traced: bool,
    ) -> None:
        learn_from_batches(
            self.networks.model,
            self.networks.weights,
            self.networks.rules,
            networks,
            segment.xs,
            segment.ys,
            self.schedule.steps(segment.counts),
            ends,
            repeats,
            maps.students,
            maps.errors,
            self.state.stepped,
            self.state.trace,
            traced,
            self.state.scratch,
            maps.side,
        )


@dataclass
class CovarianceLearner:
    """Linear networks on a full batch, by its covariance."""

    networks: Networks
    covariance: Array  # "columns columns"
    beta: Array  # "replicates outputs columns", the teachers' maps
    maps: Maps
    schedule: Schedule
    state: State
    clock: Clock
    epoch: int = 0

    def advance_to(self, epoch: int, traced: bool) -> None:
        """Go on until that epoch, if it is not over yet."""
        seconds = self.schedule.seconds_per_update
        while self.epoch < epoch:
            together = min(
                epoch - self.epoch, max(1, int(PIECE_S / (seconds * self.networks.count)))
            )
            for networks, _ in pieces(self.networks.count, BLOCK, seconds * together):
                learn_from_covariance(
                    self.networks.model,
                    self.networks.weights,
                    self.networks.rules,
                    networks,
                    self.covariance,
                    self.beta,
                    self.maps.students,
                    self.maps.errors,
                    self.schedule.eta,
                    together,
                    self.state.stepped,
                    self.state.trace,
                    traced,
                    self.state.scratch,
                    self.maps.side,
                )
                self.clock.tick()
            self.epoch += together
            self.clock.epoch = self.epoch
            self.clock.whole()


def started_state(networks: Networks, schedule: Schedule, *, traced: bool) -> State:
    """Everybody is stepped, nothing traced."""
    return State(
        np.ones(networks.count, np.bool_),
        np.zeros(networks.count, np.bool_),
        np.full(networks.count, -1),
        empty_trace(networks.weights, wanted=traced),
        scratch_for(networks.weights, padded(schedule.batch, BLOCK)),
    )


def covariance_learner(
    networks: Networks,
    teachers: Weights,
    train: Samples,
    inputs: int,
    schedule: Schedule,
    state: State,
    clock: Clock,
) -> CovarianceLearner:
    """The learner that has seen X^T X / P and the maps of all teachers and students."""
    columns = train.x.shape[1]
    S = np.zeros((columns, columns), train.x.dtype)
    together = max(1, min(_COVARIANCE_ROWS, _COVARIANCE_TERMS // columns**2))
    for first in range(0, train.count, together):
        x = train.x[first : first + together]
        S += x.T @ x / train.count
        clock.tick()
    beta, maps = _products(teachers, clock), started_maps(networks, inputs, clock)
    return CovarianceLearner(networks, S, beta, maps, schedule, state, clock)


def started_maps(networks: Networks, inputs: int, clock: Clock) -> Maps:
    """The maps of networks of so many inputs, before learning."""
    students = _products(networks.weights, clock)
    errors = np.zeros((2, *students.shape[1:]), students.dtype)
    return Maps(students, errors, sideways_for(networks.weights, inputs))


def _products(stack: Weights, clock: Clock) -> Array:
    """W2 W1 of every network, "networks outputs columns"."""
    networks, rows, columns = stack.W1.shape
    outputs = stack.W2.shape[1]
    maps = np.zeros((networks, outputs, columns), stack.W1.dtype)
    seconds = _MAP_TERM_S * outputs * rows * columns
    for (n, last), (k, end) in pieces(networks, outputs * BLOCK, seconds):
        part = Weights(
            stack.W1[n:last], stack.s1[n:last], stack.W2[n:last, k:end], stack.s2[n:last, k:end]
        )
        start_maps(part, maps[n:last, k:end])
        clock.tick()
    return maps
