"""How a computation says how far it is: a report, and reports on portions of it."""

from collections.abc import Callable

Report = Callable[[float], None]
"""Called with the fraction that is done; may raise."""


def portion(report: Report, low: float, high: float) -> Report:
    """A report on the part of the work from `low` to `high`."""
    return lambda fraction: report(low + (high - low) * fraction)
