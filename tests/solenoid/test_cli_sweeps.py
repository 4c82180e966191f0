"""Sweeps and questions on the command line."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.ipc
import pyarrow.parquet
import pytest

from solenoid import Client, Sweep
from tests.solenoid.commands import Run
from tests.solenoid.specs import ENDLESS, SIMULATION, TINY


@pytest.fixture(scope="module")
def swept(url: str) -> Sweep:
    """Two finished experiments."""
    with Client(url) as client:
        return client.sweep(SIMULATION, {"seed": [0, 1]}, TINY, name="cli").wait(timeout=60)


def document(**more: Any) -> str:
    """A sweep as a file has it."""
    return json.dumps({"kind": SIMULATION, "base": TINY, **more})


def test_a_sweep_is_written_with_axes_and_waited_for(
    run: Run, client: Client, tmp_path: Path
) -> None:
    path = tmp_path / "sweep.json"
    path.write_text(document(axes={"seed": [7]}, tags={"a": "b"}))
    ended = run(
        *("sweep", path, "replicates=1", "--axis", "student_scale=logspace:-1:0:2"),
        *("--axis", "training.learning_rate=0.05,0.1", "--tag", "c=d", "--name", "typed", "--wait"),
    )
    assert ended.code == 0, ended.err
    assert "4 succeeded" in ended.err
    (id,) = ended.out.splitlines()
    sweep = client.get_sweep(id)
    rows = sweep.results().rows
    assert {(row["student_scale"], row["training.learning_rate"]) for row in rows} == {
        *((0.1, 0.05), (0.1, 0.1), (1.0, 0.05), (1.0, 0.1))
    }
    child = client.experiment(rows[0]["experiment"])
    assert (child.spec["seed"], child.spec["replicates"]) == (7, 1)
    assert child.tags == {"a": "b", "c": "d"}


def test_a_preview_tells_the_cost_and_stores_nothing(run: Run, client: Client) -> None:
    before = [sweep.id for sweep in client.sweeps(limit=1)]
    told = run(
        *("sweep", SIMULATION, "--axis", "compression_ratio=logspace:-1:1:3", "--preview"),
        *("--axis", "seed=linspace:0:19:20", "--derive", "total_neurons=44", "replicates=2"),
    ).out
    assert "60" in told
    assert "s on one core" in told
    assert "replicates=2" in told
    assert "left out" not in told
    twice = run("sweep", SIMULATION, "--axis", "seed=0,1,1", "--preview").out
    assert "1 whose spec another has" in twice
    assert [sweep.id for sweep in client.sweeps(limit=1)] == before


def test_sweeps_are_listed_and_shown(run: Run, swept: Sweep) -> None:
    assert swept.id in run("sweeps", "-n", "500").out
    assert swept.id in {each["id"] for each in json.loads(run("sweeps", "--json").out)}
    shown = run("show", swept.id).out
    assert "2 succeeded" in shown
    assert "axes.seed=[0, 1]" in shown
    assert run("watch", swept.id).code == 0


def test_a_sweep_is_cancelled_retried_and_deleted_by_its_id(run: Run, client: Client) -> None:
    sweep = client.sweep(SIMULATION, {"seed": [0, 1, 2]}, ENDLESS)
    assert "3 of its experiments" in run("cancel", sweep.id).out
    watched = run("watch", sweep.id)
    assert watched.code == 1
    assert "3 cancelled" in watched.out
    assert "0 of its experiments" in run("retry", sweep.id).out
    assert run("delete", sweep.id).code == 0
    assert run("show", sweep.id).code == 2


def test_a_cancelled_experiment_is_retried(run: Run, client: Client) -> None:
    experiment = client.submit(SIMULATION, ENDLESS)
    experiment.cancel().wait(timeout=20)
    assert "queued again" in run("retry", experiment.id).out
    assert run("retry", experiment.id).code == 1
    assert run("cancel", experiment.id).code == 0


def test_a_list_is_filtered_and_sorted(run: Run, swept: Sweep) -> None:
    where = f"sweep = '{swept.id}' and kind = '{SIMULATION}'"
    listed = run("list", "--where", where, "--order-by", "param.seed desc", "--json").out
    assert [each["spec"]["seed"] for each in json.loads(listed)] == [1, 0]


@pytest.mark.parametrize("form", ["csv", "jsonl", "json"])
def test_an_answer_is_written_as_text(form: str, run: Run, swept: Sweep) -> None:
    asked = (f"sweep = '{swept.id}'", "--kind", SIMULATION, "--select", "arm, param.seed")
    rows = read(form, run("query", *asked, "--format", form).out)
    assert len(rows) == 8
    assert {int(row["param.seed"]) for row in rows} == {0, 1}


def test_times_are_written_as_text(run: Run, client: Client, swept: Sweep) -> None:
    asked = ("query", f"sweep = '{swept.id}'", "--select", "created_at", "--limit", "1")
    created = next(client.get_sweep(swept.id).experiments()).data["created_at"]
    (row,) = json.loads(run(*asked, "--format", "json").out)
    assert row["created_at"] == created
    assert created in run(*asked).out


def test_a_table_of_nothing_says_so(run: Run) -> None:
    ended = run("query", "name = 'nobody'", "--kind", SIMULATION)
    assert (ended.code, ended.out) == (0, "")
    assert "no such rows" in ended.err


def test_groups_are_shown_as_a_table(run: Run, swept: Sweep) -> None:
    told = run(
        *("results", f"sweep = '{swept.id}' and kind = '{SIMULATION}'", "--group-by", "arm"),
        *("--aggregate", "mean(metric.final_test_error), count()", "--order-by", "arm desc"),
    )
    assert "mean(metric.final_test_error)" in told.out
    assert [line.split()[0] for line in told.out.splitlines()[1:]] == [
        *("gradient_descent", "curl_descent")
    ]


def test_a_long_table_says_that_there_is_more(
    run: Run, swept: Sweep, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("solenoid.commands.query.ROWS_ON_SCREEN", 3)
    asked = ("query", f"sweep = '{swept.id}'", "--kind", SIMULATION)
    told = run(*asked, "--select", "arm, replicate")
    assert len(told.out.splitlines()) == 4
    assert "the first 3 rows" in told.err
    assert "are the same in all rows and not shown" in run(*asked).err


def test_an_answer_is_written_to_a_file_as_it_ends(run: Run, swept: Sweep, tmp_path: Path) -> None:
    asked = ("query", f"sweep = '{swept.id}'", "--kind", SIMULATION, "-o")
    for name in ("rows.csv", "rows.jsonl", "rows.json"):
        assert "wrote" in run(*asked, tmp_path / name).err
        assert len(read(name.partition(".")[2], (tmp_path / name).read_text())) == 8
    run(*asked, tmp_path / "rows.parquet")
    assert pyarrow.parquet.read_table(tmp_path / "rows.parquet").num_rows == 8
    assert run(*asked, tmp_path / "rows.csv" / "rows.csv").code == 2


def test_the_rows_of_a_sweep_are_written_by_its_id(run: Run, client: Client, swept: Sweep) -> None:
    rows = read("csv", run("results", swept.id, "--format", "csv").out)
    assert [row["seed"] for row in rows] == ["0", "0", "1", "1"]
    lines = read("jsonl", run("results", swept.id, "--format", "jsonl").out)
    assert lines == list(client.get_sweep(swept.id).results())


def test_the_replicates_of_one_id_are_written_as_parquet_and_arrow(
    run: Run, client: Client, swept: Sweep, tmp_path: Path
) -> None:
    assert run("results", swept.id, "-o", tmp_path / "rows.parquet").code == 0
    rows = pyarrow.parquet.read_table(tmp_path / "rows.parquet")
    assert rows.num_rows == 8
    assert set(rows["param.seed"].to_pylist()) == {0, 1}
    (first, _) = client.get_sweep(swept.id).experiments()
    assert run("results", first.id, "-o", tmp_path / "rows.arrow").code == 0
    with pyarrow.ipc.open_file(tmp_path / "rows.arrow") as stream:
        table = stream.read_all()
    errors = first.results().column("final_test_error")
    assert sorted(table["metric.final_test_error"].to_pylist()) == sorted(errors)


def test_a_sweep_is_drawn_by_its_id(run: Run, swept: Sweep, tmp_path: Path) -> None:
    listed = run("figure", swept.id).out
    assert "--x, --y, --metric, --arm" in listed
    over = ("--x", "seed", "--metric", "final_test_error")
    assert run("figure", swept.id, "profile", *over, "-o", tmp_path / "p.svg").code == 0
    assert (tmp_path / "p.svg").read_text().startswith("<svg")
    cells = (*over, "--y", "student_scale", "--arm", "curl_descent")
    assert run("figure", swept.id, "heatmap", *cells, "-o", tmp_path / "h.png").code == 0
    assert (tmp_path / "h.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("heatmap", "--x", "seed", "--metric", "final_test_error"), "--x, --y, --metric, --arm"),
        (("profile", "--x", "seed"), "--x, --metric"),
        (("profile", "--x", "sed", "--metric", "final_test_error"), "did you mean seed"),
        (("curves",), "no figure 'curves'; it has heatmap, profile"),
    ],
)
def test_a_figure_of_a_sweep_says_what_it_lacks(
    arguments: tuple[str, ...], told: str, run: Run, swept: Sweep
) -> None:
    ended = run("figure", swept.id, *arguments)
    assert (ended.code, told in ended.err) == (2, True), ended.err


def read(form: str, text: str) -> list[dict[str, Any]]:
    """Rows from a file's text."""
    if form == "csv":
        return list(csv.DictReader(io.StringIO(text)))
    if form == "json":
        rows: list[dict[str, Any]] = json.loads(text)
        return rows
    return [json.loads(line) for line in text.splitlines()]


def test_of_a_sweep_that_failed_the_way_to_the_reasons_is_told(
    run: Run, client: Client, tmp_path: Path
) -> None:
    random = np.random.default_rng(0)
    states = np.repeat(["control", "hfs"], 32)
    np.savez(
        tmp_path / "noise.npz",
        counts=random.poisson(5.0, (64, 4)),
        target=np.arange(64) % 4,
        state=states,
    )
    noise = f"dataset={client.upload(tmp_path / 'noise.npz').id}"
    report = ("cerebellar_block.report", noise, "permutations=0")
    ended = run("sweep", *report, "--axis", "seed=0", "--wait")
    assert ended.code == 1
    assert "1 failed" in ended.err
    assert f"`solenoid retry {ended.out.strip()}`" in ended.err
    (failed,) = client.experiments(f"sweep = '{ended.out.strip()}' and status = 'failed'")
    for reason in ("no behaviour", "no factor 'field'"):
        assert reason in str(failed.error)
