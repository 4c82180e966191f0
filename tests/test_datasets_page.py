"""Every example of the page on datasets, one after the other as they stand, on a real service."""

import json
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.experiment import ExperimentError
from core.reading import read_arrays
from core.session import BEHAVIOUR
from solenoid import Client
from solenoid.cli import main
from tests.pages import DOCS, commands, run, table, texts
from tests.stack import RunningStack

PAGE = DOCS / "datasets.md"
MAT = Path(__file__).parent / "data" / "golub_bci_example.mat"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files that the page does not make itself."""
    made = tmp_path_factory.mktemp("datasets")
    shutil.copyfile(MAT, made / MAT.name)
    (made / "behaviour.csv").write_text(*texts(PAGE, "csv"))
    return made


@pytest.fixture(scope="module")
def shown(stack: RunningStack, folder: Path) -> Iterator[dict[str, Any]]:
    """What each example showed last, by its text, after all of them have run in their order."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        connection, *examples = texts(PAGE, "python")
        assert connection == "from solenoid import Client\n\nclient = Client()\n"
        with Client(stack.url) as client:
            names: dict[str, Any] = {"client": client}
            last = {}
            for example in examples:
                names, values = run(example, **names)
                last[example.splitlines()[-1]] = values[-1]
            yield last


def test_every_example_shows_what_the_page_is_about(shown: dict[str, Any]) -> None:
    assert len(shown) == len(texts(PAGE, "python")) - 1
    assert all(shown.values())
    assert shown['client.upload("two.npz", mapping).summary["factors"]'] == {
        "block": {"after": 44, "before": 40}
    }
    assert shown['client.upload("session.nwb", mapping).summary["factors"]']["state"] == {
        "control": 320
    }
    assert shown['client.upload(["before.npz", "after.npz"]).summary["factors"]'] == {
        "file": {"before.npz": 40, "after.npz": 44}
    }
    windows = shown['client.upload("session.nwb", mapping).summary["factors"]["window"]']
    assert windows == dict.fromkeys(("0", "0.2", "0.4", "0.6"), 640)
    assert shown['turned.summary["behaviour"]']["trials"] == 640


@pytest.mark.parametrize(("mapping", "answer"), table(PAGE, "mapping"))
def test_a_mapping_that_does_not_fit_is_answered_as_the_page_says(
    mapping: str, answer: str, shown: dict[str, Any], folder: Path
) -> None:
    with pytest.raises(ExperimentError) as refused:
        read_arrays(folder / "session.nwb", json.loads(mapping))
    assert answer in str(refused.value)


@pytest.mark.parametrize("line", commands(PAGE, "solenoid"))
def test_every_command_finds_a_dataset(
    line: str,
    stack: RunningStack,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("SOLENOID_URL", stack.url)
    monkeypatch.chdir(folder)
    with pytest.raises(SystemExit) as ended:
        main(shlex.split(line)[1:])
    told = capsys.readouterr()
    assert not ended.value.code, told.err
    assert "behaviour" in told.out


def test_every_array_of_behaviour_is_described() -> None:
    described = " ".join(row[0] for row in table(PAGE, "array"))
    assert set(BEHAVIOUR) <= set(described.replace("`", " ").replace(",", " ").split())
