"""Where batches come from: the whole training set, its shuffled parts, or fresh samples.

All replicates and rules see the same batches in the same order. A source draws one number after
the other whatever the size of the pieces it is asked for.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np

from core.kernels.stack import BLOCK, Array, padded

_ROWS_AT_ONCE = 2**18  # numbers drawn between two looks at the clock


class Segment(NamedTuple):
    """Some batches in a row; every number in `counts` is the real size of a padded batch."""

    xs: Array  # "batches padded_batch columns"
    ys: Array  # "replicates batches padded_batch outputs"
    counts: Array  # "batches"


class Source(Protocol):
    """Batches of an experiment, one after the other."""

    def take(self, batches: int) -> Segment:
        """The next batches."""


def no_tick() -> None:
    """For work too short to be interrupted."""


def draw_inputs(
    rng: np.random.Generator, x: Array, std: float, tick: Callable[[], None] = no_tick
) -> None:
    """Fill x "samples inputs" with N(0, std^2), calling `tick` every few milliseconds."""
    rows = max(1, _ROWS_AT_ONCE // x.shape[1])
    for first in range(0, x.shape[0], rows):
        part = x[first : first + rows]
        part[:] = std * rng.standard_normal(part.shape)
        tick()


@dataclass
class FullBatch:
    """The same batch every time: all samples, in the order they were drawn."""

    x: Array  # "padded_samples columns"
    y: Array  # "replicates padded_samples outputs"
    samples: int

    def __post_init__(self) -> None:
        size = padded(self.samples, BLOCK)
        self.y = np.ascontiguousarray(self.y[:, :size])
        self.x = self.x[:size]

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
        return Segment(self.x[indices], np.take(self.y, indices, axis=1), counts)

    def _epoch(self) -> Array:
        """Indices "batches padded_batch" of one epoch."""
        batches = -(-self.samples // self.batch)
        order = np.full(batches * self.batch, self.samples)
        order[: self.samples] = self.rng.permutation(self.samples)
        indices = np.full((batches, padded(self.batch, BLOCK)), self.samples)
        indices[:, : self.batch] = order.reshape(batches, self.batch)
        return indices


@dataclass
class Fresh:
    """Samples that no network has seen before, and what the teachers answer to them."""

    inputs: int
    columns: int
    std: float
    batch: int
    rng: np.random.Generator
    answers: Callable[[Array], Array]
    dtype: np.dtype[np.floating]
    tick: Callable[[], None] = no_tick

    def take(self, batches: int) -> Segment:
        """The next batches, all of full size."""
        size = padded(self.batch, BLOCK)
        xs = np.zeros((batches, size, self.columns), self.dtype)
        for x in xs:
            draw_inputs(self.rng, x[: self.batch, : self.inputs], self.std, self.tick)
        ys = self.answers(xs.reshape(batches * size, self.columns))
        counts = np.full(batches, self.batch)
        return Segment(xs, ys.reshape(len(ys), batches, size, -1), counts)
