"""How long a compiled loop may run before it looks up, and what it then tells."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from core.kernels.stack import BLOCK

PIECE_S = 0.05
"""A compiled loop cannot be interrupted, so work is cut into pieces of about this length."""

_REPORT_S = 0.1


@dataclass
class Clock:
    """Calls the report at most every 100 ms with whatever is known by then."""

    report: Callable[..., None]
    epochs: int
    epoch: float = 0.0
    values: dict[str, float] = field(default_factory=dict)
    last: float = field(default_factory=time.monotonic)

    def tick(self) -> None:
        """Report if it is time; the report may raise to stop everything."""
        now = time.monotonic()
        if now - self.last >= _REPORT_S:
            self.last = now
            self.report(min(1.0, self.epoch / self.epochs), epoch=self.epoch, **self.values)


def pieces(
    networks: int, samples: int, seconds_each: float
) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Ranges of networks and of blocks of samples that take about `PIECE_S`; all if they fit."""
    blocks = -(-samples // BLOCK)
    if networks * seconds_each <= PIECE_S:
        yield (0, networks), (0, blocks)
        return
    stride = blocks if seconds_each <= PIECE_S else max(1, int(blocks * PIECE_S / seconds_each))
    for n in range(networks):
        for first in range(0, blocks, stride):
            yield (n, n + 1), (first, min(first + stride, blocks))
