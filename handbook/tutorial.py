"""The tutorial as a page: its cells as text and code. `tests/test_tutorial.py` runs them."""

import re
from pathlib import Path

from handbook.markdown import block

SCRIPT = Path(__file__).parents[1] / "docs" / "tutorial.py"


def page() -> str:
    """Markdown cells as they are, code cells as blocks."""
    _, *parts = re.split(r"^# %%(.*)\n", SCRIPT.read_text(), flags=re.MULTILINE)
    cells = zip(parts[::2], parts[1::2], strict=True)
    return "".join(_prose(body) if "[markdown]" in head else _code(body) for head, body in cells)


def _prose(body: str) -> str:
    return "".join(f"{line.removeprefix('#').removeprefix(' ')}\n" for line in body.splitlines())


def _code(body: str) -> str:
    return block("python", body.strip("\n"))
