"""What the README shows runs as it stands, in its order, on the running service."""

import shlex
from pathlib import Path

import numpy as np
import pytest

from solenoid import Client
from solenoid.cli import main
from tests.pages import ROOT, commands, requested, texts
from tests.stack import RunningStack

PAGE = ROOT / "README.md"
TINY = {
    "inputs": 8,
    "hidden": 4,
    "data": {"train_size": 20, "test_size": 10},
    "training": {"epochs": 10, "batch_size": 5},
    "replicates": 2,
}


@pytest.fixture
def service(stack: RunningStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunningStack:
    """The service, asked from a folder with the files that the README speaks of."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOLENOID_URL", stack.url)
    random = np.random.default_rng(0)
    np.savez(
        "session.npz",
        counts=random.poisson(5.0, (64, 10)),
        target=np.tile(np.arange(8), 8),
        block=np.repeat(["before", "after"], 32),
    )
    return stack


def solenoid(command: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What a command prints."""
    with pytest.raises(SystemExit) as ended:
        main(shlex.split(command, comments=True)[1:])
    told = capsys.readouterr()
    assert not ended.value.code, (command, told.err)
    return told.out


def test_the_commands_run_one_after_the_other(
    service: RunningStack, capsys: pytest.CaptureFixture[str]
) -> None:
    calls = [call for call in commands(PAGE, "solenoid") if "session.mat" not in call]
    assert len(calls) >= 9
    dataset, experiment = "", ""
    other = service.submit("curl_descent.simulation", TINY)["id"]
    for call in calls:
        own = dataset if "dataset=ID" in call else experiment
        brief = call.replace("epochs=500", "epochs=10")
        printed = solenoid(brief.replace("ID", own, 1).replace("ID", other), capsys)
        if call.startswith("solenoid submit curl_descent"):
            (experiment,) = {word for word in printed.split() if word.count("-") == 4}
        if call.startswith("solenoid upload"):
            (dataset,) = {word for word in printed.split() if word.count("-") == 4}
    assert Path("curves.svg").read_bytes().startswith(b"<svg")
    pictures = list(Path("pictures").iterdir())
    assert pictures
    assert all(picture.read_bytes().startswith(b"%PDF") for picture in pictures)


def test_the_example_in_python_runs(
    service: RunningStack, capsys: pytest.CaptureFixture[str]
) -> None:
    (example,) = texts(PAGE, "python")
    exec(example, {})
    printed = capsys.readouterr().out
    assert "curl_descent" in printed
    assert "gradient_descent" in printed
    assert Path("curves.png").read_bytes().startswith(b"\x89PNG")


def test_every_request_is_answered(service: RunningStack) -> None:
    with Client(service.url) as client:
        found = next(iter(client.experiments("status = 'succeeded'", limit=1)))
    for call in commands(PAGE, "curl"):
        brief = call.replace("/ID/", f"/{found.id}/").replace('"epochs": 500', '"epochs": 10')
        with service.http.stream(**requested(brief)) as answer:
            assert answer.status_code in (200, 202), call
            assert next(answer.iter_bytes()), call
