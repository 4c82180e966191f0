"""Every example of the page on sweeps, in its order, on the running service."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from solenoid import Client
from tests.pages import DOCS, run, table, texts
from tests.stack import RunningStack

PAGE = DOCS / "sweeps.md"
KIND = "curl_descent.simulation"


def test_the_examples_run_one_after_the_other(
    stack: RunningStack,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    with Client(stack.url) as client:
        defined, shown = run("".join(texts(PAGE, "python")), client=client)
        preview, first, pivoted, medians, _, _, _, cancelled, _, *rest = shown
        assert preview[0] == first == len(pivoted) == 6
        assert len(medians) == 12
        assert set(medians["count()"]) == {2}
        assert Path("map.png").read_bytes().startswith(b"\x89PNG")
        assert Path("profile.svg").read_text().startswith("<svg")
        assert cancelled["cancelled"] + cancelled["succeeded"] == 4
        assert 0 < defined["resumed"] == cancelled["cancelled"]
        assert rest[:3] == [3, 9, 18]
        would, tagged = rest[3:5]
        found = list(client.experiments(f"sweep = '{defined['sweep'].id}' and tag.fit = 'poor'"))
        assert would == tagged == len(found) > 0
        assert defined["long"].id not in {each.id for each in client.sweeps()}
    printed = capsys.readouterr().out
    assert "4 40 {'fraction': 0.3," in printed
    assert "100% {" in printed


def test_the_commands_run_as_one_script(stack: RunningStack, tmp_path: Path) -> None:
    (script,) = texts(PAGE, "sh")
    programs = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    ended = subprocess.run(
        ["bash", "-euc", script],
        cwd=tmp_path,
        env={**os.environ, "SOLENOID_URL": stack.url, "PATH": programs},
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    assert "6 succeeded" in ended.stderr
    assert "16 succeeded" in ended.stderr
    assert "4 experiments would be tagged" in ended.stdout
    assert "4 experiments tagged" in ended.stdout
    assert ": deleted" in ended.stdout
    written = {path.name for path in tmp_path.iterdir()}
    assert written == {"replicates.parquet", "scales.svg", "heatmap.svg"}


@pytest.mark.parametrize(("axis", "count"), [row[:2] for row in table(PAGE, "axis")])
def test_every_form_of_axis_is_as_long_as_the_page_says(
    axis: str, count: str, stack: RunningStack
) -> None:
    with Client(stack.url) as client:
        assert client.preview_sweep(KIND, json.loads(axis))["count"] == int(count)


@pytest.mark.parametrize("distribution", [row[0] for row in table(PAGE, "distribution")])
def test_every_distribution_draws_the_same_for_the_same_seed(
    distribution: str, stack: RunningStack
) -> None:
    draw = {"hidden" if "[1, " in distribution else "student_scale": json.loads(distribution)}
    specs = []
    with Client(stack.url) as client:
        for seed in (1, 1, 2):
            axes = {"drawn": {"random": {"count": 5, "seed": seed, "draw": draw}}}
            specs.append(client.preview_sweep(KIND, axes)["specs"])
    assert specs[0] == specs[1] != specs[2]
