"""The files under deploy/ do what docs/deploying.md says, on this machine."""

import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from configparser import ConfigParser
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from core.kinds import KINDS
from store.accepting import Submission, accept
from store.database import Database
from store.experiments import get
from store.tables import checkpoints
from tests.pages import ROOT
from tests.postgresql import free_port
from tests.stack import RunningStack, unset_solenoid
from workers.redis_server import executable

UNITS = sorted((ROOT / "deploy" / "systemd").iterdir())
BIN = Path(sys.executable).parent
SIMULATION = KINDS["curl_descent.simulation"]
PATIENCE_S = 120.0


def unit(name: str) -> ConfigParser:
    """A unit as systemd reads it, but for repeated keys, which ours have none of."""
    parser = ConfigParser(interpolation=None, comment_prefixes=("#",))
    parser.optionxform = str  # type: ignore[method-assign, assignment]
    parser.read(ROOT / "deploy" / "systemd" / name)
    return parser


def here(text: str, folder: Path) -> str:
    """A unit's text with the places that this test has instead."""
    places = {"/opt/solenoid/bin": BIN, "/var/lib/solenoid": folder / "state"}
    places["/var/backups/solenoid"] = folder / "backups"
    for place, own in places.items():
        text = text.replace(place, str(own))
    return text


@pytest.mark.parametrize("name", [path.name for path in UNITS])
def test_every_unit_is_complete(name: str) -> None:
    read = unit(name)
    assert read["Unit"]["Description"]
    if name.endswith(".timer"):
        assert f"{name.removesuffix('.timer')}.service" in [path.name for path in UNITS]
        return
    service = read["Service"]
    assert service["User"] == "solenoid"
    for program in re.findall(r"/opt/solenoid/bin/(\w+)", service["ExecStart"]):
        assert (BIN / program).exists()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path) -> None:
    for path in UNITS:
        (tmp_path / path.name).write_text(here(path.read_text(), tmp_path))
    names = [str(tmp_path / path.name) for path in UNITS]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *names], capture_output=True, text=True
    )
    ours = [line for line in done.stderr.splitlines() if "solenoid" in line]
    assert (done.returncode, ours) == (0, []), done.stderr


class Started:
    """What a service unit starts, as this user, in folders of the test's own."""

    def __init__(self, name: str, folder: Path, **variables: str) -> None:
        service = unit(name)["Service"]
        given = dict(pair.split("=", 1) for pair in here(service["Environment"], folder).split())
        self.variables = {**unset_solenoid(), **given, **variables}
        command = here(service["ExecStart"], folder).replace("$$", "$").replace("%%", "%")
        self.words = shlex.split(command)
        self.folder = Path(given["SOLENOID_DATA_DIR"])
        self.folder.mkdir(exist_ok=True)

    def run(self) -> str:
        """To its end, as a oneshot unit; what it printed."""
        done = subprocess.run(
            self.words, env=self.variables, capture_output=True, text=True, check=True
        )
        return done.stdout


@contextmanager
def serving(started: Started, port: int) -> Iterator[httpx.Client]:
    """The service that a unit starts; stopped as systemd does."""
    words = [str(port) if word == "8000" else word for word in started.words]
    process = subprocess.Popen(
        [*words, "--workers", "1"],
        env=started.variables,
        cwd=started.folder,
        stdout=subprocess.DEVNULL,
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30.0) as http:
            until(lambda: answers(http))
            yield http
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0


@pytest.mark.timeout(300)
def test_a_backup_of_a_running_service_is_one_to_start_from(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("backup")
    service = Started("solenoid.service", folder)
    (folder / "backups").mkdir()
    with serving(service, free_port()) as http:
        spec = http.get("/v1/kinds/dimensionality.participation_ratio").json()["example"]
        asked = {"kind": "dimensionality.participation_ratio", "spec": spec}
        first = http.post("/v1/experiments", json=asked).json()["id"]
        until(lambda: bool(http.get(f"/v1/experiments/{first}").json()["status"] == "succeeded"))
        results = http.get(f"/v1/experiments/{first}/results").json()
        told = Started("solenoid-backup.service", folder).run()
        assert "the database and 4 dataset files" in told
    (copy,) = (folder / "backups").iterdir()
    with RunningStack(copy) as restored:
        assert restored.http.get(f"/v1/experiments/{first}/results").json() == results
        again = restored.ended(restored.submit(asked["kind"], spec)["id"])
        assert again["status"] == "succeeded"
        assert again["summary"] == restored.show(first)["summary"]


def batch_job(folder: Path, number: int, port: int) -> subprocess.Popen[bytes]:
    """What Slurm runs: the batch script in a process of its own."""
    settings = folder / "solenoid.env"
    lines = {
        "DATABASE_URL": f"sqlite:///{folder / 'solenoid.db'}",
        "REDIS_URL": f"redis://127.0.0.1:{port}/0",
        "CHECKPOINT_S": "0.2",
        "LEASE_S": "60",
    }
    settings.write_text("".join(f"export SOLENOID_{k}='{v}'\n" for k, v in lines.items()))
    variables = {
        "SOLENOID_ENV": str(settings),
        "SOLENOID_PYTHON": sys.executable,
        "SOLENOID_GRACE_S": "0.5",
        "SLURM_CPUS_PER_TASK": "1",
        "TMPDIR": str(folder),
    }
    with (folder / f"job{number}.log").open("wb") as log:
        return subprocess.Popen(
            [str(ROOT / "deploy" / "slurm" / "worker.sbatch")],
            env={**unset_solenoid(), **variables},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


@pytest.mark.timeout(300)
def test_a_batch_job_drains_before_its_limit_and_another_goes_on(
    tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path
) -> None:
    folder = tmp_path_factory.mktemp("slurm")
    shutil.copyfile(migrated_sqlite, folder / "solenoid.db")
    database = Database(f"sqlite:///{folder / 'solenoid.db'}")
    training = {"epochs": 4000, "norm_constraint": "layer"}
    spec = SIMULATION.spec.model_validate(
        {"inputs": 60, "hidden": 10, "training": training, "replicates": 4}
    )
    identifier = accept(database, Submission(SIMULATION, spec, SIMULATION.estimate(spec, {}))).id
    port = free_port()
    broker = [str(executable()), "--port", str(port), "--save", "", "--dir", str(folder)]
    with ExitStack() as stack:
        stack.callback(database.close)
        ending(stack, subprocess.Popen(broker, stdout=subprocess.DEVNULL))
        first = ending(stack, batch_job(folder, 1, port))
        until(lambda: kept(database) == 1)
        first.send_signal(signal.SIGTERM)
        assert first.wait(timeout=60) == 0
        assert [each.outcome for each in get(database, identifier).history] == ["handed_back"]
        assert kept(database) == 1, "the next worker goes on from the checkpoint"
        ending(stack, batch_job(folder, 2, port))
        until(lambda: get(database, identifier).status == "succeeded")
        history = get(database, identifier).history
        assert [each.outcome for each in history] == ["handed_back", "succeeded"]
        assert history[0].worker != history[1].worker


def ending(stack: ExitStack, process: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
    """A process that ends with the test."""
    stack.callback(process.wait)
    stack.callback(process.terminate)
    return process


def kept(database: Database) -> int:
    """How many checkpoints there are."""
    with database.read() as connection:
        count: Any = connection.execute(sa.select(sa.func.count()).select_from(checkpoints))
        return int(count.scalar_one())


def answers(http: httpx.Client) -> bool:
    try:
        return http.get("/readyz").status_code == 200
    except httpx.HTTPError:
        return False


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)
