"""Where the next page begins: the last row's sort keys, good only for the question that made it."""

import base64
import hashlib
import json
import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from store.query.errors import CursorRefused
from store.query.ordering import Key, KeyValue

LONGEST_CURSOR = 14_000
"""MOST_KEYS tags of the longest fit, in characters of four bytes; a longer address may be cut."""
_LARGEST = 2**63


def fingerprint(*question: str | None) -> str:
    """Equal for equal questions."""
    return hashlib.sha256(json.dumps(question).encode()).hexdigest()[:16]


def encoded(asked: str, values: Sequence[KeyValue]) -> str:
    """A cursor for the page after a row, given the question's fingerprint and the row's keys.

    Raises `CursorRefused` for keys that are too long for one, such as a dozen long tags.
    """
    plain = [each.isoformat() if isinstance(each, datetime) else each for each in values]
    content = json.dumps([asked, *plain], ensure_ascii=False).encode()
    cursor = base64.urlsafe_b64encode(content).decode()
    if len(cursor) > LONGEST_CURSOR:
        raise CursorRefused(
            "the texts that these rows are sorted or grouped by are too long for pages; ask for "
            "fewer of them, or for a file (format=csv, jsonl, parquet or arrow)"
        )
    return cursor


def decoded(cursor: str, asked: str, keys: Sequence[Key]) -> tuple[KeyValue, ...]:
    """The keys in a cursor of this question; refuses any other."""
    try:
        found, *values = json.loads(base64.b64decode(cursor, altchars=b"-_", validate=True))
        if found != asked:
            raise CursorRefused("this cursor belongs to another question, or to another list")
        return tuple(_value(key, value) for key, value in zip(keys, values, strict=True))
    except (ValueError, TypeError, OverflowError, RecursionError):
        raise CursorRefused("not a cursor of this list") from None


def _value(key: Key, value: Any) -> KeyValue:
    if value is None and key.nullable:
        return None
    if key.type == "time":
        return datetime.fromisoformat(value).astimezone(UTC)
    if key.type == "text" and isinstance(value, str) and "\0" not in value:
        value.encode()
        return value
    if key.type == "boolean" and isinstance(value, bool):
        return value
    return _number(key, value)


def _number(key: Key, value: Any) -> float | int:
    allowed = {"number": (int, float), "integer": (int,)}.get(key.type, ())
    if type(value) not in allowed or not math.isfinite(value) or abs(value) >= _LARGEST:
        raise ValueError(value)
    number: float | int = value
    return number
