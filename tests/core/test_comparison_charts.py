"""What the pictures of several experiments show, and in which colour."""

from typing import Any

import numpy as np
import pytest

from core.charts.comparison import draw_learning_curves, draw_participation_ratios
from core.curl_descent import SimulationSpec
from core.experiment import Array, Compared, Result
from core.figures import rendered, themed
from core.participation_ratio import ParticipationRatioSpec

RULES = ("gradient_descent", "curl_descent")


def learnt(
    label: str, error: Any, epoch: Any, rules: tuple[str, ...] = RULES, threshold: float = 0.01
) -> Compared[SimulationSpec]:
    """An experiment with these test errors, "rules replicates records"."""
    document = {"rules": list(rules), "record": {"threshold": threshold}}
    errors = Array(np.array(error, dtype=float), ("arm", "replicate", "record"))
    arrays = {"epoch": Array(np.array(epoch), ("record",), "epochs"), "test_error": errors}
    return Compared(label, SimulationSpec.model_validate(document), Result(arrays))


def estimated(
    label: str, ratios: list[float], blocks: tuple[str, ...], *, correlated: bool = False
) -> Compared[ParticipationRatioSpec]:
    """An experiment with these ratios, each with a standard error of its logarithm of 0.1."""
    block = {"factor": "block", "compare": blocks} if len(blocks) == 2 else None
    dataset = "00000000-0000-0000-0000-000000000000"
    spec = ParticipationRatioSpec.model_validate({"dataset": dataset, "block": block})
    columns = {"participation_ratio": ratios, "log_se": [0.1] * len(ratios)}
    arrays = {name: Array(np.array(values), ("arm",)) for name, values in columns.items()}
    arrays["rows_correlated"] = Array(np.array([correlated]), ("session",))
    return Compared(label, spec, Result(arrays))


A = learnt("a", [[[1, 0.5, 0.1], [1, 0.3, 0.2]], [[1, 0.4, 0.2], [1, 0.4, 0.2]]], [0, 1, 10])
B = learnt("b", [[[2, 1.0, 0.5, 0.25]]], [0, 2, 4, 8], rules=("curl_descent",))


def points(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The data of the marks, of which there are more than of labels."""
    found: list[dict[str, Any]] = max(document["datasets"].values(), key=len)
    return found


def legend_of(document: dict[str, Any], channel: str) -> list[str]:
    names: list[str] = document["layer"][0]["encoding"][channel]["scale"]["domain"]
    return names


def test_curves_of_different_lengths_share_a_frame_with_their_own_medians() -> None:
    document = themed(draw_learning_curves(iter([A, B])))
    curves: dict[tuple[str, str], list[tuple[int, float]]] = {}
    for point in points(document):
        line = curves.setdefault((point["experiment"], point["rule"]), [])
        line.append((point["epoch"], round(point["error"], 12)))
    assert {line: sorted(found, key=lambda x: x[0]) for line, found in curves.items()} == {
        ("a", "gradient_descent"): [(1, 0.4), (10, 0.15)],
        ("a", "curl_descent"): [(1, 0.4), (10, 0.2)],
        ("b", "curl_descent"): [(2, 1.0), (4, 0.5), (8, 0.25)],
    }
    assert legend_of(document, "color") == ["a", "b"]
    assert legend_of(document, "strokeDash") == list(RULES)


def test_the_threshold_is_drawn_where_all_have_the_same() -> None:
    assert "threshold 0.01" in str(themed(draw_learning_curves([A, B])))
    other = learnt("c", [[[1, 0.1]]], [0, 5], rules=("curl_descent",), threshold=0.02)
    assert "threshold 0.0" not in str(themed(draw_learning_curves([A, other])))


def test_a_hundred_long_runs_are_thinned_and_keep_their_ends() -> None:
    error = np.geomspace(1, 1e-3, 1000)[None, None]
    run = learnt("", error, np.arange(1000), rules=("curl_descent",))
    many = (Compared(f"run {i}", run.spec, run.result) for i in range(100))
    document = themed(draw_learning_curves(many))
    assert 100 * 100 <= len(points(document)) <= 100 * 200
    assert sum(point["epoch"] == 999 for point in points(document)) == 100
    assert rendered(document, "svg").startswith(b"<svg")


def test_curves_that_all_diverged_say_so() -> None:
    lost = learnt("a", [[[1, np.inf, np.nan]]], [0, 1, 2], rules=("curl_descent",))
    document = themed(draw_learning_curves([lost, lost]))
    assert "No finite test error" in str(document)


def test_a_line_ends_where_its_error_leaves_the_frame() -> None:
    wild = learnt("a", [[[1, 2, 1e9, 0]]], [0, 1, 2, 3], rules=("curl_descent",))
    document = themed(draw_learning_curves([wild, B]))
    errors = {p["epoch"]: p["error"] for p in points(document) if p["experiment"] == "a"}
    low, high = document["layer"][0]["encoding"]["y"]["scale"]["domain"]
    assert errors == {1: 2, 2: None, 3: low}
    assert 2 < high < 1e9


def test_ratios_stand_in_rows_with_their_intervals() -> None:
    one = estimated("one", [2.0, 3.0], ("before", "after"))
    document = themed(draw_participation_ratios([one, estimated("two", [4.0], ("all",))]))
    rows = points(document)
    assert [row["row"] for row in rows] == ["one, before", "one, after", "two"]
    assert rows[2]["low"] == pytest.approx(4 * np.exp(-0.196), rel=1e-4)
    assert rows[2]["high"] == pytest.approx(4 * np.exp(0.196), rel=1e-4)
    assert legend_of(document, "color") == ["before", "after", "all"]
    assert "Optimistic" not in str(document["title"])


def test_a_ratio_that_is_not_defined_keeps_its_row_and_is_counted() -> None:
    one = estimated("one", [2.0, np.nan], ("before", "after"), correlated=True)
    document = themed(draw_participation_ratios([one]))
    assert document["layer"][0]["encoding"]["y"]["scale"]["domain"] == ["one, before", "one, after"]
    assert "1 of 2 ratios are not defined" in str(document["title"])
    assert "Optimistic" in str(document["title"])
