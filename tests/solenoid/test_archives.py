"""Archives through the client and the command line."""

import json
import zipfile
from pathlib import Path

import pytest

from solenoid import BadArgument, BadInput, Client, Conflict, Dataset, Experiment, NotFound
from tests.solenoid.commands import Run
from tests.solenoid.specs import ENDLESS, SIMULATION, TINY

NOBODY = "01234567-89ab-7def-8123-456789abcdef"


def members(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        return archive.namelist()


def test_an_experiment_goes_into_a_file_and_comes_back(
    client: Client, finished: Experiment, recording: Dataset, tmp_path: Path
) -> None:
    path = tmp_path / "paper.zip"
    assert client.export(path, experiments=[finished.id]) == []
    assert f"datasets/{recording.id}.json" in members(path)
    rows = finished.results()
    finished.delete()
    assert client.import_archive(path)["experiments"] == {"added": 1, "present": 0}
    assert client.import_archive(str(path))["experiments"] == {"added": 0, "present": 1}
    assert client.experiment(finished.id).results() == rows


def test_what_has_not_ended_is_told_and_left_out(client: Client, tmp_path: Path) -> None:
    ended = client.submit(SIMULATION, TINY, tags={"for": "export"}).wait(timeout=60)
    running = client.submit(SIMULATION, ENDLESS, tags={"for": "export"})
    try:
        assert client.export(tmp_path / "a.zip", "tag.for = 'export'") == [running.id]
        with pytest.raises(Conflict, match=f"would be empty: experiment {running.id} is"):
            client.export(tmp_path / "b.zip", experiments=[running.id])
    finally:
        running.cancel()
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        (line,) = archive.read("experiments.jsonl").splitlines()
    assert json.loads(line)["id"] == ended.id


def test_a_sweep_is_exported_whole(client: Client, tmp_path: Path) -> None:
    sweep = client.sweep(SIMULATION, {"seed": range(3)}, TINY).wait(timeout=60)
    client.export(tmp_path / "a.zip", sweeps=[sweep.id])
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        lines = archive.read("experiments.jsonl").splitlines()
    assert [json.loads(line)["sweep"] for line in lines] == [sweep.id] * 3


def test_a_refused_export_leaves_no_file(client: Client, tmp_path: Path) -> None:
    for wrong in ({"where": "colour = 1"}, {}):
        with pytest.raises(BadInput):
            client.export(tmp_path / "a.zip", **wrong)
    with pytest.raises(NotFound, match=NOBODY):
        client.export(tmp_path / "a.zip", experiments=[NOBODY])
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_read_is_a_bad_argument(client: Client, tmp_path: Path) -> None:
    with pytest.raises(BadArgument, match=r"absent\.zip"):
        client.import_archive(tmp_path / "absent.zip")
    (tmp_path / "bad.zip").write_bytes(b"PK")
    with pytest.raises(BadInput, match="not a whole ZIP file"):
        client.import_archive(tmp_path / "bad.zip")


def test_the_command_line_exports_and_imports(
    run: Run, finished: Experiment, recording: Dataset, tmp_path: Path
) -> None:
    path = tmp_path / "paper.zip"
    ended = run("export", "-o", path, finished.id, "--dataset", recording.id)
    assert ended.code == 0, ended.err
    assert "paper.zip" in ended.err
    ended = run("import", path)
    assert ended.code == 0, ended.err
    assert "here already" in ended.out
    assert json.loads(run("import", path, "--json").out)["experiments"]["present"] == 1


def test_the_command_line_tells_what_was_left_out(run: Run, client: Client, tmp_path: Path) -> None:
    first = client.submit(SIMULATION, TINY).wait(timeout=60)
    running = client.submit(SIMULATION, ENDLESS)
    where = f"id in ('{first.id}', '{running.id}')"
    try:
        ended = run("export", "-o", tmp_path / "a.zip", "--where", where)
    finally:
        running.cancel()
    assert ended.code == 0
    assert running.id in ended.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("export", NOBODY), "--output"),
        (("export", "-o", "a.zip"), "name at least one"),
        (("export", "-o", "a.zip", NOBODY), NOBODY),
        (("export", "-o", "a.zip", "--where", "colour = 1"), "colour"),
        (("export", "-o", "a.zip", "--where", "name = 'nobody'"), "nothing is found"),
        (("import", "absent.zip"), "cannot read absent.zip"),
    ],
)
def test_bad_input_ends_with_code_2(
    arguments: tuple[str, ...], told: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = run(*arguments)
    assert ended.code == 2
    assert told in ended.err
    assert list(tmp_path.iterdir()) == []
