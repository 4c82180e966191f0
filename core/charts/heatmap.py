"""A sweep's diagram: one metric over two parameters."""

from collections.abc import Sequence
from math import log10

import altair as alt

Cell = tuple[float | None, float | None, float | None]

WIDTH, HEIGHT = 380, 300
DECADES = 2.0  # positive values over more than this many are coloured by their logarithm


def draw_heatmap(
    cells: Sequence[Cell], *, x: str, y: str, metric: str, arm: str
) -> alt.TopLevelMixin:
    """Rectangles coloured by the metric; a cell without a value stays grey."""
    values = [value for _, _, value in cells if value is not None]
    colour = alt.Scale(scheme="viridis", type="log" if _spans_decades(values) else "linear")
    rows = [{"x": a, "y": b, "value": value} for a, b, value in cells]
    base = alt.Chart(
        alt.InlineData(rows),
        title=alt.Title(_words(metric), subtitle=f"{_words(arm)}, median over replicates"),
        width=WIDTH,
        height=HEIGHT,
    ).encode(
        x=alt.X("x:O", title=_words(x), axis=_axis()),
        y=alt.Y("y:O", title=_words(y), axis=_axis(), sort="descending"),
    )
    empty = base.mark_rect(color="#dfe3e8")
    filled = (
        base.transform_filter("isValid(datum.value)")
        .mark_rect()
        .encode(
            color=alt.Color("value:Q", scale=colour, title=None, legend=alt.Legend(format=".1e"))
        )
    )
    layered: alt.LayerChart = empty + filled
    return layered


def _axis() -> alt.Axis:
    return alt.Axis(format=".3~g", labelOverlap=True, labelAngle=0)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _spans_decades(values: Sequence[float]) -> bool:
    return bool(values) and min(values) > 0 and log10(max(values) / min(values)) > DECADES
