"""Starting and stopping the whole service."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.stack import RunningStack, unset_solenoid

HOSTILE = "raise SystemExit('the wrong module was imported')\n"


def test_a_second_stack_on_a_folder_is_refused_naming_the_first(stack: RunningStack) -> None:
    second = subprocess.run(
        [sys.executable, "-P", "-m", "workers.embedded", "--data-dir", str(stack.folder)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert second.returncode == 1
    assert stack.url in second.stderr
    assert str(stack.process.pid) in second.stderr


def test_a_second_stack_is_refused_naming_the_first_while_that_is_starting(
    tmp_path: Path,
) -> None:
    command = [sys.executable, "-P", "-m", "workers.embedded", "--port=0", f"--data-dir={tmp_path}"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as first:
        state = tmp_path / "stack.json"
        while not (state.exists() and state.read_text().endswith("}")):
            assert first.poll() is None
        told = json.loads(state.read_text())
        second = start("--data-dir", str(tmp_path), "--port=0")
        first.terminate()
    assert "url" not in told, "it does not answer yet"
    assert second.returncode == 1
    assert f'"pid": {first.pid}' in second.stderr


def test_a_folder_of_hostile_modules_is_not_imported_and_a_stopped_stack_leaves_no_process(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("hostile")
    for name in ("api", "core", "store", "workers", "migrations", "numpy"):
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text(HOSTILE)
    monkeypatch.chdir(folder)
    with RunningStack(folder / "data") as stack:
        experiment = stack.submit(
            "curl_descent.simulation", {"training": {"epochs": 1}, "replicates": 1}
        )
        assert stack.ended(experiment["id"])["status"] == "succeeded"
        family = stack.descendants()
        assert len(family) >= 4
        output = stack.stop(signal.SIGINT)
    assert "stopping" in output
    assert stack.process.returncode == 0
    gone, alive = psutil.wait_procs(family, timeout=5)
    assert len(gone) == len(family), alive
    logs = [(folder / "data" / "logs" / f"{name}.log").read_text() for name in ("api", "worker")]
    messages = [json.loads(line)["message"] for log in logs for line in log.splitlines()]
    assert "stops: it takes nothing new, and what runs has 1 s" in messages


def test_an_address_open_to_others_is_refused_unless_meant(tmp_path: Path) -> None:
    refused = subprocess.run(
        [sys.executable, "-P", "-m", "api", "--host", "0.0.0.0"],
        env={**os.environ, "SOLENOID_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert refused.returncode == 2
    assert "SOLENOID_OPEN_ACCESS" in refused.stderr


@pytest.mark.parametrize(
    ("module", "settings", "words"),
    [
        ("api", {"SOLENOID_LEASE_S": "soon"}, "SOLENOID_LEASE_S = soon: "),
        ("api", {}, "SOLENOID_REDIS_URL is not set; "),
        ("api", {"SOLENOID_REDIS_URL": "redis://127.0.0.1:1/0"}, "has no tables yet: "),
        ("workers", {"SOLENOID_LEASE_S": "soon"}, "SOLENOID_LEASE_S = soon: "),
        ("workers", {}, "SOLENOID_REDIS_URL is not set; "),
    ],
)
def test_a_process_of_its_own_that_cannot_start_says_why_in_a_sentence(
    module: str, settings: dict[str, str], words: str, tmp_path: Path
) -> None:
    failed = subprocess.run(
        [sys.executable, "-P", "-m", module],
        env={**unset_solenoid(), "SOLENOID_DATA_DIR": str(tmp_path), **settings},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert failed.returncode == 1
    assert words in failed.stderr
    assert failed.stderr.count("\n") == 1


def test_an_address_open_to_others_is_refused_once_before_anything_starts(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    refused = start("--data-dir", str(folder), "--port=0", "--host=0.0.0.0")
    assert refused.returncode == 1
    assert refused.stderr.count("SOLENOID_OPEN_ACCESS") == 1
    assert "Traceback" not in refused.stderr
    assert not list((folder / "logs").iterdir())
    assert folder.stat().st_mode & 0o777 == 0o700, "made for its owner alone"


def start(*options: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Start a stack that must not come up; what it said."""
    return subprocess.run(
        [sys.executable, "-P", "-m", "workers.embedded", *options],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_port_that_is_taken_is_refused_before_anything_starts(
    stack: RunningStack, tmp_path: Path
) -> None:
    port = stack.url.rsplit(":", 1)[1]
    refused = start("--data-dir", str(tmp_path), "--port", port)
    assert refused.returncode == 1
    assert f"127.0.0.1:{port} cannot be served" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (tmp_path / "solenoid.db").exists()


@pytest.mark.parametrize(
    ("options", "settings", "words"),
    [
        (("--data-dir", "/dev/null/below"), {}, "data directory"),
        ((), {"SOLENOID_LEASE_S": "soon"}, "SOLENOID_LEASE_S = soon"),
        (
            ("--port", "0"),
            {"SOLENOID_DATABASE_URL": "postgresql+psycopg://u:secret@127.0.0.1:1/none"},
            "u:***@127.0.0.1:1/none cannot be used",
        ),
        (
            ("--port", "0", "--host", "0.0.0.0"),
            {"SOLENOID_DATABASE_URL": "postgresql+psycopg://u:secret@127.0.0.1:1/none"},
            "u:***@127.0.0.1:1/none cannot be used",
        ),
    ],
)
def test_a_start_that_cannot_succeed_says_why_in_a_sentence(
    options: tuple[str, ...], settings: dict[str, str], words: str, tmp_path: Path
) -> None:
    failed = start(*options, **{"SOLENOID_DATA_DIR": str(tmp_path), **settings})
    assert failed.returncode == 1
    assert words in failed.stderr
    assert "Traceback" not in failed.stderr
    assert "secret" not in failed.stderr


def test_what_others_may_not_read_is_its_users_alone(stack: RunningStack) -> None:
    for name in ("solenoid.db", "solenoid.db-wal", "datasets", "logs"):
        assert (stack.folder / name).stat().st_mode & 0o077 == 0, name
