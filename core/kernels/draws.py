"""Every random draw of a simulation, from one seed, by role and replicate.

A replicate's draws depend on the seed and its own number alone, so replicate 3 is the same network
however many run beside it; inputs and sample order are shared by all replicates and rules.
"""

from enum import IntEnum
from typing import Literal

import numpy as np

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


def generator(seed: int, role: Role, replicate: int | None = None) -> np.random.Generator:
    """The stream of one role, shared or of one replicate."""
    key = (role.value,) if replicate is None else (role.value, replicate)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


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
    W1, W2 = _draw(rng, distribution, (hidden, inputs)), _draw(rng, distribution, (outputs, hidden))
    W1 *= scale / np.sqrt(inputs)
    W2 *= scale / np.sqrt(hidden)
    return W1, W2


def _draw(rng: np.random.Generator, distribution: Distribution, shape: tuple[int, int]) -> Array:
    return rng.uniform(-1.0, 1.0, shape) if distribution == "uniform" else rng.normal(size=shape)


def draw_signs(rng: np.random.Generator, *, size: int, flipped: int) -> Array:
    """Of `size` neurons, -1 for `flipped` chosen at random; more flips keep those of fewer."""
    signs = np.ones(size)
    signs[rng.permutation(size)[:flipped]] = -1.0
    return signs
