"""Pictures of dimensionality through learning: one panel per estimator, one colour per rule."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.charts.learning import empty, rule_colour
from core.charts.measures import bands
from core.drawing import alt
from core.experiment import Result
from core.kernels.intrinsic_dimension import RANKS

WIDTH, HEIGHT, COLUMNS = 300, 240, 4
PANELS = (
    "participation_ratio",
    "entropy_dimension",
    "n90",
    "n95",
    "parallel_analysis",
    "twonn",
    "mle",
)
COUNTS = ("n90", "n95", "parallel_analysis")


def draw_hidden(spec: Any, result: Result) -> alt.TopLevelMixin:
    """Dimensionality of the hidden activity against epochs."""
    return _panels(result, "hidden", "Hidden activity", "record.probe_size was 0")


def draw_trajectory(spec: Any, result: Result) -> alt.TopLevelMixin:
    """Dimensionality of the weights' path from the start to each epoch."""
    missing = "record.weights was not snapshots"
    return _panels(result, "trajectory", "Path of the weights so far", missing)


def without_sweep(spec: Any) -> str | None:
    """Why there is no sweep over scales to draw."""
    return None if "gride" in spec.estimators else "estimators has no gride"


def draw_sweep(spec: Any, result: Result) -> alt.TopLevelMixin:
    """Local dimension of the hidden activity at the last record against number of neighbours."""
    title = alt.Title(
        "Local dimension of the hidden activity at the last record",
        subtitle="median of replicates, band 10th to 90th percentile",
    )
    neighbours = [n for rank in RANKS if f"hidden_gride_{(n := 2 * rank)}" in result.arrays]
    if reason := without_sweep(spec) or (None if neighbours else "record.probe_size was 0"):
        return empty(reason).properties(title=title)
    arms = result["arm"].tolist()
    values = [
        {"rule": rule, "neighbours": n} | quantiles
        for n in neighbours
        for arm, rule in enumerate(arms)
        if (quantiles := _quantiles(result[f"hidden_gride_{n}"][arm, :, -1]))
    ]
    if not values:
        return empty("Too few probes differ").properties(title=title)
    base = alt.Chart(alt.InlineData(values)).encode(
        x=alt.X(
            "neighbours:Q",
            title="neighbours",
            scale=alt.Scale(type="log", base=2, nice=False),
            axis=alt.Axis(values=neighbours, format="d"),
        ),
        color=rule_colour(arms),
    )
    line = base.mark_line(strokeWidth=2, point=True).encode(
        y=alt.Y("median:Q", title="dimension", scale=alt.Scale(zero=False))
    )
    band = base.mark_area(opacity=0.18).encode(y="low:Q", y2="high:Q")
    return alt.LayerChart(layer=[band, line], width=420, height=HEIGHT, title=title)


def _quantiles(values: np.ndarray[Any, np.dtype[np.float64]]) -> dict[str, float]:
    """Median and band of the networks that have a number; nothing where none has."""
    known = values[np.isfinite(values)]
    if not len(known):
        return {}
    low, median, high = np.percentile(known, [10, 50, 90]).tolist()
    return {"low": low, "median": median, "high": high}


def _panels(result: Result, cloud: str, title: str, missing: str) -> alt.TopLevelMixin:
    replicates = len(result["replicate"])
    subtitle = f"median of {replicates} replicates, band 10th to 90th percentile"
    shown = alt.Title(title, subtitle=subtitle if replicates > 1 else "one replicate")
    present = [name for name in PANELS if f"{cloud}_{name}" in result.arrays]
    if not present:
        return empty(missing).properties(title=shown)
    panels = [_panel(result, cloud, name) for name in present]
    return alt.ConcatChart(concat=panels, columns=COLUMNS, title=shown)


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
    axis = alt.Axis(tickMinStep=1) if estimator in COUNTS else alt.Axis()
    title, scale = estimator.replace("_", " "), alt.Scale(zero=False)
    y = alt.Y("median:Q", title=title, scale=scale, axis=axis)
    band = base.mark_area(opacity=0.18).encode(y="low:Q", y2="high:Q")
    line = base.mark_line(strokeWidth=2).encode(y=y)
    return alt.LayerChart(layer=[band, line], width=WIDTH, height=HEIGHT)
