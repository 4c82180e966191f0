"""Bars with intervals: estimates side by side, each with how sure it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from core.drawing import alt
from core.figures import BLOCK_COLOURS, INK, MUTED, of_known


@dataclass(frozen=True)
class Bar:
    """One estimate: its group along the axis, which of the series it belongs to, its interval."""

    group: str
    series: str
    value: float
    low: float = float("nan")
    high: float = float("nan")


def bars_with_intervals(
    bars: Sequence[Bar], *, title: alt.TitleParams, y: str, muted: Sequence[str] = ()
) -> alt.LayerChart:
    """Groups side by side, series within them; `muted` series are grey and pale."""
    groups = list(dict.fromkeys(bar.group for bar in bars))
    series = list(dict.fromkeys(bar.series for bar in bars))
    bright = iter(BLOCK_COLOURS * len(series))
    colours = [MUTED if name in muted else next(bright) for name in series]
    rows = [{key: _finite(value) for key, value in vars(bar).items()} for bar in bars]
    base = alt.Chart(alt.InlineData(rows)).encode(
        x=alt.X("group:N", sort=groups, title=None, axis=alt.Axis(labelAngle=0)),
        xOffset=alt.XOffset("series:N", sort=series),
    )
    filled = base.transform_filter("datum.value != null").mark_bar(opacity=0.85)
    scale = alt.Scale(domain=series, range=colours)
    legend = alt.Legend(title=None) if len(series) > 1 else None
    rule = base.mark_rule(color=INK, strokeWidth=1.5)
    layers = [
        filled.encode(
            y=alt.Y("value:Q", title=y),
            color=alt.Color("series:N", sort=series, scale=scale, legend=legend),
            tooltip=["group:N", "series:N", "value:Q", "low:Q", "high:Q"],
        ),
        *of_known(rows, "low", rule.encode(y=alt.Y("low:Q", title=y), y2="high:Q")),
    ]
    width = 60 + 26 * len(groups) * max(len(series), 2)
    return alt.LayerChart(layer=layers, width=width, height=260, title=title)


def _finite(value: Any) -> Any:
    """JSON has no NaN."""
    return None if isinstance(value, float) and not isfinite(value) else value
