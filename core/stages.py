"""One progress callback shared by the stages of a run."""

from collections.abc import Callable, Sequence

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
