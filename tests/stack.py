"""The service as its users start it: real processes, stopped at the end, with none left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx
import psutil

START_S = 150.0
SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 0.02, 0.2
TERMINAL = ("succeeded", "failed", "cancelled")


class RunningStack:
    """`python -P -m workers.embedded` in a folder of its own, and an HTTP client for it."""

    def __init__(
        self, folder: Path, *, workers: int = 1, preload: Path | None = None, **settings: object
    ) -> None:
        self.folder = folder
        self._workers = workers
        self._variables = {
            f"SOLENOID_{name.upper()}": str(value) for name, value in settings.items()
        }
        if preload is not None:  # a folder whose `sitecustomize` every process imports first
            self._variables["PYTHONPATH"] = str(preload)

    def __enter__(self) -> "RunningStack":
        self.process = subprocess.Popen(
            self._command(),
            env={**unset_solenoid(), "SOLENOID_GRACE_S": "1", **self._variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.url = self._address()
        self.http = httpx.Client(base_url=self.url, timeout=30.0)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.http.close()
        self.stop(signal.SIGTERM)

    def stop(self, number: signal.Signals) -> str:
        """End the stack by a signal; what it printed since it was ready."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        output, _ = self.process.communicate(timeout=30)
        return output

    def kill(self) -> None:
        """kill -9 of the supervisor, or what is left to do once it has ended by itself."""
        self.http.close()
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()

    def descendants(self, name: str = "") -> list[psutil.Process]:
        """The live processes of the stack whose command line holds `name`."""
        found = psutil.Process(self.process.pid).children(recursive=True)
        return [child for child in found if name in _command_line(child)]

    def submit(self, kind: str, spec: dict[str, Any], **labels: Any) -> dict[str, Any]:
        """Submit a spec that must be accepted; the experiment."""
        answer = self.http.post("/v1/experiments", json={"kind": kind, "spec": spec, **labels})
        assert answer.status_code == 202, answer.text
        experiment: dict[str, Any] = answer.json()
        return experiment

    def show(self, identifier: str) -> dict[str, Any]:
        """An experiment as it is now."""
        experiment: dict[str, Any] = self.http.get(f"/v1/experiments/{identifier}").json()
        return experiment

    def ended(self, identifier: str, patience_s: float = 60.0) -> dict[str, Any]:
        """An experiment once it has ended."""
        return self.until(identifier, *TERMINAL, patience_s=patience_s)

    def until(self, identifier: str, *statuses: str, patience_s: float = 60.0) -> dict[str, Any]:
        """An experiment once it has one of these statuses."""
        deadline, pause = time.monotonic() + patience_s, SHORTEST_PAUSE_S
        while (experiment := self.show(identifier))["status"] not in statuses:
            assert time.monotonic() < deadline, experiment
            time.sleep(pause)  # to ask more often would take a core from what is waited for
            pause = min(1.2 * pause, LONGEST_PAUSE_S)
        return experiment

    def wait_until_ready(self, patience_s: float = START_S) -> None:
        """Return when the service says that an experiment submitted now would run."""
        deadline = time.monotonic() + patience_s
        while not self._ready():
            assert time.monotonic() < deadline, "the service did not become ready"
            time.sleep(0.05)

    def _command(self) -> list[str]:
        supervisor = [sys.executable, "-P", "-m", "workers.embedded"]
        options = {"data-dir": self.folder, "port": 0, "workers": self._workers}
        return [*supervisor, *(f"--{name}={value}" for name, value in options.items())]

    def _ready(self) -> bool:
        try:
            return self.http.get("/readyz").status_code == 200
        except httpx.HTTPError:
            return False

    def _address(self) -> str:
        state = self.folder / "stack.json"
        deadline = time.monotonic() + START_S
        while self.process.poll() is None and time.monotonic() < deadline:
            text = state.read_text() if state.exists() else ""
            told = json.loads(text) if text.endswith("}") else {}
            # What a killed stack wrote may still be there, and what ours says while it starts.
            if told.get("pid") == self.process.pid and "url" in told:
                return str(told["url"])
            time.sleep(0.05)
        self.process.kill()
        raise AssertionError(self.process.communicate()[0])


def unset_solenoid() -> dict[str, str]:
    """This process's environment without settings that would lead the stack elsewhere."""
    return {name: value for name, value in os.environ.items() if not name.startswith("SOLENOID_")}


def _command_line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return ""
