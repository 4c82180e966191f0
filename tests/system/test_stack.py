"""Starting and stopping the whole service."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.stack import RunningStack

HOSTILE = "raise SystemExit('the wrong module was imported')\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_stack_leaves_no_process(
    number: signal.Signals, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with RunningStack(tmp_path_factory.mktemp("stopped")) as stack:
        family = stack.descendants()
        assert len(family) >= 4
        output = stack.stop(number)
    assert "stopping" in output
    assert stack.process.returncode == 0
    gone, alive = psutil.wait_procs(family, timeout=5)
    assert len(gone) == len(family), alive


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


def test_a_folder_of_hostile_modules_is_not_imported(
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
