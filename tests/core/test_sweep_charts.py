"""Diagrams of sweeps: where the cells lie, what is averaged, and what is only counted."""

from math import sqrt
from typing import Any

import pytest

from core.charts.heatmap import Cell, draw_heatmap
from core.charts.profile import Run, draw_profile
from core.figures import rendered, themed


def rows_of(chart: Any) -> list[dict[str, Any]]:
    """The data of a chart's first layer."""
    document = themed(chart)
    data = document["layer"][0].get("data", document.get("data"))
    rows: list[dict[str, Any]] = document["datasets"][data["name"]]
    return rows


def heatmap(cells: list[Cell], **options: Any) -> Any:
    return draw_heatmap(cells, x="a", y="b", metric="error", arm="curl_descent", **options)


def test_the_cells_of_a_map_tile_it() -> None:
    cells: list[Cell] = [(x, y, x + y) for x in (1.0, 10.0, 100.0) for y in (0.0, 0.5, 1.0)]
    rows = rows_of(heatmap(cells))
    assert len(rows) == 9
    corner = next(row for row in rows if row["value"] == 1.0)
    assert (corner["x"], corner["x2"]) == pytest.approx((1 / sqrt(10), sqrt(10)))
    assert (corner["y"], corner["y2"]) == pytest.approx((-0.25, 0.25))
    assert {row["x2"] for row in rows if row["x2"] < 100} <= {row["x"] for row in rows}


def test_columns_of_a_map_may_hold_fractions_of_their_own() -> None:
    cells: list[Cell] = [(1, 0.0, 1), (1, 1.0, 2), (2, 0.0, 3), (2, 0.5, 4), (2, 1.0, 5)]
    rows = rows_of(heatmap(cells))
    for value in (1, 3):
        assert next(row["y"] for row in rows if row["value"] == value) == pytest.approx(-0.25)
    for value in (2, 5):
        assert next(row["y2"] for row in rows if row["value"] == value) == pytest.approx(1.25)


@pytest.mark.parametrize(
    "cells",
    [
        [],
        [(1, 1, None)],
        [(1.0, "tanh", 3.0), (2.0, "relu", None)],
        [(0.1, 0.0, 1e-30), (1, 0.5, 1.0), (10, 1.0, 100.0)],
    ],
)
def test_every_map_can_be_drawn(cells: list[Cell]) -> None:
    theory = [(0.05, 1.0), (5.0, 0.0)]
    assert rendered(themed(heatmap(cells, theory=theory)), "svg").startswith(b"<svg")


def test_a_profile_averages_what_there_is_and_counts_the_rest() -> None:
    runs = [Run("curl_descent", 1.0, value) for value in (10, 14, None)]
    runs += [Run("curl_descent", 2.0, None), Run("curl_descent", None, 5)]
    first, second = rows_of(draw_profile(runs, x="a", metric="epochs"))
    assert (first["at"], first["low"], first["high"]) == pytest.approx((12, 10, 14))
    assert (first["label"], second["label"]) == ("1 of 3 never", "1 of 1 never")
    assert second["never"]
    assert second["at"] > first["high"]


def test_layers_of_several_sizes_share_the_points_of_a_profile() -> None:
    sizes = (20, 21, 50)
    asked = [(n, setting) for n in sizes for setting in (0.25, 0.5)]
    runs = [Run("all", int(setting * n) / n, n, setting) for n, setting in asked]
    rows = rows_of(draw_profile(runs, x="hidden_fraction", metric="error"))
    assert [row["x"] for row in rows] == [0.24, 0.5]
    assert [row["at"] for row in rows] == pytest.approx([sum(sizes) / 3] * 2)


def test_a_single_value_has_no_error_bar() -> None:
    def drawn(values: list[float]) -> int:
        runs = [Run("all", 1.0, value) for value in values]
        return rendered(themed(draw_profile(runs, x="a", metric="b")), "svg").count(b'"rule mark"')

    assert drawn([1.0, 2.0]) == 1
    assert drawn([1.0]) == 0


@pytest.mark.parametrize(
    "runs",
    [
        [],
        [Run("all", 1, None)],
        [Run("gradient_descent", 0.01, 1), Run("mine", 10, 1e6), Run("curl_descent", 1, None)],
    ],
)
def test_every_profile_can_be_drawn(runs: list[Run]) -> None:
    chart = draw_profile(runs, x="a", metric="epochs")
    assert rendered(themed(chart), "svg").startswith(b"<svg")


def test_a_profile_has_no_layer_of_nothing() -> None:
    def marks(value: float | None) -> list[str]:
        chart = draw_profile([Run("all", 1, value)], x="a", metric="b")
        return [layer["mark"]["type"] for layer in themed(chart)["layer"]]

    assert marks(2.0) == ["line", "point"]
    assert marks(None) == ["point", "text"]
