"""Numbers, times and names as a reader wants them."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from markupsafe import Markup, escape

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
LONGEST = 60
_CODE = re.compile(r"`([^`]+)`")


def number(value: Any) -> str:
    """Four digits that matter; a dash where there is no number."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    return f"{value:.4g}".replace("e-0", "e-").replace("e+0", "e") if value else "0"


def plain(value: Any) -> str:
    """Any value of a spec."""
    if isinstance(value, str):
        return spaced(value)
    if value is None or isinstance(value, bool | int | float):
        return "none" if value is None else number(value)
    if isinstance(value, list) and value and all(isinstance(part, str) for part in value):
        return ", ".join(map(spaced, value))
    text = json.dumps(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def duration(seconds: float | None) -> str:
    """Seconds as a person says them."""
    if seconds is None:
        return "–"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < MINUTE:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    if seconds < HOUR:
        return f"{seconds / MINUTE:.0f} min"
    return f"{seconds / HOUR:.1f} h" if seconds < DAY else f"{seconds / DAY:.1f} days"


def size(count: float) -> str:
    """Bytes in powers of 1024."""
    for unit in ("B", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.2f} GiB"


def ago(moment: datetime) -> str:
    """How long ago, or the date when that says more."""
    passed = (datetime.now(UTC) - moment).total_seconds()
    if passed < MINUTE:
        return "just now"
    if passed < HOUR:
        return f"{passed / MINUTE:.0f} min ago"
    if passed < DAY:
        return f"{passed / HOUR:.0f} h ago"
    return moment.strftime("%-d %b %Y")


def exact(moment: datetime | None) -> str:
    """A time to the second, in UTC."""
    return "–" if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def spaced(name: str) -> str:
    """`final_test_error` as words."""
    return name.replace("_", " ")


def short(identifier: str) -> str:
    """The end of an id, which tells experiments apart at a glance."""
    return identifier[-8:]


def title(experiment: Mapping[str, Any]) -> str:
    """What a page calls an experiment or a sweep."""
    return experiment["name"] or f"{experiment['kind']} {short(experiment['id'])}"


def coded(text: str) -> Markup:
    """A text in which `names` between backticks are code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))


FILTERS = {
    "coded": coded,
    "number": number,
    "plain": plain,
    "duration": duration,
    "size": size,
    "ago": ago,
    "exact": exact,
    "spaced": spaced,
    "short": short,
}
