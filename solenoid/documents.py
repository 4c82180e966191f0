"""A submission written as a JSON document, in a file or on standard input."""

import json
import sys
from pathlib import Path
from typing import Any

from solenoid.errors import BadArgument

FIELDS = ("kind", "spec", "name", "tags", "priority", "reuse")


def submission(target: str) -> dict[str, Any]:
    """What to submit: a kind by name, a SPEC.json, or `-` for a document on standard input."""
    if target != "-" and not target.endswith(".json"):
        return {"kind": target, "spec": {}}
    document = parsed(text_of(target), target)
    unknown = sorted(set(document) - set(FIELDS))
    if unknown:
        raise BadArgument(f"{target}: unknown field {unknown[0]!r}; there are {', '.join(FIELDS)}")
    if not isinstance(document.get("kind"), str) or not isinstance(document.get("spec", {}), dict):
        raise BadArgument(f'{target}: a submission is {{"kind": "...", "spec": {{...}}}}')
    return {"spec": {}, **document}


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
