"""`training.epochs=200` on a command line, as a part of a spec."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from solenoid.errors import BadArgument

SPACED = ("linspace", "logspace")


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
        return _whole(json.loads(text))
    except ValueError:
        return text


def tagged(assignments: Iterable[str]) -> dict[str, str]:
    """Tags from `key=value`; their values are text."""
    return dict(_pairs("tag", assignments, "key=value, such as project=fig5"))


def derived(assignments: Iterable[str]) -> dict[str, Any]:
    """What derived axes need, from `name=number`."""
    pairs = _pairs("--derive", assignments, "name=number, such as total_neurons=220")
    return {name: value(text) for name, text in pairs}


def axes(assignments: Iterable[str]) -> dict[str, Any]:
    """Axes of a sweep from `name=values`.

    The values are separated by commas (`0.05,0.1`), spaced from the first to the last
    (`linspace:0:1:5`, `logspace:-2:1:20`, of exponents), or an axis as JSON.
    """
    form = "name=values, such as seed=0,1,2 or student_scale=logspace:-2:1:20"
    return {name: _axis(name, text) for name, text in _pairs("--axis", assignments, form)}


def _axis(name: str, text: str) -> Any:
    form, *numbers = text.split(":")
    if form in SPACED and len(numbers) == 3:
        return {form: [value(number) for number in numbers]}
    if form in SPACED:
        raise BadArgument(f"--axis {name}={text}: write {form}:first:last:count")
    try:
        read = json.loads(f"[{text}]")
    except ValueError:
        return [value(each) for each in text.split(",")]
    alone = read[0] if len(read) == 1 else None
    return alone if isinstance(alone, list | dict) else [_whole(each) for each in read]


def _pairs(option: str, assignments: Iterable[str], form: str) -> Iterator[tuple[str, str]]:
    known = set()
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        if not equals or not key:
            raise BadArgument(f"{option} {assignment!r}: write {form}")
        if key in known:
            raise BadArgument(f"{option} {key}: given twice; write all of it at once")
        known.add(key)
        yield key, text


def _whole(read: Any) -> Any:
    return int(read) if isinstance(read, float) and read.is_integer() else read


def _put(spec: dict[str, Any], path: list[str], new: Any, key: str) -> None:
    *above, last = path
    place = spec
    for name in above:
        inner = place.setdefault(name, {})
        if not isinstance(inner, dict):
            raise BadArgument(f"{key}: {name} is {inner!r} already, which has no parts")
        place = inner
    place[last] = new
