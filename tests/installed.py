"""The service as somebody installs it: from its wheel, away from this repository.

`python -m tests.installed PYTHON...` does that with each interpreter, in an environment of its own
with the locked dependencies, and runs one experiment there.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

from tests.pages import ROOT
from tests.stack import TERMINAL, unset_solenoid

LOCK = ROOT / "requirements-service.lock"
KIND = "dimensionality.participation_ratio"
PATIENCE_S = 120.0


def built(folder: Path) -> Path:
    """The wheel of this working tree."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def environment(python: str, folder: Path) -> Path:
    """An empty virtual environment; its interpreter."""
    subprocess.run([python, "-m", "venv", "--without-pip", str(folder)], check=True)
    return folder / "bin" / "python"


def install(python: Path, *what: str) -> None:
    """Install something into an environment, exactly as told."""
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--quiet"]
    options = ["--disable-pip-version-check", "--no-deps"]
    subprocess.run([*pip, "install", *options, *what], check=True)


def tried(python: Path, folder: Path) -> str:
    """Start the service in an empty folder, run a kind's example and look at it; what was seen."""
    folder.mkdir()
    command = [str(python.with_name("solenoid")), "up", "--port", "0", "--workers", "1"]
    here = {**unset_solenoid(), "SOLENOID_DATA_DIR": "kept here"}
    process = subprocess.Popen(
        command, cwd=folder, env=here, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        with httpx.Client(base_url=_address(process), timeout=60.0) as http:
            return _seen(http)
    finally:
        process.terminate()
        process.communicate(timeout=60)


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if found := re.search(r"answers at (http://\S+)", line):
            return found[1]
    raise AssertionError(f"the service did not start:\n{''.join(said)}")


def _seen(http: httpx.Client) -> str:
    example = http.get(f"/v1/kinds/{KIND}").raise_for_status().json()["example"]
    answer = http.post("/v1/experiments", json={"kind": KIND, "spec": example}).raise_for_status()
    place = f"/v1/experiments/{answer.json()['id']}"
    deadline = time.monotonic() + PATIENCE_S
    while (shown := http.get(place).json())["status"] not in TERMINAL:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert shown["status"] == "succeeded", shown
    figure = http.get(f"{place}/figures").json()["items"][0]["name"]
    picture = http.get(f"{place}/figures/{figure}.png").raise_for_status().content
    assert picture.startswith(b"\x89PNG")
    page = http.get(f"/experiments/{answer.json()['id']}").raise_for_status().text
    for static in set(re.findall(r'(?:src|href)="(/static/[^"]+)"', page)):
        http.get(static).raise_for_status()
    return f"{KIND} {shown['status']}, with Python {shown['versions']['python']}"


def main() -> None:
    """Try each interpreter."""
    arguments = argparse.ArgumentParser(prog="python -m tests.installed", description=__doc__)
    arguments.add_argument("python", nargs="+", help="an interpreter: a name on PATH, or a path")
    for name in arguments.parse_args().python:
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            python = environment(name, folder / "environment")
            install(python, "--require-hashes", "--requirement", str(LOCK))
            install(python, str(built(folder)))
            sys.stdout.write(f"{name}: {tried(python, folder / 'empty')}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    os.environ.pop("PYTHONPATH", None)
    main()
