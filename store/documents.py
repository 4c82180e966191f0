"""JSON from outside, as every database keeps it."""

from collections.abc import Mapping
from math import isfinite
from typing import Any

from pydantic_core import from_json


def document(text: str | bytes) -> Any:
    """What a text says; raises `ValueError` unless it is JSON that can be stored.

    The standard library's reader takes more than JSON is: NaN, halves of characters, nesting until
    the stack ends.
    """
    content = text.encode() if isinstance(text, str) else text
    return storable(from_json(content, allow_inf_nan=False))


def storable(value: Any) -> Any:
    """Refuse what no database keeps: NUL in texts, numbers that are not finite."""
    if isinstance(value, str) and "\0" in value:
        raise ValueError("a text holds the character NUL")
    if isinstance(value, float) and not isfinite(value):
        raise ValueError("a number is not finite")
    if isinstance(value, Mapping):
        for key, inner in value.items():
            storable(key)
            storable(inner)
    elif isinstance(value, list):
        for inner in value:
            storable(inner)
    return value
