"""A service of one's own, as a child process: started, waited for, put away whatever happens."""

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from solenoid.errors import SolenoidError
from solenoid.interruption import undisturbed

START_S = 120.0
STOP_S = 30.0
LOOK_S = 0.05
PR_SET_PDEATHSIG = 1


class StackFailed(SolenoidError):
    """The service could not be started."""


@contextmanager
def local_stack(data_dir: Path, workers: int) -> Iterator[str]:
    """Run the whole service on any free port; gives its URL."""
    process: subprocess.Popen[bytes] | None = None
    try:
        with undisturbed():
            process = _started(data_dir, workers)
        yield _url(process, data_dir)
    finally:
        with undisturbed():
            _stop(process)


def _started(data_dir: Path, workers: int) -> subprocess.Popen[bytes]:
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    command = [sys.executable, "-P", "-m", "workers.embedded", "--port", "0"]
    command += ["--data-dir", str(data_dir), "--workers", str(workers)]
    with _log(data_dir).open("wb") as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=_environment(),
            # Ctrl-C is for us; we stop the stack in its own good order.
            start_new_session=True,
            preexec_fn=_dying_with(os.getpid()) if sys.platform == "linux" else None,
        )


def _environment() -> dict[str, str]:
    """Our environment without the settings of another installation: its database is not ours."""
    kept = {k: v for k, v in os.environ.items() if not k.upper().startswith("SOLENOID_")}
    return {**kept, "SOLENOID_GRACE_S": "1"}


def _dying_with(parent: int) -> Callable[[], None]:
    """Linux: what a child runs first, so that it ends with its parent even if that is killed."""
    # Loaded before the fork: a child between fork and exec can do little.
    prctl = ctypes.CDLL(None).prctl

    def prepare() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return prepare


def _url(process: subprocess.Popen[bytes], data_dir: Path) -> str:
    """Where the service answers, once it does."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, ValueError):
            state = json.loads((data_dir / "stack.json").read_text())
            # Another stack may have left its address there, or be running; ours may be starting.
            if state["pid"] == process.pid and "url" in state:
                return str(state["url"])
        if process.poll() is not None:
            raise StackFailed(f"the service did not start:\n{_last_words(data_dir)}")
        time.sleep(LOOK_S)
    raise StackFailed(f"the service did not start within {START_S:g} s:\n{_last_words(data_dir)}")


def _stop(process: subprocess.Popen[bytes] | None) -> None:
    if process is None:
        return
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _last_words(data_dir: Path) -> str:
    lines = _log(data_dir).read_text(errors="replace").splitlines()
    return "\n".join(lines[-20:])


def _log(data_dir: Path) -> Path:
    return data_dir / "stack.log"
