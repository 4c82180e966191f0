"""What the client's tests share: a client of the running service, and a recording to submit."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from solenoid import Client, Dataset, Experiment
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
