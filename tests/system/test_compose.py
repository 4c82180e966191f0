"""docker-compose.yml: what it says is valid, and what it starts works, without a container engine.

Each service's own command runs as a process of this machine, against a PostgreSQL and a Redis that
listen on TCP and ask for the passwords of the same `.env`.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
import yaml
from compose_spec import PyCompose

from tests.compose_file import EXAMPLE, Unset, interpolated, mentioned, services, variables
from tests.pages import ROOT
from tests.postgresql import free_port, postgresql
from tests.stack import unset_solenoid
from workers.redis_server import executable

PATIENCE_S = 120.0
PASSWORDS = {"POSTGRES_PASSWORD": "a1b2c3", "REDIS_PASSWORD": "d4e5f6"}
QUICK = {"SOLENOID_LEASE_S": "8", "SOLENOID_GRACE_S": "1", "WORKER_SLOTS": "1"}
ENV = {**variables(EXAMPLE.read_text()), **PASSWORDS}
OURS = ("migrate", "api", "worker")
WORK = {
    "inputs": 60,
    "hidden": 10,
    "training": {"epochs": 1500, "norm_constraint": "layer"},
    "replicates": 2,
}


def test_the_file_is_valid_by_the_compose_specification() -> None:
    read = yaml.safe_load(interpolated(ENV))
    PyCompose.from_json(json.dumps(read)).validate()
    read["services"]["api"]["memory"] = "4g"
    with pytest.raises(ValueError, match="memory"):
        PyCompose.from_json(json.dumps(read))


def test_every_variable_is_explained_and_passwords_must_be_set() -> None:
    assert mentioned() == set(variables(EXAMPLE.read_text()))
    for name in PASSWORDS:
        with pytest.raises(Unset, match=name):
            interpolated({**ENV, name: ""})


def test_every_service_is_pinned_limited_watched_and_not_root() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert re.search(r"^FROM python:3\.\d+\.\d+-", dockerfile)
    assert re.search(r"^USER solenoid$", dockerfile, re.MULTILINE)
    for name, service in services(ENV).items():
        image, tag = service["image"].split(":")
        assert tag == version if image == "solenoid" else re.match(r"\d+\.\d+(\.\d+)?-", tag)
        assert image == "solenoid" or service["user"] == image
        assert service["cap_drop"] == ["ALL"]
        assert {"cpus", "memory"} == set(service["deploy"]["resources"]["limits"])
        assert "healthcheck" in service or service["restart"] == "no", name


def test_nothing_but_the_api_is_published_and_that_on_this_machine_alone() -> None:
    published = {name: each["ports"] for name, each in services(ENV).items() if "ports" in each}
    assert published == {"api": ["127.0.0.1:8000:8000"]}


class Natively:
    """The services as processes of this machine."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.stack = stack
        self.folder = folder
        self.services = services({**ENV, **QUICK})
        self.port, broker = free_port(), free_port()
        server = stack.enter_context(postgresql(folder / "postgresql", tcp=True))
        _prepare(server.url, folder / "postgresql", self.services["postgres"]["environment"])
        self._here = {
            "postgres:5432": f"127.0.0.1:{server.port}",
            "redis:6379": f"127.0.0.1:{broker}",
            "/data": str(folder / "data"),
            "8000": str(self.port),
        }
        (folder / "data").mkdir()
        command = self.services["redis"]["command"]
        reach = ["--port", str(broker), "--bind", "127.0.0.1", "--dir", str(folder)]
        self._start("redis", [str(executable()), *command[1:], *reach])

    def run(self, name: str, command: list[str] | None = None) -> subprocess.CompletedProcess[str]:
        """`docker compose run`: a service's command, or another in its place, to its end."""
        words = self._words(command or self.services[name]["command"])
        return subprocess.run(
            words,
            env=self.environment(name),
            cwd=self.folder / "data",
            capture_output=True,
            text=True,
            check=False,
        )

    def up(self, name: str) -> subprocess.Popen[bytes]:
        """`docker compose up` of one container."""
        return self._start(name, self._words(self.services[name]["command"]))

    def healthy(self, name: str) -> bool:
        """What the service's health check says."""
        return self.run(name, self.services[name]["healthcheck"]["test"][1:]).returncode == 0

    def environment(self, name: str) -> dict[str, str]:
        """The variables of a container: its `env_file`, then its `environment`."""
        given = {**ENV, **QUICK, **self.services[name]["environment"]}
        ours = {key: self._translated(value) for key, value in given.items()}
        return {**unset_solenoid(), "PYTHONSAFEPATH": "1", **ours}

    def _start(self, name: str, words: list[str]) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                words,
                env=self.environment(name),
                cwd=self.folder / "data",
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.stack.callback(process.wait)
        self.stack.callback(_kill, process)
        return process

    def _words(self, command: list[str]) -> list[str]:
        tools = {name: str(Path(sys.executable).with_name(name)) for name in ("python", "solenoid")}
        return [tools.get(command[0], command[0]), *map(self._translated, command[1:])]

    def _translated(self, text: str) -> str:
        for there, here in self._here.items():
            text = text.replace(there, here)
        return text


def _prepare(url: str, folder: Path, wanted: dict[str, str]) -> None:
    """What PostgreSQL's image does with its variables; then let nobody in without a password."""
    user, name = wanted["POSTGRES_USER"], wanted["POSTGRES_DB"]
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        role = f"CREATE ROLE {user} LOGIN PASSWORD '{wanted['POSTGRES_PASSWORD']}'"
        for statement in (role, f"CREATE DATABASE {name} OWNER {user}"):
            connection.execute(sa.text(statement))
        (folder / "pg_hba.conf").write_text("host all all 127.0.0.1/32 scram-sha-256\n")
        connection.execute(sa.text("SELECT pg_reload_conf()"))


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.timeout(300)
def test_what_it_starts_works_and_survives_the_loss_of_a_worker(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with ExitStack() as stack:
        natively = Natively(tmp_path_factory.mktemp("compose"), stack)
        migrated = natively.run("migrate")
        assert migrated.returncode == 0, migrated.stderr
        made = natively.run("api", ["solenoid", "token", "create", "ann", "--role", "admin"])
        token = made.stdout.strip()
        worker = natively.up("worker")
        natively.up("api")
        there = {"SOLENOID_URL": f"http://127.0.0.1:{natively.port}", "SOLENOID_TOKEN": token}
        headers = {"Authorization": f"Bearer {token}"}
        http = stack.enter_context(httpx.Client(base_url=there["SOLENOID_URL"], headers=headers))
        until(lambda: workers_of(http) == 1)
        assert natively.healthy("worker")
        assert natively.healthy("api")
        identifier = submitted({**unset_solenoid(), **there}, natively.folder)

        def shown() -> dict[str, Any]:
            found: dict[str, Any] = http.get(f"/v1/experiments/{identifier}").json()
            return found

        until(lambda: bool(shown()["status"] == "running"))
        os.killpg(worker.pid, signal.SIGKILL)
        natively.up("worker")
        until(lambda: shown()["status"] not in ("queued", "running"))
        ended = shown()
        assert ended["status"] == "succeeded", ended
        outcomes = [each["outcome"] for each in ended["history"]]
        assert (outcomes[0], outcomes[-1]) == ("lost", "succeeded")
        assert ended["owner"] == "ann"
        assert httpx.get(f"{there['SOLENOID_URL']}/v1/experiments").status_code == 401
        assert "Secure" in cookie_through_a_proxy(there["SOLENOID_URL"], token)


def cookie_through_a_proxy(url: str, token: str) -> str:
    """What a browser is given that signs in by HTTPS; the proxy has an address of its own."""
    elsewhere = httpx.HTTPTransport(local_address="127.0.0.5")
    with httpx.Client(base_url=url, transport=elsewhere) as proxy:
        asked = {"X-Forwarded-Proto": "https"}
        return proxy.post("/sign-in", data={"token": token}, headers=asked).headers["set-cookie"]


def workers_of(http: httpx.Client) -> int:
    """How many workers an API knows that may not answer yet."""
    try:
        return int(http.get("/readyz").json()["workers"])
    except httpx.HTTPError:
        return 0


def submitted(variables: dict[str, str], folder: Path) -> str:
    """The id of work that was submitted as a user does, from a process group of its own."""
    spec = folder / "spec.json"
    spec.write_text(json.dumps({"kind": "curl_descent.simulation", "spec": WORK}))
    command = [str(Path(sys.executable).with_name("solenoid")), "submit", str(spec)]
    done = subprocess.run(
        command, env=variables, capture_output=True, text=True, start_new_session=True, check=True
    )
    return str(re.findall(r"[0-9a-f]{8}-[0-9a-f-]{27}", done.stdout)[0])
