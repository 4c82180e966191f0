"""Pages of the documentation as tests read them: their fenced blocks, commands and tables."""

import ast
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = (ROOT / "README.md", *sorted(DOCS.glob("*.md")))


def blocks(page: Path) -> list[tuple[str, str]]:
    """The language and the text of every fenced block."""
    return re.findall(r"^```(\w*)\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)


def texts(page: Path, *languages: str) -> list[str]:
    """The blocks in these languages."""
    return [text for language, text in blocks(page) if language in languages]


def commands(page: Path, program: str) -> list[str]:
    """The lines of shell blocks that call this program."""
    shell = "".join(texts(page, "sh")).splitlines()
    return [line for line in shell if line.startswith(f"{program} ")]


def table(page: Path, head: str) -> list[list[str]]:
    """The cells of the table whose first column has this head, without the quotes of code."""
    (body,) = re.findall(rf"^\| {head} \|.*\n\|.*\n((?:\|.*\n)+)", page.read_text(), re.MULTILINE)
    rows = [line.strip("|").split(" | ") for line in body.splitlines()]
    return [[cell.strip().removeprefix("`").removesuffix("`") for cell in row] for row in rows]


def run(code: str, **given: Any) -> tuple[dict[str, Any], list[Any]]:
    """What an example defines, and the values of the expressions that it shows."""
    values = []
    for statement in ast.parse(code).body:
        if isinstance(statement, ast.Expr):
            values.append(eval(ast.unparse(statement), given))
        else:
            exec(ast.unparse(statement), given)
    return given, values
