"""Small parts of Markdown pages."""

import json
from collections.abc import Iterable, Sequence
from typing import Any


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table; nothing without rows."""
    lines = [_row(row) for row in rows]
    return "\n".join([_row(head), _row(["---"] * len(head)), *lines, "", ""]) if lines else ""


def code(value: object) -> str:
    """A value as inline code, None as nothing."""
    return "" if value is None or value == "" else f"`{value}`"


def block(language: str, text: str) -> str:
    """A fenced block."""
    return f"```{language}\n{text.rstrip()}\n```\n\n"


def as_json(value: Any) -> str:
    """A JSON value as a fenced block."""
    return block("json", json.dumps(value, indent=2, ensure_ascii=False))


def sentence(text: str) -> str:
    """The first letter large, a full stop at the end; nothing of nothing."""
    text = " ".join(text.split())
    if not text:
        return ""
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith((".", "!", "?", ":")) else ".")


def paragraphs(text: str) -> str:
    """A docstring as paragraphs of one line each."""
    return "".join(f"{' '.join(part.split())}\n\n" for part in text.strip().split("\n\n"))


def _row(cells: Sequence[object]) -> str:
    return f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _cell(value: object) -> str:
    return " ".join(str(value).replace("|", r"\|").split())
