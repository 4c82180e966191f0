"""The page about adding a kind, followed to the letter in a copy of the repository."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pages import DOCS, ROOT, texts

PAGE = DOCS / "adding-a-kind.md"
COPIED = ("api", "core", "handbook", "migrations", "solenoid", "store", "tests", "workers")
FILE = re.compile(r"`(core/[\w/]+\.py)`:\n\n```python\n(.*?)```", re.DOTALL)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The repository with what the page writes."""
    for name in COPIED:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    files = FILE.findall(PAGE.read_text())
    for path, text in files:
        assert not (tmp_path / path).exists()
        (tmp_path / path).write_text(text)
    (listed,) = [text for text in texts(PAGE, "python") if "KINDS = " in text]
    assert len(files) + 1 == len(texts(PAGE, "python"))
    with (tmp_path / "core" / "kinds" / "__init__.py").open("a") as listing:
        listing.write(listed)
    return tmp_path


@pytest.mark.timeout(400)  # a dozen commands one after the other
def test_the_page_makes_a_kind_that_keeps_every_promise(copy: Path) -> None:
    migration, tested = (line for text in texts(PAGE, "sh") for line in text.splitlines())
    _, message = migration.split("MESSAGE=")
    run(copy, "-m", "migrations", "revision", message.strip('"'))
    program, *arguments = tested.split()
    assert program == ".venv/bin/pytest"
    done = run(copy, "-m", "pytest", "-p", "no:cacheprovider", *arguments)
    assert re.search(r"\b1\d passed", done), done
    url = f"sqlite:///{copy / 'fresh.db'}"
    run(copy, "-m", "migrations", SOLENOID_DATABASE_URL=url)
    run(copy, "-m", "migrations", "check", SOLENOID_DATABASE_URL=url)


def run(folder: Path, *arguments: str, **environment: str) -> str:
    """Python in the copy, on the copy's packages."""
    variables = {**os.environ, "PYTHONPATH": str(folder), "SOLENOID_DATA_DIR": str(folder / "data")}
    done = subprocess.run(
        [sys.executable, "-P", *arguments],
        cwd=folder,
        env={**variables, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
