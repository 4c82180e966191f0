"""What the client's tests share: a client of the running service, and a recording to submit."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from solenoid import Client, Dataset, Experiment
from solenoid.cli import main
from tests.solenoid.commands import Ended, Run
from tests.solenoid.specs import RATIO, comparison
from tests.stack import RunningStack


@pytest.fixture(scope="session")
def url(stack: RunningStack) -> str:
    """The address of the running service."""
    return stack.url


@pytest.fixture
def client(url: str) -> Iterator[Client]:
    """A client of the running service."""
    with Client(url) as connected:
        yield connected


@pytest.fixture(scope="session")
def recording_path() -> Path:
    """The bundled recording."""
    package = find_spec("core.examples")
    assert package is not None
    assert package.origin is not None
    return Path(package.origin).parent / "golub_bci_sessions.npz"


@pytest.fixture
def recording(client: Client, recording_path: Path) -> Dataset:
    """The bundled recording as a dataset."""
    return client.upload(recording_path)


@pytest.fixture
def finished(client: Client, recording: Dataset) -> Experiment:
    """A comparison of the two blocks of the recording; computed by whoever asks first."""
    experiment = client.submit(RATIO, comparison(recording), name="finished", reuse=True)
    return experiment.wait(timeout=60)


@pytest.fixture
def run(url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `solenoid ...` with the service's address in the environment."""
    monkeypatch.setenv("SOLENOID_URL", url)

    def command(*arguments: str | Path) -> Ended:
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        told = capsys.readouterr()
        assert "\x1b" not in told.out + told.err, "a pipe gets no control codes"
        assert "Traceback" not in told.err
        return Ended(int(ended.value.code or 0), told.out, told.err)

    return command
