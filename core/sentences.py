"""The words that plain-language readings of results have in common."""

from math import isfinite

SIGNIFICANT = 0.05
OPTIMISTIC = (
    "Consecutive rows are correlated and nothing says which belong together, so intervals are too "
    "narrow and p-values too small."
)


def paragraph(*sentences: str) -> str:
    """The sentences that say something, one after the other."""
    return " ".join(sentence for sentence in sentences if sentence)


def number(value: float) -> str:
    """Three digits, or a word where there is no number."""
    return f"{value:.3g}" if isfinite(value) else "undefined"


def with_interval(value: float, low: float, high: float, *, unit: str = "") -> str:
    """2.46 (95 % interval 2.31 to 2.62); without the interval where there is none.

    unit: follows the value, with a space before it.
    """
    if not (isfinite(low) and isfinite(high)):
        return number(value) + unit
    return f"{number(value)}{unit} (95 % interval {number(low)} to {number(high)})"


def tested(p_value: float) -> str:
    """p = 0.012, in words where nothing was tested."""
    return f"p = {p_value:.2g}" if isfinite(p_value) else "not tested"


def verdict(p_value: float, *, found: str, nothing: str) -> str:
    """One of two sentences by the rule p <= .05, none where nothing was tested."""
    if not isfinite(p_value):
        return ""
    return found if p_value <= SIGNIFICANT else nothing
