"""Every random draw of a simulation, from one seed, by role and replicate.

A replicate's draws depend on the seed and its own number alone, so replicate 3 is the same network
however many run beside it; inputs and sample order are shared by all replicates and rules.
"""

from collections.abc import Callable
from enum import IntEnum
from typing import Literal

import numpy as np

from core.kernels.clock import NUMBERS_AT_ONCE, no_tick
from core.kernels.stack import Array

Distribution = Literal["uniform", "normal"]


class Role(IntEnum):
    """What a stream of random numbers is for. Numbers are never reused: they fix old results."""

    TEACHER = 0
    STUDENT = 1
    HIDDEN_FLIPS = 2
    READOUT_FLIPS = 3
    FEEDBACK = 4
    TRAIN_INPUTS = 5
    TEST_INPUTS = 6
    SAMPLE_ORDER = 7
    FRESH_INPUTS = 8
    TANGENT_VECTORS = 9


def generator(seed: int, role: Role, replicate: int | None = None) -> np.random.Generator:
    """The stream of one role, shared or of one replicate."""
    if replicate is not None:
        return Streams(seed).at(role, replicate)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(role.value,)))


class Streams:
    """The streams of all replicates, one at a time: to move on takes 2 us, to make one anew 30.

    Philox turns a key and a 256-bit counter into numbers. The key is the seed; replicate and role
    are the counter's upper words, so two streams are 2^128 blocks of numbers apart. Reference:
    Salmon, Moraes, Dror and Shaw, SC 2011, "Parallel random numbers: as easy as 1, 2, 3".
    """

    def __init__(self, seed: int) -> None:
        self._bits = np.random.Philox(key=seed)
        self._start = self._bits.state
        self._rng = np.random.Generator(self._bits)

    def at(self, role: Role, replicate: int) -> np.random.Generator:
        """A stream from its beginning; the generator handed out before is the same one, moved."""
        self._start["state"]["counter"][2:] = replicate, role.value
        self._bits.state = self._start
        return self._rng


def draw_weights(
    rng: np.random.Generator,
    *,
    inputs: int,
    hidden: int,
    outputs: int,
    distribution: Distribution,
    scale: float,
) -> tuple[Array, Array]:
    """W1 "hidden inputs" and W2 "outputs hidden".

    uniform: W1 ~ U(-g/sqrt M, g/sqrt M), W2 ~ U(-g/sqrt N, g/sqrt N); normal: N(0, g^2/M) and
    N(0, g^2/N), where g is the scale, M the inputs and N the hidden units.
    """
    W1, W2 = np.zeros((hidden, inputs)), np.zeros((outputs, hidden))
    fill_weights(rng, W1, W2, distribution=distribution, scale=scale)
    return W1, W2


def fill_weights(
    rng: np.random.Generator,
    W1: Array,
    W2: Array,
    *,
    distribution: Distribution,
    scale: float,
    tick: Callable[[], None] = no_tick,
) -> None:
    """Draw into W1 "hidden inputs" and W2 "outputs hidden" what `draw_weights` would return."""
    for W in (W1, W2):
        fill(rng, W, distribution, scale / np.sqrt(W.shape[1]), tick)


def fill(
    rng: np.random.Generator,
    target: Array,
    distribution: Distribution,
    scale: float,
    tick: Callable[[], None] = no_tick,
) -> None:
    """Fill "rows columns" with U(-scale, scale) or N(0, scale^2), some milliseconds at a time."""
    draw = rng.uniform if distribution == "uniform" else rng.normal
    low = -scale if distribution == "uniform" else 0.0
    rows = max(1, NUMBERS_AT_ONCE // target.shape[1])
    for first in range(0, len(target), rows):
        part = target[first : first + rows]
        part[:] = draw(low, scale, part.shape)
        tick()


def draw_signs(rng: np.random.Generator, *, size: int, flipped: int) -> Array:
    """Of `size` neurons, -1 for `flipped` chosen at random; more flips keep those of fewer."""
    signs = np.ones(size)
    signs[rng.permutation(size)[:flipped]] = -1.0
    return signs
