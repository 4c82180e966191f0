"""The pages for whoever carries the project on: they stand beside the code, and in the site."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = ("ARCHITECTURE", "CONTRIBUTING", "CHANGELOG")
NAMED = re.compile(rf"\]\((?:\.\./)?({'|'.join(PAGES)})\.md\)")


def page(name: str) -> str:
    """The page, its links as the site has them."""
    text = (ROOT / f"{name}.md").read_text()
    return NAMED.sub(_neighbour, text).replace("](docs/", "](../")


def linked(text: str) -> str:
    """A page of `docs/`, its links to those pages as the site has them."""
    return NAMED.sub(lambda found: f"](made/{found[1].lower()}.md)", text)


def _neighbour(found: re.Match[str]) -> str:
    return f"]({found[1].lower()}.md)"
