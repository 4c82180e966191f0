"""Pictures of a power analysis: power against trials, and what the sessions estimate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from core.charts.report import UNITS
from core.drawing import alt
from core.experiment import Result
from core.figures import MUTED
from core.findings.answer import FINDINGS
from core.findings.power_spec import PowerSpec

PANELS_PER_ROW = 3
WIDTH, HEIGHT = 190, 150
COLOURS = ("#2f6690", "#e09f3e", "#5b8e7d", "#8e6c8a", "#d1495b", "#3f3f74")
Rows = list[dict[str, Any]]


def draw_power(spec: PowerSpec, result: Result) -> alt.TopLevelMixin:
    """A panel per finding; the dashed line is the wished power, the dotted one alpha."""
    title = alt.Title(
        "How often each finding is found",
        subtitle=f"{spec.repetitions} sessions per point, 95 % intervals; dashes: power "
        f"{spec.wished_power:g}, dots: {spec.verdict.alpha:g}",
    )
    return _panels(spec, title, lambda k: _power_panel(spec, result, k))


def draw_estimates(spec: PowerSpec, result: Result) -> alt.TopLevelMixin:
    """A panel per finding: median and 80 % range of the difference, median of those found."""
    title = alt.Title(
        "What the sessions estimate: block less control",
        subtitle="points: median, rules: 80 % of the sessions; rings: median of those that find it",
    )
    return _panels(spec, title, lambda k: _estimate_panel(spec, result, k))


def _panels(
    spec: PowerSpec, title: alt.TitleParams, panel: Callable[[int], alt.LayerChart]
) -> alt.VConcatChart:
    panels = [panel(k) for k in range(len(spec.asked))]
    rows = [
        alt.HConcatChart(hconcat=panels[k : k + PANELS_PER_ROW], spacing=26)
        for k in range(0, len(panels), PANELS_PER_ROW)
    ]
    return alt.VConcatChart(vconcat=rows, title=title)


def _power_panel(spec: PowerSpec, result: Result, k: int) -> alt.LayerChart:
    names = ("power", "power_low", "power_high")
    rows = [
        {
            "trials": trials + _beside(spec, j),
            "neurons": str(neurons),
            **{name: float(result[name][i, j, k]) for name in names},
        }
        for i, trials in enumerate(spec.trials_per_target)
        for j, neurons in enumerate(spec.neurons)
    ]
    base = _base(spec, rows)
    y = alt.Y("power:Q", title="power", scale=alt.Scale(domain=[0, 1]))
    layers = [
        _rule(spec.wished_power, [5, 4]),
        _rule(spec.verdict.alpha, [1, 3]),
        base.mark_line(strokeWidth=2).encode(y=y),
        base.mark_rule(strokeWidth=1.5, opacity=0.7).encode(y="power_low:Q", y2="power_high:Q"),
        base.mark_point(filled=True, size=50, opacity=1).encode(y=y),
    ]
    return _layered(layers, spec.asked[k])


def _estimate_panel(spec: PowerSpec, result: Result, k: int) -> alt.LayerChart:
    rows = [
        {
            "trials": trials + _beside(spec, j),
            "neurons": str(neurons),
            **_quantiles(result["difference"][i, j, :, k], result["found"][i, j, :, k]),
        }
        for i, trials in enumerate(spec.trials_per_target)
        for j, neurons in enumerate(spec.neurons)
    ]
    base = _base(spec, rows)
    unit = UNITS[spec.asked[k]]
    y = alt.Y("median:Q", title=unit)
    layers = [
        _rule(0.0, [1, 0]),
        base.mark_rule(strokeWidth=1.5, opacity=0.7).encode(
            y=alt.Y("low:Q", title=unit), y2="high:Q"
        ),
        base.mark_line(strokeWidth=2).encode(y=y),
        base.mark_point(filled=True, size=50, opacity=1).encode(y=y),
        base.mark_point(size=90, opacity=1, strokeWidth=1.5).encode(
            y=alt.Y("of_found:Q", title=unit)
        ),
    ]
    return _layered(layers, spec.asked[k])


def _quantiles(
    values: np.ndarray[Any, Any], found: np.ndarray[Any, Any]
) -> dict[str, float | None]:
    known = values[np.isfinite(values)]
    if not len(known):
        return dict.fromkeys(("low", "median", "high", "of_found"))
    low, median, high = np.quantile(known, [0.1, 0.5, 0.9]).tolist()
    of_found = float(np.median(values[found])) if found.any() else None
    return {"low": low, "median": median, "high": high, "of_found": of_found}


def _beside(spec: PowerSpec, j: int) -> float:
    """How far a curve is moved aside, so that no interval hides another."""
    reach = spec.trials_per_target[-1] - spec.trials_per_target[0]
    return 0.015 * reach * (j - (len(spec.neurons) - 1) / 2)


def _base(spec: PowerSpec, rows: Rows) -> alt.Chart:
    names = [str(neurons) for neurons in spec.neurons]
    scale = alt.Scale(domain=names, range=list(COLOURS[: len(names)]))
    legend = alt.Legend() if len(names) > 1 else None
    chart: alt.Chart = alt.Chart(alt.InlineData(rows)).encode(
        x=alt.X(
            "trials:Q",
            title="trials per target",
            scale=alt.Scale(zero=False, padding=12),
            axis=alt.Axis(values=list(spec.trials_per_target), grid=False),
        ),
        color=alt.Color("neurons:N", sort=names, title="neurons", scale=scale, legend=legend),
    )
    return chart


def _rule(at: float, dash: Sequence[int]) -> alt.Chart:
    chart: alt.Chart = (
        alt.Chart(alt.InlineData([{"at": at}]))
        .mark_rule(color=MUTED, strokeDash=list(dash))
        .encode(y="at:Q")
    )
    return chart


def _layered(layers: Sequence[alt.Chart], name: str) -> alt.LayerChart:
    title = alt.Title(f"{name[0]}: {FINDINGS[name]}", fontSize=11)
    return alt.LayerChart(layer=list(layers), width=WIDTH, height=HEIGHT, title=title)
