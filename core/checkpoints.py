"""How a long run keeps its state, so that the next attempt goes on instead of starting anew.

A run asks its progress callback: `checkpoints(progress)`. It offers its state with `keep` wherever
that state is complete, as often as it likes, and begins from `kept` where there is something. Both
together must give the same bits as a run that was never interrupted.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol, runtime_checkable

from numpy.typing import NDArray

from core.experiment import Progress
from core.kernels.ledger import Ledger
from core.kernels.snapshot import Keeper

Kept = Mapping[str, NDArray[Any]]
"""The named arrays of a checkpoint."""


@runtime_checkable
class Checkpoints(Protocol):
    """Where a run keeps its state."""

    def kept(self) -> Kept | None:
        """What the attempt before kept last; None at a beginning."""

    def keep(self, state: Callable[[], Kept]) -> None:
        """Keep what `state` returns, if it is time; called only then."""


class Forgetful:
    """Keeps nothing: for runs that nobody resumes."""

    def kept(self) -> Kept | None:
        """Nothing."""
        return None

    def keep(self, state: Callable[[], Kept]) -> None:
        """Do nothing."""


def checkpoints(progress: Progress) -> Checkpoints:
    """Where the caller of a run keeps checkpoints, or a place that keeps none."""
    return progress if isinstance(progress, Checkpoints) else Forgetful()


def ledger(progress: Progress) -> Ledger:
    """What a resampling analysis has computed so far, where its caller keeps checkpoints."""
    places = checkpoints(progress)
    return Ledger(Keeper(places.kept(), places.keep))
