"""Archives carry everything that is known of an experiment from one database to another."""

import csv
import io
import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from core.examples import GOLUB_BCI
from store import experiments, results
from store.archives.importing import Count, import_archive
from store.archives.writing import NothingChosen, Selection, export
from store.changes import Labels, relabel, retry
from store.database import Database
from store.datasets import load
from store.experiments import Conflict, NotFound
from store.query.experiments import listed
from store.query.plans import Question
from store.query.results import page
from store.settings import Settings
from store.tables import experiments as table
from tests.store.archive_world import (
    CURL,
    EXTREME,
    TINY,
    archive_of,
    changed_line,
    content,
    files,
    made,
    members_of,
    npy,
    submitted,
    written,
)

QUESTIONS = (
    Question(where="metric.final_test_error < 1e9", order_by="param.student_scale, arm"),
    Question(where="tag.in = 'sweep' and param.student_scale < 1", kind=CURL),
    Question(kind=CURL, group_by="arm", aggregate="count(), median(metric.final_test_error)"),
    Question(
        where="kind = 'dimensionality.participation_ratio' and metric.p_value <= 1",
        select="experiment, arm, metric.p_value",
    ),
)
FILTERS = (
    "metric.final_test_error >= 0 and arm = 'curl_descent'",
    "status = 'failed' or tag.project = 'fig4'",
    f"kind = 'dimensionality.participation_ratio' and param.dataset = '{GOLUB_BCI.dataset_id}'",
    "kind = 'curl_descent.simulation' and param.student_scale < 1 and status != 'queued'",
)


@pytest.fixture
def other(
    request: pytest.FixtureRequest, database: Database, tmp_path: Path
) -> Iterator[tuple[Database, Settings]]:
    """An empty database of the other kind, with a data directory of its own."""
    folder = tmp_path / "other"
    if database.engine.dialect.name == "sqlite":
        server = request.getfixturevalue("postgresql_url")
        name = f"o{abs(hash(tmp_path)):x}"
        engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(sa.text(f"CREATE DATABASE {name} TEMPLATE migrated"))
        engine.dispose()
        url = server.replace("/postgres?", f"/{name}?")
    else:
        folder.mkdir()
        shutil.copyfile(request.getfixturevalue("migrated_sqlite"), folder / "solenoid.db")
        url = f"sqlite:///{folder / 'solenoid.db'}"
    opened = Database(url)
    yield opened, Settings(data_dir=folder, database_url=url)
    opened.close()


@pytest.fixture
def ids(database: Database, settings: Settings) -> dict[str, str]:
    """The small world, by names."""
    return made(database, settings)


def answers(database: Database) -> list[Any]:
    rows = [page(database, question, limit=1000).rows for question in QUESTIONS]
    found = [listed(database, where=where, limit=500).items for where in FILTERS]
    return [*rows, *([each.id for each in items] for items in found)]


def not_ended(database: Database) -> frozenset[str]:
    query = sa.select(table.c.id).where(table.c.status == "queued")
    with database.read() as connection:
        return frozenset(connection.execute(query).scalars())


def test_everything_arrives_in_a_database_of_the_other_kind_and_comes_back(
    database: Database,
    settings: Settings,
    ids: dict[str, str],
    other: tuple[Database, Settings],
    tmp_path: Path,
) -> None:
    there, settings_there = other
    archive = written(database, settings, tmp_path / "a.zip")
    counts = import_archive(there, settings_there, archive)
    assert counts == {
        "experiments": Count(added=7, present=0),
        "sweeps": Count(added=1, present=0),
        "datasets": Count(added=1, present=0),
    }
    assert content(there) == content(database, without=not_ended(database))
    assert answers(there) == answers(database)
    assert all(answers(there))
    back = written(there, settings_there, tmp_path / "b.zip")
    assert import_archive(database, settings, back)["experiments"] == Count(added=0, present=7)
    first, second = members_of(archive), members_of(back)
    assert first.keys() == second.keys()
    for name in first.keys() - {"manifest.json", "experiments.jsonl", "sweeps.jsonl"}:
        assert first[name] == second[name], name


def test_an_imported_experiment_is_one_like_any_other(
    database: Database,
    settings: Settings,
    ids: dict[str, str],
    other: tuple[Database, Settings],
    tmp_path: Path,
) -> None:
    there, settings_there = other
    import_archive(there, settings_there, written(database, settings, tmp_path / "a.zip"))
    found = experiments.get(there, ids["succeeded"])
    assert (found.status, found.progress, found.worker) == ("succeeded", 1.0, None)
    assert found.tags == {"end": "succeeded", "project": "fig4", "tab": "a\tb"}
    assert results.rows(there, found.id) == results.rows(database, found.id)
    for name, array in EXTREME.items():
        again = results.array(there, found.id, name)
        assert (again.axes, again.unit) == (array.axes, array.unit)
        assert again.values.dtype == array.values.dtype
        assert again.values.tobytes() == array.values.tobytes()
    recording = load(settings_there, GOLUB_BCI.dataset_id)
    assert all(
        np.array_equal(recording[n], v) for n, v in load(settings, GOLUB_BCI.dataset_id).items()
    )
    assert retry(there, ids["failed"]).status == "queued"


def test_importing_twice_adds_nothing_and_keeps_labels_that_were_changed_here(
    database: Database,
    settings: Settings,
    ids: dict[str, str],
    other: tuple[Database, Settings],
    tmp_path: Path,
) -> None:
    there, settings_there = other
    archive = written(database, settings, tmp_path / "a.zip")
    import_archive(there, settings_there, archive)
    relabel(
        there, ids["succeeded"], Labels({"name": "mine"}, tags={"project": None, "read": "yes"})
    )
    before, on_disk = content(there), files(settings_there)
    counts = import_archive(there, settings_there, archive)
    assert {noun: (count.added, count.present) for noun, count in counts.items()} == {
        "experiments": (0, 7),
        "sweeps": (0, 1),
        "datasets": (0, 1),
    }
    assert content(there) == before
    assert files(settings_there) == on_disk


def test_what_is_missing_is_added_to_what_is_there(
    database: Database,
    settings: Settings,
    ids: dict[str, str],
    other: tuple[Database, Settings],
    tmp_path: Path,
) -> None:
    there, settings_there = other
    some = Selection(experiments=[ids["succeeded"]])
    import_archive(there, settings_there, written(database, settings, tmp_path / "a.zip", some))
    assert not content(there)["sweeps"]
    counts = import_archive(there, settings_there, written(database, settings, tmp_path / "b.zip"))
    assert counts["experiments"] == Count(added=6, present=1)
    assert content(there) == content(database, without=not_ended(database))


def changed_spec(entry: dict[str, Any]) -> None:
    entry["spec"]["seed"] = 7


def changed_error(entry: dict[str, Any]) -> None:
    entry["error"] = "another"


def changed_definition(entry: dict[str, Any]) -> None:
    entry["definition"]["axes"]["student.scale"].append(3.0)


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("experiments.jsonl", changed_spec),
        ("experiments.jsonl", changed_error),
        ("sweeps.jsonl", changed_definition),
        ("arrays", None),
    ],
)
def test_the_same_id_with_other_content_is_a_conflict_and_nothing_is_written(
    database: Database,
    settings: Settings,
    ids: dict[str, str],
    path: str,
    change: Any,
    tmp_path: Path,
) -> None:
    members = members_of(written(database, settings, tmp_path / "a.zip"))
    named = ids["sweep"] if path == "sweeps.jsonl" else ids["succeeded"]
    if change is None:
        flipped = np.array([0.0, 0.0, np.nan, np.inf, 5e-324, 1e308])
        members[f"arrays/{named}/numbers.npy"] = npy(flipped)
    else:
        members = changed_line(members, path, change)
    experiments.delete(database, ids["failed"])
    before, on_disk = content(database), files(settings)
    with pytest.raises(Conflict, match=named):
        import_archive(database, settings, archive_of(tmp_path / "b.zip", members))
    assert content(database) == before
    assert files(settings) - {"incoming"} == on_disk


def test_an_experiment_that_runs_again_is_a_conflict(
    database: Database, settings: Settings, ids: dict[str, str], tmp_path: Path
) -> None:
    archive = written(database, settings, tmp_path / "a.zip")
    retry(database, ids["failed"])
    with pytest.raises(Conflict, match=ids["failed"]):
        import_archive(database, settings, archive)


def test_a_conflict_leaves_no_dataset_file_behind(
    database: Database,
    settings: Settings,
    ids: dict[str, str],
    other: tuple[Database, Settings],
    tmp_path: Path,
) -> None:
    there, settings_there = other
    sweep = written(database, settings, tmp_path / "s.zip", Selection(sweeps=[ids["sweep"]]))
    import_archive(there, settings_there, sweep)
    members = members_of(written(database, settings, tmp_path / "a.zip"))
    members = changed_line(members, "sweeps.jsonl", changed_definition)
    with pytest.raises(Conflict):
        import_archive(there, settings_there, archive_of(tmp_path / "b.zip", members))
    assert files(settings_there) == set()


def test_only_what_has_ended_is_exported_and_the_rest_is_named(
    database: Database, settings: Settings, ids: dict[str, str], tmp_path: Path
) -> None:
    asked = Selection(sweeps=[ids["sweep"]], experiments=[ids["queued"], ids["failed"]])
    members = members_of(written(database, settings, tmp_path / "a.zip", asked))
    manifest = json.loads(members["manifest.json"])
    skipped = {each["id"]: each["status"] for each in manifest["skipped"]}
    assert skipped == dict.fromkeys(not_ended(database), "queued")
    entries = [json.loads(line) for line in members["experiments.jsonl"].splitlines()]
    assert [entry["sweep"] for entry in entries] == [None, ids["sweep"], ids["sweep"]]
    assert len(members["sweeps.jsonl"].splitlines()) == 1


def test_an_experiment_brings_its_sweep_and_its_dataset(
    database: Database, settings: Settings, ids: dict[str, str], tmp_path: Path
) -> None:
    child = Selection(where=f"sweep = '{ids['sweep']}' and param.student_scale = 0.5")
    members = members_of(written(database, settings, tmp_path / "a.zip", child))
    assert json.loads(members["sweeps.jsonl"])["id"] == ids["sweep"]
    recorded = Selection(experiments=[ids["recorded"]])
    members = members_of(written(database, settings, tmp_path / "b.zip", recorded))
    (file,) = (name for name in members if name.startswith("datasets/files/"))
    assert members[file] == GOLUB_BCI.path.read_bytes()
    alone = members_of(
        written(database, settings, tmp_path / "c.zip", Selection(datasets=[GOLUB_BCI.dataset_id]))
    )
    assert alone[file] == members[file]
    assert alone["experiments.jsonl"] == b""


NOBODY = "01234567-89ab-7def-8123-456789abcdef"


@pytest.mark.parametrize(
    "asked",
    [Selection(experiments=[NOBODY]), Selection(sweeps=[NOBODY]), Selection(datasets=[NOBODY])],
)
def test_an_unknown_id_is_refused_before_the_first_byte(
    database: Database, settings: Settings, asked: Selection
) -> None:
    with pytest.raises(NotFound, match=NOBODY):
        export(database, settings, asked)


def test_any_reader_of_csv_and_npy_gets_the_very_same_numbers(
    database: Database, settings: Settings, ids: dict[str, str], tmp_path: Path
) -> None:
    path = written(
        database, settings, tmp_path / "a.zip", Selection(experiments=[ids["succeeded"]])
    )
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        text = archive.read(f"results/{CURL}.csv").decode()
        values = np.load(io.BytesIO(archive.read(f"arrays/{ids['succeeded']}/numbers.npy")))
    assert values.tobytes() == EXTREME["numbers"].values.tobytes()
    stored = {(row.arm, row.replicate): row for row in results.rows(database, ids["succeeded"])}
    for line in csv.DictReader(io.StringIO(text)):
        metrics = stored.pop((line["arm"], int(line["replicate"]))).metrics
        error = metrics["final_test_error"]
        assert (float(line["final_test_error"]) if line["final_test_error"] else None) == error
    assert not stored


@pytest.mark.parametrize(
    ("where", "refused", "reason"),
    [
        ("tag.project = 'lost'", NothingChosen, "nothing is found"),
        ("status = 'queued'", Conflict, "is queued"),
    ],
)
def test_an_archive_that_would_be_empty_is_refused(
    database: Database, settings: Settings, where: str, refused: type[Exception], reason: str
) -> None:
    submitted(database, CURL, TINY)
    with pytest.raises(refused, match=reason):
        export(database, settings, Selection(where=where))


def test_an_empty_archive_brings_nothing(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    made(database, settings)
    members = members_of(written(database, settings, tmp_path / "a.zip"))
    lists = {name: b"" for name in members if name.endswith(".jsonl")}
    named = {"README.txt": members["README.txt"], "manifest.json": members["manifest.json"]}
    empty = archive_of(tmp_path / "empty.zip", lists | named)
    assert set(import_archive(database, settings, empty).values()) == {Count(added=0, present=0)}
