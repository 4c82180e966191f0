"""Pages of the documentation as tests read them: their fenced blocks, commands and tables."""

import ast
import re
import shlex
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
    """The commands of shell blocks that call this program, each with its continuation lines."""
    calls: list[str] = []
    for line in "".join(texts(page, "sh")).splitlines():
        if calls and _open(calls[-1]):
            calls[-1] = f"{calls[-1].removesuffix(chr(92))}\n{line}"
        else:
            calls.append(line)
    return [call for call in calls if call.startswith(f"{program} ")]


def _open(call: str) -> bool:
    """Whether the next line belongs to the same command."""
    try:
        shlex.split(call, comments=True)
    except ValueError:
        return True
    return call.endswith("\\")


def requested(call: str) -> dict[str, Any]:
    """What a call of curl asks the service at localhost:8000, as arguments of httpx."""
    words = iter(shlex.split(call, comments=True)[1:])
    path, as_query, data = "", False, []
    headers: dict[str, str] = {}
    for word in words:
        if word == "-H":
            name, _, headers[name] = next(words).partition(": ")
        elif word == "-o":
            next(words)
        elif word in ("-d", "--data-urlencode"):
            data.append(next(words))
        elif word.startswith("-"):
            as_query |= "G" in word
        else:
            path = word.removeprefix("localhost:8000")
    if as_query:
        parameters = dict(each.split("=", 1) for each in data)
        return {"method": "GET", "url": path, "params": parameters, "headers": headers}
    method, content = ("POST", "".join(data)) if data else ("GET", None)
    return {"method": method, "url": path, "content": content, "headers": headers}


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
