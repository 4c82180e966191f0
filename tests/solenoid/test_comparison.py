"""Comparisons in the client and on the command line, on the running service."""

import json
import sys

import pytest

from solenoid import BadInput, Client, Experiment, MissingPackage, NotFound
from solenoid.comparison import Comparison, difference_table, metric_table
from solenoid.table import Table
from solenoid.terminal import print_table
from solenoid.transport import Transport
from tests.solenoid.commands import Run
from tests.solenoid.specs import ENDLESS, SIMULATION, TINY


@pytest.fixture(scope="module")
def ids(url: str) -> list[str]:
    """Two finished simulations and one that was cancelled."""
    with Client(url) as client:
        made = [
            client.submit(SIMULATION, {**TINY, "seed": 0}, name="[bold]one"),
            client.submit(SIMULATION, {**TINY, "seed": 1, "rules": ["curl_descent"]}, name="two"),
            client.submit(SIMULATION, ENDLESS, name="endless").cancel(),
        ]
        return [experiment.wait(timeout=60).id for experiment in made]


def test_specs_and_metrics_become_data_frames(client: Client, ids: list[str]) -> None:
    first, second = client.experiment(ids[0]), client.experiment(ids[1])
    comparison = client.compare([first, second.id])
    differences = comparison.differences.set_index("field")
    assert list(differences.columns) == ["[bold]one", "two"]
    assert list(differences.loc["seed"]) == [0, 1]
    assert list(differences.index) == ["rules", "seed"]
    metrics = comparison.metrics.set_index(["arm", "metric"])
    for one in (first, second):
        value = one.summary["curl_descent"]["final_test_error"]["median"]
        assert metrics.loc[("curl_descent", "final_test_error"), one.name] == value
    assert metrics["two"].isna()[("gradient_descent", "final_test_error")]
    assert comparison.ranking.empty
    assert list(comparison.experiments["status"]) == ["succeeded", "succeeded"]


def test_a_ranking_is_a_data_frame_with_what_is_missing_last(
    client: Client, ids: list[str]
) -> None:
    found = client.compare(reversed(ids), "final_test_error", arm="gradient_descent").ranking
    assert list(found["label"]) == ["[bold]one", "endless", "two"]
    assert found["rank"][0] == 1
    assert found["rank"].isna().sum() == 2
    falling, rising = (
        client.compare(ids[:2], "final_test_error", order=order).ranking
        for order in ("descending", "ascending")
    )
    assert list(falling["rank"]) == [1, 2]
    assert falling["value"][0] >= falling["value"][1]
    assert rising["value"][0] <= rising["value"][1]


def test_experiments_of_a_filter_are_compared(client: Client, ids: list[str]) -> None:
    found = client.compare(client.experiments(f"id = '{ids[0]}' or id = '{ids[2]}'"))
    assert set(found.experiments["id"]) == {ids[0], ids[2]}


def test_a_comparison_draws_its_curves_in_one_frame(client: Client, ids: list[str]) -> None:
    comparison = client.compare(ids)
    figure = comparison.figure("learning_curves")
    assert figure.content("svg").startswith(b"<svg")
    assert "vega-lite" in figure._repr_mimebundle_()["application/vnd.vegalite.v5+json"]["$schema"]
    with pytest.raises(NotFound, match="no figure 'nope'; it has learning_curves"):
        comparison.figure("nope")


def test_a_comparison_shows_itself_in_a_notebook(client: Client, ids: list[str]) -> None:
    comparison = client.compare(ids, "final_test_error")
    told = comparison._repr_html_()
    assert "<td>seed</td>" in told
    assert "fields of the specs are the same" in told
    assert told.count("<table>") == 4
    assert repr(comparison) == "<Comparison of [bold]one, two, endless>"


def test_a_comparison_that_is_refused_says_why(client: Client, ids: list[str]) -> None:
    with pytest.raises(BadInput, match="did you mean final_test_error"):
        client.compare(ids, "final_test_eror")
    with pytest.raises(BadInput, match="2 to 200 experiments; these are 1"):
        client.compare(ids[:1])


def comparison_of(*labels: str) -> Comparison:
    """A comparison of experiments with these labels, as the service would answer."""
    names = {f"id-of-{place:08}": label for place, label in enumerate(labels)}
    entries = [{"id": id, "label": label} for id, label in names.items()]
    first, *_ = names
    difference = {"path": "norms", "values": {first: None}}
    metric = {"arm": "a", "metric": "m", "unit": "1", "values": {first: 1.5}}
    data = {"experiments": entries, "differences": [difference], "metrics": [metric]}
    return Comparison(Transport("http://localhost"), data)


def test_null_and_absent_are_told_apart() -> None:
    data = comparison_of("x", "y").data
    assert difference_table(data) == Table(({"field": "norms", "x": None, "y": "absent"},))


def test_an_experiment_named_as_a_column_does_not_hide_it() -> None:
    data = comparison_of("arm", "y").data
    assert metric_table(data) == Table(
        ({"arm": "a", "metric": "m", "unit": "1", "00000000": 1.5, "y": None},)
    )


def test_without_pandas_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    comparison = comparison_of("x", "y")
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingPackage, match="pip install pandas"):
        _ = comparison.differences


def test_a_comparison_is_printed_as_tables(run: Run, ids: list[str]) -> None:
    told = run("compare", *ids, "--rank-by", "final_test_error", "--arm", "curl_descent").out
    assert "[bold]one" in told, "a name is not markup"
    lines = [line.split() for line in told.splitlines()]
    assert ["field", "[bold]one", "two", "endless"] in lines
    assert ["seed", "0", "1", "0"] in lines
    (error,) = (line for line in lines if line[:2] == ["curl_descent", "final_test_error"])
    assert error[2] == "1"
    assert error[-1] == "-"
    places = lines[lines.index(["ranked", "by", "final_test_error"]) + 2 :]
    assert [place[0] for place in places] == ["1", "2", "-"]
    assert {place[1] for place in places[:2]} == {"[bold]one", "two"}


def test_a_comparison_is_printed_as_json(run: Run, ids: list[str]) -> None:
    asked = ("compare", *ids[:2], "--rank-by", "final_test_error", "--order", "descending")
    document = json.loads(run(*asked, "--json").out)
    assert {row["path"] for row in document["differences"]} == {"rules", "seed"}
    first, second = document["ranking"]
    assert first["value"] >= second["value"]


def test_a_comparison_of_one_is_bad_input(run: Run, ids: list[str]) -> None:
    ended = run("compare", ids[0])
    assert ended.code == 2
    assert "2 to 200 experiments" in ended.err


def test_the_head_of_a_column_is_not_markup(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(["a", "[red]b\x1b"], [[1, 2]])
    assert "[red]b\ufffd" in capsys.readouterr().out


def test_a_long_table_is_short_where_a_notebook_asks_for_its_text(finished: Experiment) -> None:
    assert repr(finished.results()).startswith("<Table of 3 rows: arm, replicate, ")
    assert repr(Table(tuple({"n": n} for n in range(10_000)))) == "<Table of 10000 rows: n>"
