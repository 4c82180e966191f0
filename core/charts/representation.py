"""Pictures of dimensionality through learning: one panel per estimator, one colour per rule."""

from __future__ import annotations

from typing import Any

from core.charts.learning import empty, rule_colour
from core.charts.measures import bands
from core.drawing import alt
from core.experiment import Result

WIDTH, HEIGHT = 300, 240
PANELS = ("participation_ratio", "entropy_dimension", "n90", "twonn")


def draw_hidden(spec: Any, result: Result) -> alt.TopLevelMixin:
    """Dimensionality of the hidden activity against epochs."""
    return _panels(result, "hidden", "Hidden activity", "record.probe_size was 0")


def draw_trajectory(spec: Any, result: Result) -> alt.TopLevelMixin:
    """Dimensionality of the weights' path from the start to each epoch."""
    missing = "record.weights was not snapshots"
    return _panels(result, "trajectory", "Path of the weights so far", missing)


def _panels(result: Result, cloud: str, title: str, missing: str) -> alt.TopLevelMixin:
    replicates = len(result["replicate"])
    subtitle = f"median of {replicates} replicates, band 10th to 90th percentile"
    shown = alt.Title(title, subtitle=subtitle if replicates > 1 else "one replicate")
    present = [name for name in PANELS if f"{cloud}_{name}" in result.arrays]
    if not present:
        return empty(missing).properties(title=shown)
    panels = [_panel(result, cloud, name) for name in present]
    return alt.HConcatChart(hconcat=panels, title=shown)


def _panel(result: Result, cloud: str, estimator: str) -> alt.LayerChart:
    arms = result["arm"].tolist()
    values = [
        point
        for arm, rule in enumerate(arms)
        for point in bands(rule, result["epoch"], result[f"{cloud}_{estimator}"][arm])
    ]
    base = alt.Chart(alt.InlineData(values)).encode(
        x=alt.X("epoch:Q", title="epoch", scale=alt.Scale(type="log", nice=False)),
        color=rule_colour(arms),
    )
    y = alt.Y("median:Q", title=estimator.replace("_", " "), scale=alt.Scale(zero=False))
    band = base.mark_area(opacity=0.18).encode(y="low:Q", y2="high:Q")
    line = base.mark_line(strokeWidth=2).encode(y=y)
    return alt.LayerChart(layer=[band, line], width=WIDTH, height=HEIGHT)
