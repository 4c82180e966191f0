"""Where batches come from: the whole training set, its shuffled parts, or fresh samples.

All replicates and rules see the same batches in the same order. A source draws one number after
the other whatever the size of the pieces it is asked for.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np

from core.kernels.clock import NUMBERS_AT_ONCE, no_tick, parts
from core.kernels.draws import fill
from core.kernels.stack import BLOCK, Array, padded

_SHUFFLED_AT_ONCE = 2**20


class Segment(NamedTuple):
    """Some batches in a row; every number in `counts` is the real size of a padded batch."""

    xs: Array  # "batches padded_batch columns"
    ys: Array  # "replicates batches padded_batch outputs"
    counts: Array  # "batches"


class Source(Protocol):
    """Batches of an experiment, one after the other."""

    def take(self, batches: int) -> Segment:
        """The next batches."""


def shuffled(rng: np.random.Generator, n: int, tick: Callable[[], None] = no_tick) -> Array:
    """0 to n - 1 in random order, all orders alike.

    Shuffling millions at once is one long wait for memory: they are dealt at random into piles,
    which are shuffled one by one (Rao 1961, Sandelius 1962).
    """
    if n <= _SHUFFLED_AT_ONCE:
        return rng.permutation(n)
    piles = -(-n // NUMBERS_AT_ONCE)
    pile_of = np.zeros(n, np.uint16)
    for first in range(0, n, NUMBERS_AT_ONCE):
        part = pile_of[first : first + NUMBERS_AT_ONCE]
        part[:] = rng.integers(piles, size=part.size, dtype=np.uint16)
        tick()
    order, done = np.zeros(n, np.int64), 0
    for pile in range(piles):
        members = np.flatnonzero(pile_of == pile)
        rng.shuffle(members)
        order[done : done + members.size] = members
        done += members.size
        tick()
    return order


@dataclass
class FullBatch:
    """The same batch every time: all samples, in the order they were drawn."""

    x: Array  # "padded_samples columns"
    y: Array  # "replicates padded_samples outputs"
    samples: int
    tick: Callable[[], None] = no_tick

    def __post_init__(self) -> None:
        size = padded(self.samples, BLOCK)
        if size < len(self.x):
            y = np.empty((len(self.y), size, self.y.shape[2]), self.y.dtype)
            for networks, rows in parts(y.shape):
                y[networks, rows] = self.y[:, :size][networks, rows]
                self.tick()
            self.x, self.y = self.x[:size], y

    def take(self, batches: int) -> Segment:
        """The one batch there is; how often it is used is the caller's business."""
        return Segment(self.x[None], self.y[:, None], np.array([self.samples]))


@dataclass
class Shuffled:
    """Batches of a training set that is put into a new order every epoch; the last may be short.

    `x` and `y` hold zeros at index `samples`: padding is one more sample like any other.
    """

    x: Array
    y: Array
    samples: int
    batch: int
    rng: np.random.Generator
    tick: Callable[[], None] = no_tick
    order: Array = field(default_factory=lambda: np.zeros((0, 0), np.int64))
    used: int = 0

    def take(self, batches: int) -> Segment:
        """The next batches, across the ends of epochs."""
        parts = []
        while batches > 0:
            if self.used == len(self.order):
                self.order, self.used = self._epoch(), 0
            parts.append(self.order[self.used : self.used + batches])
            self.used += len(parts[-1])
            batches -= len(parts[-1])
        indices = np.concatenate(parts)
        counts = (indices < self.samples).sum(axis=1)
        return Segment(self._inputs(indices), self._answers(indices), counts)

    def _inputs(self, indices: Array) -> Array:
        """The rows of x at "batches padded_batch" indices, some at a time."""
        columns, wanted = self.x.shape[1], indices.ravel()
        x = np.empty((wanted.size, columns), self.x.dtype)
        together = max(1, NUMBERS_AT_ONCE // columns)
        for n in range(0, wanted.size, together):
            # The indices are in range; to check them would take a copy.
            np.take(self.x, wanted[n : n + together], 0, x[n : n + together], mode="clip")
            self.tick()
        return x.reshape(*indices.shape, columns)

    def _answers(self, indices: Array) -> Array:
        """The rows of y at "batches padded_batch" indices, for some replicates at a time."""
        y = np.empty((len(self.y), *indices.shape, self.y.shape[2]), self.y.dtype)
        together = max(1, NUMBERS_AT_ONCE // y[0].size)
        for n in range(0, len(y), together):
            np.take(self.y[n : n + together], indices, 1, y[n : n + together], mode="clip")
            self.tick()
        return y

    def _epoch(self) -> Array:
        """Indices "batches padded_batch" of one epoch."""
        batches = -(-self.samples // self.batch)
        order = np.full(batches * self.batch, self.samples)
        order[: self.samples] = shuffled(self.rng, self.samples, self.tick)
        indices = np.full((batches, padded(self.batch, BLOCK)), self.samples)
        indices[:, : self.batch] = order.reshape(batches, self.batch)
        return indices


@dataclass
class Fresh:
    """Samples that no network has seen before, and what the teachers answer to them.

    An epoch is `samples` of them: its last batch is short where the batch does not divide that.
    """

    inputs: int
    columns: int
    std: float
    samples: int
    batch: int
    rng: np.random.Generator
    answers: Callable[[Array], Array]
    dtype: np.dtype[np.floating]
    tick: Callable[[], None] = no_tick
    taken: int = 0

    def take(self, batches: int) -> Segment:
        """The next batches, across the ends of epochs."""
        size = padded(self.batch, BLOCK)
        xs = np.zeros((batches, size, self.columns), self.dtype)
        counts = self._counts(batches)
        for x, count in zip(xs, counts, strict=True):
            fill(self.rng, x[:count, : self.inputs], "normal", self.std, self.tick)
        ys = self.answers(xs.reshape(batches * size, self.columns))
        return Segment(xs, ys.reshape(len(ys), batches, size, -1), counts)

    def _counts(self, batches: int) -> Array:
        """The real sizes of the next batches."""
        per_epoch = -(-self.samples // self.batch)
        places = (self.taken + np.arange(batches)) % per_epoch
        self.taken += batches
        return np.minimum(self.batch, self.samples - places * self.batch)
