"""A sweep's diagram: one metric over two parameters, and the line that theory draws through it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from math import exp, log, log10
from typing import Any

from core.drawing import alt
from core.figures import notice

Place = float | str | bool | None
Cell = tuple[Place, Place, float | None]
Grid = Mapping[Any, Mapping[Any, float | None]]  # x -> y -> value

WIDTH, HEIGHT = 380, 300
DECADES = 2.0  # positive values over more than this many are coloured by their logarithm
LOG_AXIS = 1.0  # decades of a parameter beyond which its axis is logarithmic
EMPTY = "#dfe3e8"
LINE = "#d14359"  # no colour of the house: on a dark page it stays as it is, like the map under it


def draw_heatmap(
    cells: Sequence[Cell],
    *,
    x: str,
    y: str,
    metric: str,
    arm: str,
    theory: Sequence[tuple[float, float]] = (),
) -> alt.TopLevelMixin:
    """Rectangles coloured by the metric, each around its own parameters; grey without a value.

    Numbers keep their distances, and `theory` is a curve through them; words stand side by side.
    """
    if not cells:
        return notice("The sweep has no experiment", WIDTH, HEIGHT)
    grid: dict[Any, dict[Any, float | None]] = defaultdict(dict)
    for across, up, value in cells:
        grid[across][up] = value
    values = [value for column in grid.values() for value in column.values() if value is not None]
    logarithmic = _decades(values) > DECADES
    colour = alt.Scale(scheme="viridis", type="log" if logarithmic else "linear")
    if all(_is_number(place) for cell in cells for place in cell[:2]):
        base, line = _of_numbers(grid, x, y, theory)
    else:
        base, line = _of_words(grid, x, y), ()
    bar = alt.Legend(format="~e" if logarithmic else ".3~g", tickCount=6, gradientLength=HEIGHT)
    coloured = base.transform_filter("isValid(datum.value)")
    # A stroke of the same colour, else the background shines through between neighbours; in a
    # layer of its own, else the legend is not a bar. A bar of no values cannot be drawn.
    seams = coloured.mark_rect(filled=False, strokeWidth=0.6)
    seams = seams.encode(stroke=alt.Stroke("value:Q", scale=colour, legend=None))
    fills = coloured.mark_rect().encode(
        color=alt.Color("value:Q", scale=colour, title=None, legend=bar)
    )
    cells_of_values = [seams, fills] if values else []
    subtitle = f"{_words(arm)}, median over replicates" if values else f"{_words(arm)}: no values"
    subtitle += "; line: theory" if line else ""
    return alt.LayerChart(
        layer=[base.mark_rect(color=EMPTY), *cells_of_values, *line],
        title=alt.Title(_words(metric), subtitle=subtitle),
        width=WIDTH,
        height=HEIGHT,
    )


def _of_numbers(
    grid: Grid, x: str, y: str, theory: Sequence[tuple[float, float]]
) -> tuple[alt.Chart, Sequence[alt.Chart]]:
    rows = list(_rectangles(grid))
    log_x, log_y = _on_log_axis(grid), _on_log_axis({y for column in grid.values() for y in column})
    across = _axis(x, log_x, [row[edge] for row in rows for edge in ("x", "x2")])
    up = _axis(y, log_y, [row[edge] for row in rows for edge in ("y", "y2")])
    base = alt.Chart(alt.InlineData(rows)).encode(
        x=alt.X("x:Q", **across), x2="x2:Q", y=alt.Y("y:Q", **up), y2="y2:Q"
    )
    if not theory:
        return base, ()
    points = [{"order": place, "x": a, "y": b} for place, (a, b) in enumerate(theory)]
    line = alt.Chart(alt.InlineData(points)).mark_line(color=LINE, strokeWidth=2.5, clip=True)
    return base, (line.encode(x=alt.X("x:Q", **across), y=alt.Y("y:Q", **up), order="order:Q"),)


def _of_words(grid: Grid, x: str, y: str) -> alt.Chart:
    rows = [
        {"x": a, "y": b, "value": value}
        for a, column in grid.items()
        for b, value in column.items()
    ]
    axis = alt.Axis(format=".3~g", labelOverlap=True, labelAngle=0)
    return alt.Chart(alt.InlineData(rows)).encode(
        x=alt.X("x:O", title=_words(x), axis=axis),
        y=alt.Y("y:O", title=_words(y), axis=axis, sort="descending"),
    )


def _rectangles(grid: Grid) -> Iterator[dict[str, Any]]:
    """Every cell reaches half way to its neighbours, and at the border as far outwards.

    Columns may hold different values of y: a fraction flipped is a count over a layer's own size.
    """
    all_y = sorted({y for column in grid.values() for y in column})
    log_y = _on_log_axis(all_y)
    bottom, top = (_edges(all_y, log_y)[place] for place in (0, -1))
    columns = sorted(grid)
    for x, (left, right) in zip(
        columns, pairwise(_edges(columns, _on_log_axis(columns))), strict=True
    ):
        places = sorted(grid[x])
        edges = [bottom, *_edges(places, log_y)[1:-1], top]
        for y, (low, high) in zip(places, pairwise(edges), strict=True):
            yield {"x": left, "x2": right, "y": low, "y2": high, "value": grid[x][y]}


def _edges(places: Sequence[float], logarithmic: bool) -> list[float]:
    """Borders between sorted places: half way, in the measure of the axis."""
    at = [log(place) if logarithmic else float(place) for place in places]
    middles = [(a + b) / 2 for a, b in pairwise(at)]
    if middles:
        edges = [2 * at[0] - middles[0], *middles, 2 * at[-1] - middles[-1]]
    else:
        edges = [at[0] - 0.5, at[0] + 0.5]
    return [exp(edge) if logarithmic else edge for edge in edges]


def _axis(name: str, logarithmic: bool, edges: Sequence[float]) -> dict[str, Any]:
    scale = alt.Scale(
        type="log" if logarithmic else "linear", domain=[min(edges), max(edges)], nice=False
    )
    axis = alt.Axis(format=".3~g", grid=False, labelOverlap=True)
    return {"title": _words(name), "scale": scale, "axis": axis}


def _on_log_axis(places: Any) -> bool:
    return _decades(list(places)) > LOG_AXIS


def _decades(values: Sequence[float]) -> float:
    """Between the smallest and the largest of positive values; 0 if they are not all positive."""
    return log10(max(values) / min(values)) if values and min(values) > 0 else 0.0


def _is_number(place: Place) -> bool:
    return isinstance(place, int | float) and not isinstance(place, bool)


def _words(name: str) -> str:
    return name.replace("_", " ")
