"""A submission or a sweep written as a JSON document, in a file or on standard input."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from solenoid.errors import BadArgument

FIELDS = ("kind", "spec", "name", "tags", "priority", "reuse", "time_limit_s", "on_end")
SWEEP_FIELDS = ("kind", "axes", "base", "derive", "name", "tags", "priority", "on_end")


def submission(target: str) -> dict[str, Any]:
    """What to submit: a kind by name, a SPEC.json, or `-` for a document on standard input."""
    document = _document(target, FIELDS)
    if not _has_parts(document, "spec"):
        raise BadArgument(f'{target}: a submission is {{"kind": "...", "spec": {{...}}}}')
    return {"spec": {}, **document}


def sweep(target: str) -> dict[str, Any]:
    """What to sweep: a kind by name, a FILE.json, or `-` for a document on standard input."""
    document = _document(target, SWEEP_FIELDS)
    if not _has_parts(document, "axes", "base", "derive"):
        form = '{"kind": "...", "axes": {...}, "base": {...}, "derive": {...}}'
        raise BadArgument(f"{target}: a sweep is {form}")
    return {"axes": {}, "base": {}, "derive": {}, **document}


def parsed(text: str, source: str) -> dict[str, Any]:
    """A JSON object, or an error that says where it is broken."""
    try:
        document = json.loads(text)
    except ValueError as broken:
        raise BadArgument(f"{source} is not JSON: {broken}") from None
    if not isinstance(document, dict):
        raise BadArgument(f"{source}: expected a JSON object, not {type(document).__name__}")
    return document


def text_of(target: str) -> str:
    """The text of a file, or of standard input for `-`."""
    try:
        return sys.stdin.read() if target == "-" else Path(target).read_text(encoding="utf-8")
    except OSError as unreadable:
        raise BadArgument(f"cannot read {target}: {unreadable.strerror}") from None
    except UnicodeDecodeError:
        raise BadArgument(f"{target} is not a text file") from None


def _document(target: str, fields: Sequence[str]) -> dict[str, Any]:
    if target != "-" and not target.endswith(".json"):
        return {"kind": target}
    document = parsed(text_of(target), target)
    unknown = sorted(set(document) - set(fields))
    if unknown:
        raise BadArgument(f"{target}: unknown field {unknown[0]!r}; there are {', '.join(fields)}")
    return document


def _has_parts(document: Mapping[str, Any], *parts: str) -> bool:
    objects = (document.get(part, {}) for part in parts)
    return isinstance(document.get("kind"), str) and all(isinstance(x, dict) for x in objects)
