"""One progress callback shared by the stages of a run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from core.experiment import Progress

Report = Callable[[float], None]
"""Called with the fraction of a stage that is done; may raise."""


def stages(progress: Progress, work: Sequence[float]) -> list[Report]:
    """One report per stage, each moving the whole by its share of the work."""
    ends = np.cumsum([0, *work], dtype=np.float64) / max(sum(work), 1)

    def report(stage: int) -> Report:
        low, high = float(ends[stage]), float(ends[stage + 1])
        return lambda fraction: progress(low + (high - low) * fraction)

    return [report(stage) for stage in range(len(work))]


@dataclass
class Told:
    """A report that can say again what it said last: for work that knows no fraction."""

    report: Report
    fraction: float = 0.0

    def __call__(self, fraction: float) -> None:
        """Report the fraction done."""
        self.fraction = fraction
        self.report(fraction)

    def again(self) -> None:
        """Report that the work goes on."""
        self.report(self.fraction)
