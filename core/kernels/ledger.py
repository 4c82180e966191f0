"""What a resampling analysis has computed so far, stage by stage, so that it can be resumed.

Draws do not depend on each other's values, so a resumed stage only passes over the draws that are
there; their random numbers are drawn again and thrown away.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from core.kernels.snapshot import Keeper

T = TypeVar("T")


class Ledger:
    """The values of every stage, and how many of each are there."""

    def __init__(self, keeper: Keeper | None = None) -> None:
        self._keeper = keeper or Keeper()
        kept = self._keeper.kept or {}
        self._arrays = {name: np.array(values) for name, values in kept.items()}

    def stage(self, name: str, /, *shape: int) -> "Stage":
        """The stage of this name, whose last axis is that of its draws."""
        values = self._arrays.setdefault(f"{name}.values", np.empty(shape))
        done = self._arrays.setdefault(f"{name}.done", np.zeros((), np.int64))
        return Stage(values, done, self)

    def keep(self) -> None:
        """Offer everything for keeping."""
        self._keeper.keep(lambda: {name: values.copy() for name, values in self._arrays.items()})


@dataclass(frozen=True)
class Stage:
    """The values of one stage."""

    values: NDArray[np.float64]
    done: NDArray[np.int64]
    ledger: Ledger

    def missing(self, chunks: Iterable[tuple[slice, T]]) -> Iterator[tuple[slice, T]]:
        """Those chunks of draws that are not there yet."""
        return ((draws, given) for draws, given in chunks if draws.stop > int(self.done))

    @property
    def by_draw(self) -> NDArray[np.float64]:
        """The values with the draws first."""
        return np.ascontiguousarray(np.moveaxis(self.values, -1, 0))

    def add(self, draws: slice, values: NDArray[Any]) -> None:
        """Write the values of a chunk."""
        self.values[..., draws] = values
        self.done[...] = draws.stop
        self.ledger.keep()


def moved_on(draws: slice, by: int) -> slice:
    """The same draws further on in a stage that holds several kinds of them."""
    return slice(draws.start + by, draws.stop + by)


def new_stage(*shape: int) -> Stage:
    """A stage of its own, for an analysis that nobody resumes."""
    return Ledger().stage("draws", *shape)
