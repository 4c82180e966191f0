"""A demo that somebody ends: no process and no folder stays, whenever it was."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

STARTED = "starting the service"
ANSWERS = "it answers"
RUNNING = "running"


@pytest.fixture
def temporary() -> Iterator[Path]:
    """A folder for temporary files whose path is short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="solenoid-test-") as folder:
        yield Path(folder)


@pytest.mark.parametrize(
    ("number", "line", "delay_s"),
    [
        (signal.SIGINT, STARTED, 0.0),
        (signal.SIGINT, STARTED, 1.0),
        (signal.SIGTERM, RUNNING, 0.5),
    ],
)
def test_an_interrupted_demo_leaves_nothing_behind(
    number: signal.Signals, line: str, delay_s: float, temporary: Path, tmp_path: Path
) -> None:
    with demo(temporary, tmp_path) as running:
        _read_until(line, running)
        time.sleep(delay_s)
        running.send_signal(number)
        out, err = running.communicate(timeout=30)
    assert running.returncode == 128 + number
    assert (out.splitlines()[-1], err) == ("interrupted; everything was stopped", "")
    assert family(temporary) == []
    assert list(temporary.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of a parent's death")
def test_a_killed_demo_takes_its_service_with_it(temporary: Path, tmp_path: Path) -> None:
    with demo(temporary, tmp_path) as running:
        _read_until(ANSWERS, running)
        before = family(temporary)
        running.kill()
        running.communicate(timeout=30)
    assert len(before) >= 4
    psutil.wait_procs(before, timeout=20)
    assert family(temporary) == []


def demo(temporary: Path, output: Path) -> "subprocess.Popen[str]":
    """A demo that keeps its temporary files in a folder of the test."""
    return subprocess.Popen(
        [sys.executable, "-m", "solenoid.cli", "demo", "--output", str(output)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(temporary), "PYTHONUNBUFFERED": "1"},
    )


def family(temporary: Path) -> list[psutil.Process]:
    """Every process that was told to keep its temporary files there."""
    return [process for process in psutil.process_iter() if _variable(process) == str(temporary)]


def _variable(process: psutil.Process) -> str | None:
    try:
        return process.environ().get("TMPDIR")
    except psutil.Error:
        return None


def _read_until(wanted: str, running: "subprocess.Popen[str]") -> None:
    assert running.stdout is not None
    assert any(wanted in line for line in iter(running.stdout.readline, "")), "the demo ended"
