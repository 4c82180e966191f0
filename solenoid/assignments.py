"""`training.epochs=200` on a command line, as a part of a spec."""

import json
from collections.abc import Iterable
from typing import Any

from solenoid.errors import BadArgument


def assigned(spec: dict[str, Any], assignments: Iterable[str]) -> dict[str, Any]:
    """The spec with `key=value` put in; dots in a key go into nested objects."""
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        path = key.split(".")
        if not equals or not all(path):
            raise BadArgument(f"{assignment!r}: write key=value, such as training.epochs=200")
        _put(spec, path, value(text), key)
    return spec


def value(text: str) -> Any:
    """A value as JSON, or the text itself where it is none; 1e5 is the whole number it means."""
    try:
        read = json.loads(text)
    except ValueError:
        return text
    return int(read) if isinstance(read, float) and read.is_integer() else read


def tagged(assignments: Iterable[str]) -> dict[str, str]:
    """Tags from `key=value`; their values are text."""
    tags = {}
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        if not equals or not key:
            raise BadArgument(f"--tag {assignment!r}: write key=value, such as project=fig5")
        tags[key] = text
    return tags


def _put(spec: dict[str, Any], path: list[str], new: Any, key: str) -> None:
    *above, last = path
    place = spec
    for name in above:
        inner = place.setdefault(name, {})
        if not isinstance(inner, dict):
            raise BadArgument(f"{key}: {name} is {inner!r} already, which has no parts")
        place = inner
    place[last] = new
