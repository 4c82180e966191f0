"""Several machines: workers and API with nothing in common but PostgreSQL and Redis over TCP."""

import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

import migrations
from tests.postgresql import free_port, postgresql
from tests.solenoid.relay import relay
from tests.stack import TERMINAL, unset_solenoid
from workers.redis_server import executable

LEASE_S = 5
PATIENCE_S = 150.0
WORK = {
    "kind": "curl_descent.simulation",
    "spec": {
        "inputs": 60,
        "hidden": 10,
        "training": {"epochs": 3000, "norm_constraint": "layer"},
        "replicates": 2,
    },
}


class Machines:
    """An API and two workers, of which `far` reaches database and broker through relays."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.stack = stack
        self.folder = folder
        server = stack.enter_context(postgresql(folder / "postgresql", tcp=True))
        migrations.upgrade(server.url)
        broker_port = free_port()
        broker = [str(executable()), "--port", str(broker_port), "--save", "", "--dir", str(folder)]
        self._process(broker, {})
        near = (server.port or 0, broker_port)
        self.relays = [stack.enter_context(relay(f"http://127.0.0.1:{port}")) for port in near]
        database, broker_relay = (httpx.URL(each.url).port or 0 for each in self.relays)
        far = (database, broker_relay)
        python, port = [sys.executable, "-P", "-m"], free_port()
        self._process([*python, "api", "--port", str(port)], self._settings("api", near))
        for name, reach in (("near", near), ("far", far)):
            self._process([*python, "workers", "--slots", "1"], self._settings(name, reach))
        self.http = stack.enter_context(httpx.Client(base_url=f"http://127.0.0.1:{port}"))

    def submit(self) -> str:
        """Work for a few seconds; its id."""
        return str(self.http.post("/v1/experiments", json=WORK).json()["id"])

    def show(self, identifier: str) -> dict[str, Any]:
        """An experiment as it is now."""
        shown: dict[str, Any] = self.http.get(f"/v1/experiments/{identifier}").json()
        return shown

    def _settings(self, name: str, reach: tuple[int, int]) -> dict[str, str]:
        folder = self.folder / name
        folder.mkdir()
        return {
            "SOLENOID_DATA_DIR": str(folder),
            "SOLENOID_DATABASE_URL": f"postgresql+psycopg://postgres@127.0.0.1:{reach[0]}/postgres",
            "SOLENOID_REDIS_URL": f"redis://127.0.0.1:{reach[1]}/0",
            "SOLENOID_LEASE_S": str(LEASE_S),
            "SOLENOID_GRACE_S": "1",
        }

    def _process(self, command: list[str], settings: dict[str, str]) -> None:
        name = settings.get("SOLENOID_DATA_DIR", str(self.folder / "broker"))
        with Path(f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                command,
                env={**unset_solenoid(), **settings},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.stack.callback(process.wait)
        self.stack.callback(process.kill)


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def ready(machines: Machines, workers: int) -> bool:
    try:
        return bool(machines.http.get("/readyz").json()["workers"] == workers)
    except httpx.HTTPError:
        return False


@pytest.mark.timeout(300)
def test_a_machine_that_is_cut_off_writes_nothing_and_comes_back(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with ExitStack() as stack:
        machines = Machines(tmp_path_factory.mktemp("machines"), stack)
        until(lambda: ready(machines, 2))
        identifiers = [machines.submit() for _ in range(2)]
        until(lambda: all(machines.show(each)["status"] == "running" for each in identifiers))
        for each in machines.relays:
            each.partition()
        until(lambda: all(machines.show(each)["status"] in TERMINAL for each in identifiers))
        shown = [machines.show(each) for each in identifiers]
        assert [each["status"] for each in shown] == ["succeeded", "succeeded"]
        outcomes = sorted([attempt["outcome"] for attempt in each["history"]] for each in shown)
        assert outcomes == [["lost", "succeeded"], ["succeeded"]]
        for each in machines.relays:
            each.heal()
        until(lambda: ready(machines, 2))
        again = [machines.submit() for _ in range(2)]
        until(lambda: all(machines.show(each)["status"] == "succeeded" for each in again))
        workers = {machines.show(each)["history"][-1]["worker"] for each in again}
        assert len(workers) == 2, "the machine that was cut off takes part again"
        assert [machines.show(each)["history"] for each in identifiers] == [
            each["history"] for each in shown
        ]
