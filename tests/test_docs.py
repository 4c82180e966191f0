"""What the documentation shows can be run as it stands."""

import io
import re
import zlib
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from benchmarks.query import COLUMNS
from benchmarks.query_rows import fill
from core.presets import PRESETS
from solenoid import Client
from store.database import Database
from store.kind_tables import all_tables
from store.tables import arrays, experiments
from tests.pages import DOCS, PAGES, ROOT, blocks, run, texts
from tests.stack import RunningStack

DATABASE = DOCS / "database.md"
PANDAS, ARRAY, DUCKDB = texts(DATABASE, "python")
PLANS = {
    language: (query, shown)
    for (language, query), (_, shown) in zip(blocks(DATABASE), blocks(DATABASE)[1:], strict=False)
}


@pytest.mark.parametrize(
    ("page", "query"), [(page.name, query) for page in PAGES for query in texts(page, "sql")]
)
def test_every_query_runs_on_both_databases(page: str, query: str, database: Database) -> None:
    with database.read() as connection:
        assert connection.execute(sa.text(query)).keys(), page


def test_every_table_is_described() -> None:
    families = ("parameters_", "results_", "medians_")
    page = DATABASE.read_text()
    for name in all_tables.tables:
        family = next((f"{prefix}<kind>" for prefix in families if name.startswith(prefix)), name)
        assert f"| `{family}` |" in page, name


def test_the_page_of_presets_has_a_picture_of_each() -> None:
    _, *sections = (DOCS / "presets.md").read_text().split("\n## ")
    assert [section.split("\n")[0] for section in sections] == list(PRESETS)
    for section in sections:
        name = section.split("\n")[0]
        assert f"![{name}: {name}_" in section
        assert PRESETS[name].quick in section


def test_every_file_that_a_page_links_to_is_there() -> None:
    for page in PAGES:
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            # The site makes pages of its own, and its build is strict about links to them.
            if not link.startswith("made/"):
                assert (page.parent / link).exists(), (page.name, link)


def test_pandas_asks_both_databases(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database, 4000)
    monkeypatch.setenv("SOLENOID_DATABASE_URL", database_url)
    defined, _ = run(PANDAS)
    counted = sa.text(
        "SELECT count(*) FROM results_curl_descent_simulation"
        " WHERE compression_ratio < 0.3 AND final_test_error < 1e-6"
    )
    with database.read() as connection:
        assert defined["robust"]["runs"].sum() == connection.execute(counted).scalar_one() > 0


def test_arrays_come_back_through_pandas(
    database: Database,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    fill(database, 40)
    npy = io.BytesIO()
    np.save(npy, np.zeros((3, 2)))
    labels = {"name": "zeros", "axes": [], "shape": [3, 2], "dtype": "<f8", "unit": ""}
    with database.engine.begin() as connection:
        (owner,) = connection.execute(sa.select(experiments.c.id)).scalars()
        stored = {"experiment_id": owner, **labels, "content": zlib.compress(npy.getvalue())}
        connection.execute(arrays.insert().values(stored))
    monkeypatch.setenv("SOLENOID_DATABASE_URL", database_url)
    run(PANDAS + ARRAY)
    assert "zeros (3, 2)" in capsys.readouterr().out


def test_duckdb_asks_the_exported_file(
    stack: RunningStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    spec = {"inputs": 2, "hidden": 10, "training": {"epochs": 5}, "replicates": 3}
    with Client(stack.url) as client:
        client.submit("curl_descent.simulation", spec).wait(timeout=60)
        defined, _ = run(DUCKDB, client=client)
    robust = defined["robust"]
    assert list(robust.columns) == ["readout_fraction", "arm", "runs", "mean_error"]
    assert set(robust["arm"]) >= {"curl_descent", "gradient_descent"}


def test_the_main_question_is_answered_from_the_documented_index(database: Database) -> None:
    fill(database, 20_000)
    query, shown = PLANS[database.engine.dialect.name]
    with database.read() as connection:
        plan = "\n".join(str(row[-1]) for row in connection.execute(sa.text(query)))
    for part in re.findall(r"ix_\w+|COVERING INDEX|Index Only Scan", shown):
        assert part in plan


def test_the_table_of_costs_is_the_one_that_the_benchmark_prints() -> None:
    assert f"| rows | database | {' | '.join(COLUMNS)} |\n" in DATABASE.read_text()


RUN_BY = {
    "README.md": "test_readme",
    "adding-a-kind.md": "test_adding_a_kind",
    "archives.md": "test_archives_page",
    "database.md": "test_docs",
    "datasets.md": "test_datasets_page",
    "hooks.md": "test_hooks_page",
    "measures.md": "test_measures_page",
    "queries.md": "test_query_page",
    "sweeps.md": "test_sweeps_page",
}
NOT_RUN = {
    "deploying.md": "needs root; tests/test_installing.py, test_upkeep.py and tests/system/ do it",
    "dimensionality.md": "commands with ids to fill in; tests/test_dimensionality_page.py",
    "operations.md": "needs several machines; tests/api/test_access.py makes and uses tokens",
    "presets.md": "runs for minutes: `make presets`, which writes the page",
    "index.md": "make demo and make up",
}


def test_every_page_with_examples_has_a_test_that_runs_them() -> None:
    for page in PAGES:
        if texts(page, "python", "sh") and page.name not in NOT_RUN:
            module = ROOT / "tests" / f"{RUN_BY[page.name]}.py"
            assert page.name in module.read_text(), page.name
