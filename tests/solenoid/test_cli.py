"""The command line against a running service: what it prints and with which code it ends."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from solenoid import Client, Dataset, Experiment
from tests.solenoid.commands import Run
from tests.solenoid.specs import ENDLESS, MANY, RATIO, SIMULATION, TINY, comparison

NOBODY = "01234567-89ab-7def-8123-456789abcdef"


def test_a_kind_is_submitted_with_dotted_keys_and_waited_for(run: Run, recording: Dataset) -> None:
    ended = run(
        *("submit", RATIO, f"dataset={recording.id}", "block.factor=block"),
        *('block.compare=["before", "after"]', "permutations=1e2", "--wait"),
        *("--name", "typed [bold]", "--tag", "by=hand", "--priority", "2"),
    )
    assert ended.code == 0, ended.err
    assert "succeeded" in ended.err
    assert "typed [bold]" in ended.err
    assert "participation_ratio_naive" in ended.err
    (id,) = ended.out.splitlines()
    shown = json.loads(run("show", id, "--json").out)
    assert shown["spec"]["permutations"] == 100
    assert shown["spec"]["block"] == {"factor": "block", "compare": ["before", "after"]}
    assert (shown["name"], shown["tags"], shown["priority"]) == ("typed [bold]", {"by": "hand"}, 2)


def test_a_document_is_submitted_from_a_file_or_from_a_pipe(
    run: Run, recording: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = {"name": "written", "tags": {"a": "b"}, "time_limit_s": 500}
    document = {"kind": RATIO, "spec": comparison(recording), **labels}
    path = tmp_path / "spec.json"
    path.write_text(json.dumps(document))
    from_file = run("submit", path, "seed=31", "--tag", "c=d", "--reuse").out.strip()
    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(document)))
    from_pipe = run("submit", "-", "--time-limit", "400").out.strip()
    first, second = (json.loads(run("show", id, "--json").out) for id in (from_file, from_pipe))
    assert (first["name"], first["tags"]) == ("written", {"a": "b", "c": "d"})
    assert (first["spec"]["seed"], second["spec"]["seed"]) == (31, 0)
    assert second["time_limit_s"] == 400


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("submit", RATIO, "dataset"), "write key=value"),
        (("submit", RATIO, "a=1", "a.b=2"), "a is 1 already"),
        (("submit", RATIO, f"dataset={NOBODY}"), f"spec.dataset = {NOBODY}"),
        (("submit", RATIO, "dataset=session.mat"), "session.mat: not an id; `solenoid datasets`"),
        (("submit", RATIO, f"dataset={NOBODY}", "seeed=1"), "spec.seeed = 1"),
        (("submit", "no.kind"), RATIO),
        (("submit", "absent.json"), "cannot read absent.json"),
        (("submit", RATIO, "--tag", "plain"), "write key=value"),
        (("estimate", RATIO), "spec.dataset: Field required"),
        (("show", NOBODY), "nor a sweep, nor a dataset"),
        (("show", "not-an-id"), "nothing is at /v1/experiments/not-an-id"),
        (("watch", NOBODY), NOBODY),
        (("watch", "not-an-id"), "nor a sweep"),
        (("retry", NOBODY), NOBODY),
        (("retry", "--where", "name = 'x'", "--cancelled"), "status = 'cancelled'"),
        (("cancel",), "--where"),
        (("cancel", NOBODY, "--dry-run"), "--where"),
        (("cancel", "--where", "colour = 1"), "colour"),
        (("tag", "--where", "name = 'x'"), "key=value"),
        (("tag", "--where", "name = 'x'", "plain"), "write key=value"),
        (("relabel", NOBODY), "--name"),
        (("relabel", NOBODY, "--name", "x"), NOBODY),
        (("list", "--where", "colour = 1"), "colour"),
        (("sweep", RATIO, "--axis", "seed"), "write name=values"),
        (("sweep", RATIO, "--axis", "seed=0,1", "--axis", "seed=2"), "--axis seed: given twice"),
        (("sweep", RATIO, "--axis", "seed=linspace:0:1"), "write linspace:first:last:count"),
        (("sweep", RATIO, "--derive", "n"), "write name=number"),
        (("sweep", RATIO, f"dataset={NOBODY}"), "axes"),
        (("sweep", "absent.json"), "cannot read absent.json"),
        (("query", "metric.nothing < 1"), "metric.nothing"),
        (("query", "--format", "parquet"), "--output"),
        (("query", "--format", "arrow"), "arrow is not text; give a file by --output"),
        (("query", "-o", "rows.xls"), "csv, jsonl, json, parquet, arrow"),
        (("results", NOBODY, "-o", "rows.parquet"), NOBODY),
        (("figure", NOBODY), "nor a sweep"),
        (("query", "-o", "rows.csv", "--format", "table"), "for the screen"),
        (("results", "not-an-id"), "where"),
        (("results", NOBODY), NOBODY),
        (("results", NOBODY, "--limit", "3"), f"experiment = '{NOBODY}'"),
        (("kinds", "no.kind"), "no kind is named no.kind"),
        (("preset", "nope"), "speedup-training-size"),
        (("preset", "speedup-training-size", "--scale", "huge"), "huge"),
        (("preset", "toy", "--format", "pdf"), "give a folder for them by --output"),
        (("preset", "toy", "--format", "gif", "-o", "pictures"), "gif"),
        (("preset", "toy", "-o", "/dev/null/pictures"), "cannot write into /dev/null/pictures"),
        (("upload", "absent.npz"), "cannot read absent.npz"),
        (("upload", "absent.npz", "--mapping", "{"), "--mapping is not JSON"),
        (("list", "--limit", "0"), "limit"),
        (("no-such-command",), "No such command"),
        (("--url", "nonsense", "list"), "not a URL"),
    ],
)
def test_bad_input_ends_with_code_2_and_says_what_is_wrong(
    arguments: tuple[str, ...], told: str, run: Run
) -> None:
    ended = run(*arguments)
    assert ended.code == 2
    assert told in ended.err
    assert ended.out == ""


def test_an_absent_server_ends_with_code_1(run: Run) -> None:
    ended = run("--url", "http://127.0.0.1:9", "list")
    assert ended.code == 1
    assert "solenoid up" in ended.err


def test_a_cancelled_experiment_ends_a_watch_with_code_1(
    run: Run, client: Client, recording: Dataset
) -> None:
    experiment = client.submit(RATIO, comparison(recording, MANY))
    assert run("cancel", experiment.id).code == 0
    ended = run("watch", experiment.id)
    assert ended.code == 1
    assert "cancelled" in ended.out
    assert run("delete", experiment.id).code == 0
    assert run("show", experiment.id).code == 2


def test_experiments_are_deleted_by_a_filter_after_a_look(run: Run, client: Client) -> None:
    made = [client.submit(SIMULATION, TINY, name="for deletion") for _ in range(2)]
    for each in made:
        each.wait(timeout=60)
    where = "name = 'for deletion'"
    assert "2 experiments would be deleted" in run("delete", "--where", where, "--dry-run").out
    assert "2 experiments deleted" in run("delete", "--where", where).out
    assert list(client.experiments(where)) == []
    assert run("delete").code == 2
    assert run("delete", made[0].id, "--where", where).code == 2


def test_experiments_are_tagged_cancelled_and_retried_by_a_filter(run: Run, client: Client) -> None:
    made = [client.submit(SIMULATION, ENDLESS, tags={"batch": "b7", "draft": "1"}) for _ in "ab"]
    where = ("--where", "tag.batch = 'b7'")
    try:
        assert "2 experiments would be tagged" in run("tag", *where, "fit=no", "--dry-run").out
        assert "2 experiments tagged" in run("tag", *where, "fit=yes", "--off", "draft").out
        assert all(each.refresh().tags == {"batch": "b7", "fit": "yes"} for each in made)
        assert "2 experiments would be cancelled" in run("cancel", *where, "--dry-run").out
        assert not any(each.refresh().ended for each in made)
        assert "2 experiments cancelled" in run("cancel", *where).out
        assert {each.wait(timeout=20).status for each in made} == {"cancelled"}
        only = ("--where", f"tag.fit = 'yes' and id = '{made[0].id}'")
        assert "1 experiment would be queued again" in run("retry", *only, "--dry-run").out
        assert "1 experiment queued again" in run("retry", *only).out
        assert [each.refresh().ended for each in made] == [False, True]
    finally:
        client.cancel_where("tag.batch = 'b7'")


def test_an_experiment_is_relabelled(run: Run, client: Client) -> None:
    experiment = client.submit(SIMULATION, TINY, name="old", tags={"a": "1", "b": "2"})
    labels = ("--name", "new", "--notes", "looks odd", "--tag", "c=3", "--off", "a")
    assert run("relabel", experiment.id, *labels).code == 0
    assert (experiment.refresh().name, experiment.notes) == ("new", "looks odd")
    assert experiment.tags == {"b": "2", "c": "3"}
    assert run("relabel", experiment.id, "--tag", "b=4").code == 0
    assert (experiment.refresh().name, experiment.tags) == ("new", {"b": "4", "c": "3"})


def test_several_experiments_are_watched_at_once(
    run: Run, client: Client, recording: Dataset
) -> None:
    ids = [client.submit(RATIO, comparison(recording, seed=40 + n)).id for n in range(3)]
    ended = run("watch", *ids, ids[0])
    assert ended.code == 0
    assert ended.err.count("succeeded") == 3


def test_lists_and_facts_are_readable(run: Run, finished: Experiment) -> None:
    assert finished.id in run("list", "-n", "500").out
    assert any(each["id"] == finished.id for each in json.loads(run("list", "--json").out))
    shown = run("show", finished.id).out
    assert 'block.compare=["before", "after"]' in shown
    assert "median over replicates" in shown


def test_rows_are_written_as_csv_as_json_and_as_a_table(run: Run, finished: Experiment) -> None:
    rows = list(csv.DictReader(io.StringIO(run("results", finished.id, "--format", "csv").out)))
    table = finished.results()
    assert [row["arm"] for row in rows] == table.column("arm")
    ratios = [None if r["p_value"] == "" else float(r["p_value"]) for r in rows]
    assert ratios == table.column("p_value")
    assert json.loads(run("results", finished.id, "--format", "json").out) == list(table.rows)
    assert "participation_ratio_naive" in run("results", finished.id).out


def test_arrays_and_figures_are_written_to_files(
    run: Run, finished: Experiment, tmp_path: Path
) -> None:
    assert "permutation_log_ratio" in run("arrays", finished.id).out
    assert run("arrays", finished.id, "-o", tmp_path / "all.npz").code == 0
    with np.load(tmp_path / "all.npz", allow_pickle=False) as arrays:
        assert arrays["permutation_log_ratio"].shape == (99,)
    assert "spectrum" in run("figure", finished.id).out
    assert run("figure", finished.id, "spectrum", "-o", tmp_path / "f.svg").code == 0
    assert (tmp_path / "f.svg").read_text().startswith("<svg")
    assert run("figure", finished.id, "spectrum", "-o", tmp_path / "f.gif").code == 2
    assert (
        "only for the figures of a sweep" in run("figure", finished.id, "spectrum", "--x", "a").err
    )
    assert run("figure", finished.id, "spectrum", "-o", tmp_path / "none" / "f.svg").code == 2


def test_what_there_is_can_be_listed(run: Run, recording: Dataset) -> None:
    assert RATIO in run("kinds").out
    described = run("kinds", RATIO).out
    assert "block.factor" in described
    assert "p_value" in described
    report = run("kinds", "cerebellar_block.report").out.splitlines()
    assert any(line.split()[:2] == ["state.factor", '"state"'] for line in report)
    assert "speedup-training-size" in run("presets").out
    assert recording.id in run("datasets").out
    assert "GiB" in run("estimate", RATIO, f"dataset={recording.id}").out


def test_a_recording_is_uploaded_and_a_bad_file_refused(
    run: Run, recording_path: Path, tmp_path: Path
) -> None:
    told = run("upload", recording_path)
    assert told.code == 0
    assert "after (552), before (552)" in told.out
    bad = tmp_path / "bad.npz"
    bad.write_bytes(b"PK\x03\x04 and no more")
    ended = run("upload", bad)
    assert ended.code == 2
    assert "file = bad.npz" in ended.err


def test_a_dataset_is_shown_and_deleted_by_its_id(run: Run, client: Client, tmp_path: Path) -> None:
    small = tmp_path / "small.npz"
    np.savez(small, counts=np.arange(48.0).reshape(24, 2) % 7, target=np.arange(24) % 4)
    dataset = client.upload(small)
    shown = run("show", dataset.id).out
    assert "small.npz" in shown
    assert "counts (24 x 2), target (24)" in shown
    assert json.loads(run("show", dataset.id, "--json").out)["summary"] == dataset.summary
    assert run("delete", dataset.id).code == 0
    gone = run("delete", dataset.id)
    assert gone.code == 2
    assert "nor a sweep, nor a dataset" in gone.err


def test_an_interrupted_watch_is_quiet(url: str, client: Client, recording: Dataset) -> None:
    experiment = client.submit(RATIO, comparison(recording, MANY), priority=10)
    command = [sys.executable, "-m", "solenoid.cli", "--url", url, "watch", experiment.id]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ}
    ) as watching:
        assert watching.stderr is not None
        assert any("running" in line for line in iter(watching.stderr.readline, ""))
        time.sleep(0.2)
        watching.send_signal(signal.SIGINT)
        out, err = watching.communicate(timeout=10)
    experiment.cancel()
    assert watching.returncode == 130
    assert (out, err) == ("", "")


def test_the_command_line_loads_neither_numpy_nor_pandas() -> None:
    look = "import sys, solenoid.cli; print({'numpy', 'pandas', 'core'} & set(sys.modules))"
    told = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "set()"
