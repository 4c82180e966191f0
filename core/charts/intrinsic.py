"""Pictures of intrinsic dimension: the sweep over scales and two estimates, beside noise."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from core.charts.intervals import Bar, bars_with_intervals
from core.drawing import alt
from core.experiment import Result
from core.figures import BLOCK_COLOURS

SOURCES = ("data", "noise of the same covariance")


class Arms(Protocol):
    """A spec of which the pictures need the names of its blocks."""

    @property
    def arms(self) -> tuple[str, ...]:
        """One name per arm."""


def draw_sweep(spec: Arms, result: Result) -> alt.TopLevelMixin:
    """Dimension against the number of neighbours; a band holds all surrogates."""
    rows = []
    neighbours = (2 * result["ranks"]).tolist()
    for arm, name in enumerate(spec.arms):
        sweep = result["dimension"][arm][:, 2:]
        for place, at in enumerate(neighbours):
            data, noise = float(sweep[0, place]), sweep[1:, place]
            if not np.isfinite([data, *noise.tolist()]).all():
                continue
            common = {"block": name, "neighbours": at}
            rows += [
                {**common, "source": SOURCES[0], "dimension": data},
                {
                    **common,
                    "source": SOURCES[1],
                    "dimension": float(noise.mean()),
                    "low": float(noise.min()),
                    "high": float(noise.max()),
                },
            ]
    base = alt.Chart(alt.InlineData(rows)).encode(
        x=alt.X(
            "neighbours:Q",
            title="neighbours",
            scale=alt.Scale(type="log", base=2),
            axis=alt.Axis(values=neighbours, format="d"),
        ),
        color=alt.Color(
            "block:N",
            sort=list(spec.arms),
            scale=alt.Scale(domain=list(spec.arms), range=list(BLOCK_COLOURS[: len(spec.arms)])),
            legend=alt.Legend(title=None, symbolOpacity=1),
        ),
        detail="source:N",
    )
    y = alt.Y("dimension:Q", title="dimension", scale=alt.Scale(zero=True))
    dash = alt.StrokeDash(
        "source:N",
        scale=alt.Scale(domain=list(SOURCES), range=[[1, 0], [5, 3]]),
        legend=alt.Legend(title=None, labelLimit=240),
    )
    layers = (
        base.transform_filter("isValid(datum.low)")
        .mark_area(opacity=0.2)
        .encode(y=alt.Y("low:Q", title="dimension"), y2="high:Q"),
        base.mark_line(strokeWidth=2).encode(y=y, strokeDash=dash),
        base.mark_point(filled=True, size=40, opacity=1).encode(y=y),
    )
    title = alt.Title(
        "Intrinsic dimension by scale", subtitle="below the noise: structure of fewer dimensions"
    )
    return alt.LayerChart(layer=layers, width=400, height=260, title=title)


def draw_estimates(spec: Arms, result: Result) -> alt.TopLevelMixin:
    """TwoNN and maximum likelihood of each block, with the range of surrogates beside them."""
    bars = []
    for arm, name in enumerate(spec.arms):
        for place, label in enumerate(("TwoNN", "MLE, 20 neighbours")):
            values = result["dimension"][arm][:, place]
            group, noise = f"{label}, {name}", values[1:]
            bars += [
                Bar(group, SOURCES[0], float(values[0])),
                Bar(
                    group,
                    SOURCES[1],
                    float(noise.mean()),
                    float(noise.min()),
                    float(noise.max()),
                ),
            ]
    title = alt.Title("Intrinsic dimension", subtitle="lines: range over surrogates")
    chart = bars_with_intervals(bars, title=title, y="dimension", muted=[SOURCES[1]])
    return chart.properties(width=130 * 2 * len(spec.arms))
