"""The client's own small parts, which need no service."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solenoid import BadArgument, Table
from solenoid.assignments import assigned, axes, value
from solenoid.demo_report import speedup_line
from solenoid.documents import submission, sweep
from solenoid.events import Event, parsed

KEYS = st.sampled_from(["training", "epochs", "seed", "x"])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
PARTS = st.dictionaries(KEYS, SCALARS | st.dictionaries(KEYS, SCALARS, min_size=1), min_size=1)
SPECS = st.dictionaries(KEYS, SCALARS | PARTS)


@given(SPECS)
def test_a_spec_written_as_assignments_is_the_spec(spec: dict[str, Any]) -> None:
    assert assigned({}, [f"{key}={json.dumps(value)}" for key, value in flat(spec)]) == spec


def flat(spec: dict[str, Any], above: str = "") -> list[tuple[str, Any]]:
    lines: list[tuple[str, Any]] = []
    for name, inner in spec.items():
        deeper = isinstance(inner, dict) and inner
        lines += flat(inner, f"{above}{name}.") if deeper else [(above + name, inner)]
    return lines


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("200", 200),
        ("0.5", 0.5),
        ("1e5", 100_000),
        ("true", True),
        ("null", None),
        ("[1, 2]", [1, 2]),
        ('"7"', "7"),
        ("tanh", "tanh"),
        ("", ""),
        ("a=b", "a=b"),
    ],
)
def test_a_value_is_json_or_else_text(text: str, expected: object) -> None:
    assert value(text) == expected
    assert type(value(text)) is type(expected)


@pytest.mark.parametrize("assignment", ["", "=", "a", ".=1", "a..b=1", "=1"])
def test_what_is_no_assignment_is_refused(assignment: str) -> None:
    with pytest.raises(BadArgument, match="write key=value"):
        assigned({}, [assignment])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.05,0.1", [0.05, 0.1]),
        ("0,1e2", [0, 100]),
        ("tanh,relu", ["tanh", "relu"]),
        ("7", [7]),
        ("linspace:0:1:5", {"linspace": [0, 1, 5]}),
        ("logspace:-2:1.5:20", {"logspace": [-2, 1.5, 20]}),
        ('{"random": {"count": 3}}', {"random": {"count": 3}}),
        ("[1, 2]", [1, 2]),
        ("[1, 2],[3]", [[1, 2], [3]]),
        ("null", [None]),
    ],
)
def test_an_axis_is_values_or_a_spacing_or_json(text: str, expected: object) -> None:
    assert axes([f"a.b={text}"]) == {"a.b": expected}


@pytest.mark.parametrize("text", ['{"kind": "a", "spec": {}}', '{"axes": {}}', '{"kind": 1}'])
def test_a_document_that_is_no_sweep_is_refused(text: str, tmp_path: Any) -> None:
    path = tmp_path / "sweep.json"
    path.write_text(text)
    with pytest.raises(BadArgument, match=r"sweep\.json"):
        sweep(str(path))


@pytest.mark.parametrize(
    "text", ['{"kind": 1}', "[]", "{", '{"kind": "a", "extra": 1}', '{"kind": "a", "spec": []}']
)
def test_a_document_that_is_no_submission_is_refused(text: str, tmp_path: Any) -> None:
    path = tmp_path / "spec.json"
    path.write_text(text)
    with pytest.raises(BadArgument, match=r"spec\.json"):
        submission(str(path))


def test_events_are_parsed_as_the_html_standard_says() -> None:
    lines = [
        ": a comment",
        "event: progress",
        "id:1-0",
        'data: {"status": "running",',
        'data: "progress": 0.5}',
        "",
        "id: 2-0",
        "",
        "event: status",
        'data: {"status": "failed", "progress": 0.5, "values": {"loss": null}}',
        "",
        'data: {"status": "cut off"',
    ]
    assert list(parsed(lines)) == [
        Event("progress", "running", 0.5, {}, "1-0"),
        Event("status", "failed", 0.5, {"loss": None}, None),
    ]


def test_a_table_of_nothing_is_empty_everywhere() -> None:
    table = Table(())
    assert (len(table), table.columns, list(table)) == (0, (), [])
    assert table.to_pandas().empty
    assert "<table>" in table._repr_html_()


def test_networks_that_never_got_there_are_counted_and_not_averaged() -> None:
    epochs = {"gradient_descent": [400, None, 1600, None], "curl_descent": [100, 50, 400, None]}
    rows = [
        {"arm": arm, "replicate": replicate, "epochs_to_threshold": each}
        for arm, column in epochs.items()
        for replicate, each in enumerate(column)
    ]
    assert speedup_line(Table(tuple(rows)), epochs=2000) == (
        "> 2000 (2 of 4 never)",
        "250 (1 of 4 never)",
        "4.00 x",
        "2 of 4",
    )
