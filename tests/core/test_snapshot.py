"""A state that is put back is the state that was captured, whatever it is made of."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pytest

from core.kernels import snapshot
from core.kernels.batches import Shuffled
from core.kernels.measures import Extrema
from core.kernels.snapshot import captured, restore


class Pair(NamedTuple):
    a: np.ndarray
    b: np.ndarray


@dataclass
class Walk:
    """A computation with every sort of state: a stand-in for what kernels are made of."""

    missing: None
    pair: Pair
    rng: np.random.Generator
    extrema: Extrema
    inputs: np.ndarray
    steps: int = 0
    seen: list[float] = field(default_factory=list)
    named: dict[str, float] = field(default_factory=lambda: {"last": 0.0})

    def step(self) -> None:
        noise = self.rng.normal(size=self.pair.a.shape)
        self.pair.a[:] += noise * self.inputs
        self.pair.b[:] = self.pair.a.cumsum()
        self.extrema.add(np.stack([self.pair.a[:2], self.pair.b[:2]]))
        self.steps += 1
        self.seen.append(float(noise[0]))
        self.named["last"] = float(noise[-1])


Walk.__module__ = snapshot.__name__  # only classes of the kernels are looked into


def walk() -> Walk:
    pair = Pair(np.zeros(4), np.ones(4))
    return Walk(None, pair, np.random.default_rng(3), Extrema(2), np.arange(4.0))


@pytest.mark.parametrize("before", [0, 1, 7])
def test_a_restored_computation_goes_on_as_if_never_interrupted(before: int) -> None:
    whole, first, second = walk(), walk(), walk()
    for _ in range(before):
        first.step()
    kept = captured(first, constant=(first.inputs,))
    assert not any(name.startswith("inputs") for name in kept)
    first.step()  # what comes after must not reach into what was kept
    restore(second, kept, constant=(second.inputs,))
    for _ in range(before + 5):
        whole.step()
    for _ in range(5):
        second.step()
    mine, theirs = captured(second), captured(whole)
    assert mine.keys() == theirs.keys()
    for name, array in theirs.items():
        assert np.array_equal(mine[name], array), name


def test_batches_go_on_in_the_middle_of_an_epoch() -> None:
    def source() -> Shuffled:
        x, y = np.arange(24.0).reshape(12, 2), np.ones((1, 12, 1))
        return Shuffled(x, y, 10, 3, np.random.default_rng(1))

    whole, first, second = source(), source(), source()
    expected = [whole.take(1) for _ in range(7)][-1]
    for _ in range(6):
        first.take(1)
    restore(second, captured(first))
    found = second.take(1)
    assert np.array_equal(found.xs, expected.xs)
    assert np.array_equal(found.counts, expected.counts)
