"""How long a compiled loop may run before it looks up, and what it then tells."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from core.kernels.stack import BLOCK

PIECE_S = 0.05
"""A compiled loop cannot be interrupted, so work is cut into pieces of about this length."""

NUMBERS_AT_ONCE = 2**18
"""Numbers drawn, copied or summed between two looks at the clock: some milliseconds of work."""

_REPORT_S = 0.1


def no_tick() -> None:
    """For work too short to be interrupted."""


@dataclass
class Clock:
    """Calls the report at most every 100 ms with whatever is known by then."""

    report: Callable[..., None]
    epochs: int
    epoch: float = 0.0
    values: dict[str, float] = field(default_factory=dict)
    last: float = field(default_factory=time.monotonic)
    whole: Callable[[], None] = no_tick
    """Called where the state of everything is complete, and may be kept to be resumed."""

    def tick(self) -> None:
        """Report if it is time; the report may raise to stop everything."""
        now = time.monotonic()
        if now - self.last >= _REPORT_S:
            self.last = now
            self.report(min(1.0, self.epoch / self.epochs), epoch=self.epoch, **self.values)


def pieces(
    networks: int, samples: int, seconds_each: float
) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Ranges of networks and of blocks of samples that take about `PIECE_S`.

    A network whose samples are taken in several ranges is alone in each, because what it has
    learned from a part of a batch lies in working memory. `seconds_each` is a guess, for the first
    piece: the others go by how long those before them took.
    """
    blocks, n = -(-samples // BLOCK), 0
    while n < networks:
        start = time.monotonic()
        last = min(networks, n + max(1, int(PIECE_S / seconds_each)))
        stride = max(1, min(blocks, int(blocks * PIECE_S / seconds_each)))
        for first in range(0, blocks, stride):
            yield (n, last), (first, min(first + stride, blocks))
        seconds_each = max((time.monotonic() - start) / (last - n), seconds_each / 10)
        n = last


def parts(shape: tuple[int, ...]) -> Iterator[tuple[slice, slice]]:
    """Networks and rows of a stack "networks rows columns", about `NUMBERS_AT_ONCE` at a time."""
    networks, rows, columns = shape
    together = max(1, NUMBERS_AT_ONCE // (rows * columns))
    stride = max(1, min(rows, NUMBERS_AT_ONCE // columns))
    for n in range(0, networks, together):
        for first in range(0, rows, stride):
            yield slice(n, n + together), slice(first, first + stride)
