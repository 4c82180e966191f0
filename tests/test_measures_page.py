"""The examples of the page about measures run as they stand, and show what it says."""

from pathlib import Path

import pytest

from core.curl_descent_measures import MEASURES
from core.curl_descent_record import Record
from solenoid import Client
from tests.pages import DOCS, run, table, texts
from tests.stack import RunningStack

PAGE = DOCS / "measures.md"


def test_the_examples_of_the_page_find_chaos_and_give_arrays_back(
    stack: RunningStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with Client(stack.url) as client:
        defined, shown = run("".join(texts(PAGE, "python")), client=client)
    exponents, shapes, dimensions, _ = shown
    chaotic = dict(exponents.groupby("arm")["chaotic"].sum())
    assert chaotic == {"curl_descent": 3, "gradient_descent": 0}
    assert shapes[0][:2] == (2, 3)
    assert dimensions["hidden_participation_ratio"].between(1, 4).all()
    assert defined["distilled"].succeeded


def test_the_table_of_the_page_names_every_field_and_metric() -> None:
    rows = table(PAGE, "field")
    fields = {field.strip("`") for row in rows for field in row[0].split(", ")}
    fixed = {"points", "threshold", "exact_extrema", "lyapunov_window"}
    assert fields == set(Record.model_fields) - fixed
    named = {name.strip("` |") for row in rows for name in row[2].split(", ")} - {""}
    assert named == {*MEASURES, "order_parameter_q"}
