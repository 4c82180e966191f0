"""What the page about archives shows runs as it stands."""

import re
import shlex
import zipfile
from pathlib import Path
from typing import Any

import pytest

from solenoid import Client
from solenoid.cli import main
from tests.pages import DOCS, commands, run, texts
from tests.stack import RunningStack

PAGE = DOCS / "archives.md"
TINY: dict[str, Any] = {
    "inputs": 8,
    "hidden": 4,
    "data": {"train_size": 20, "test_size": 10},
    "training": {"epochs": 10, "batch_size": 5},
    "replicates": 2,
}


def test_an_archive_is_made_loaded_and_read_as_the_page_says(
    stack: RunningStack,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOLENOID_URL", stack.url)
    kind, tags = "curl_descent.simulation", {"project": "deposit"}
    with Client(stack.url) as client:
        sweep = client.sweep(kind, {"seed": [0, 1]}, TINY, tags=tags)
        single = client.submit(kind, TINY, tags=tags)
        assert sweep.wait(timeout=120).succeeded
        assert single.wait(timeout=60).succeeded
        dataset = next(iter(client.datasets(limit=1))).id
        named = {"0198c1d2": single.id, "0198c1d0": sweep.id, "d6d17bc5": dataset}
        for call in commands(PAGE, "solenoid"):
            with pytest.raises(SystemExit) as ended:
                main(shlex.split(_with(named, call))[1:])
            assert not ended.value.code, (call, capsys.readouterr().err)
        export, load, read = texts(PAGE, "python")
        run(_with(named, export), client=client)
        _, (counted,) = run(load, client=client)
        assert counted["experiments"] == {"added": 0, "present": 3}
    with zipfile.ZipFile("paper.zip") as archive:
        archive.extractall()
    defined, _ = run(read)
    assert set(defined["rows"]["experiment_id"]) >= {single.id}


def _with(named: dict[str, str], example: str) -> str:
    """The example with the ids of what there is for those that the page shortens."""
    own = re.sub(r"(\w{8})-\.\.\.", lambda match: named[match[1]], example)
    return own.replace("fig4", "deposit")  # other tests count what has the page's tag
