"""Functions that SQLite lacks and PostgreSQL has: registered on every connection."""

import math
import sqlite3
from array import array

import numpy as np


def register(connection: sqlite3.Connection) -> None:
    """Give a connection `quantile(x, fraction)`, `stddev_samp(x)` and `sqrt(x)`."""
    connection.create_aggregate("quantile", 2, Quantile)  # type: ignore[arg-type]
    connection.create_aggregate("stddev_samp", 1, StandardDeviation)  # type: ignore[arg-type]
    connection.create_function("sqrt", 1, _sqrt, deterministic=True)


class Quantile:
    """A quantile by linear interpolation, as PostgreSQL's `percentile_cont` has it."""

    def __init__(self) -> None:
        self.values = array("d")
        self.fraction = 0.5

    def step(self, value: float | None, fraction: float) -> None:
        """Take one value."""
        if value is not None:
            self.values.append(value)
            self.fraction = fraction

    def finalize(self) -> float | None:
        """The quantile, None of nothing."""
        if not self.values:
            return None
        place = self.fraction * (len(self.values) - 1)
        below, above = math.floor(place), math.ceil(place)
        ordered = np.partition(np.frombuffer(self.values), (below, above))
        low, high = float(ordered[below]), float(ordered[above])
        return low + (place - below) * (high - low)


class StandardDeviation:
    """The sample standard deviation in one pass (Welford, Technometrics 1962)."""

    def __init__(self) -> None:
        self.count = 0
        self.mean = 0.0
        self.squares = 0.0

    def step(self, value: float | None) -> None:
        """Take one value."""
        if value is None:
            return
        self.count += 1
        apart = value - self.mean
        self.mean += apart / self.count
        self.squares += apart * (value - self.mean)

    def finalize(self) -> float | None:
        """The deviation, None of fewer than two values."""
        return math.sqrt(self.squares / (self.count - 1)) if self.count > 1 else None


def _sqrt(value: float | None) -> float | None:
    return None if value is None else math.sqrt(value)
