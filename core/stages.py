"""One progress callback shared by the stages of a run."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from core.experiment import Progress
from core.kernels.portions import Report, portion


def stages(progress: Progress, work: Sequence[float]) -> list[Report]:
    """One report per stage, each moving the whole by its share of the work."""
    ends = np.cumsum([0, *work], dtype=np.float64) / max(sum(work), 1)
    return [portion(progress, float(low), float(high)) for low, high in pairwise(ends)]


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
