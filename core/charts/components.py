"""Pictures of components: scree with the cross-validated curve, the plane, the answers."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from core.charts.intervals import Bar, bars_with_intervals
from core.charts.state_space import state_space
from core.drawing import alt
from core.experiment import Result
from core.figures import BLOCK_COLOURS, of_known
from core.kernels.component_numbers import components_for, entropy_dimension, leading

SHOWN = 40
CURVES = ("as measured", "repeats in other trials", "shuffled neurons, 95th percentile")


class Arms(Protocol):
    """A spec of which the pictures need the names of its blocks."""

    @property
    def arms(self) -> tuple[str, ...]:
        """One name per arm."""


def draw_scree(spec: Arms, result: Result) -> alt.TopLevelMixin:
    """Share of variance by component: of means on the left, of single trials on the right."""
    means, trials = [], []
    for arm, name in enumerate(spec.arms):
        naive = result["naive_mean_spectrum"][arm]
        repeated = result["cross_validated_spectrum"][arm]
        means += _curve(name, CURVES[0], 100 * naive / naive.sum())
        means += _band(name, CURVES[1], 100 * repeated / naive.sum())
        spectrum, threshold = result["spectrum"][arm], result["parallel_threshold"][arm]
        trials += _curve(name, CURVES[0], 100 * spectrum / spectrum.sum())
        trials += _curve(name, CURVES[2], 100 * threshold / spectrum.sum())
    left = _panel(means, spec, "condition means", "variance (% of means as measured)")
    right = _panel(trials, spec, "single trials", "variance (%)")
    return alt.hconcat(left, right, spacing=30).properties(title=alt.Title("Variance by component"))


def draw_state_space(spec: Arms, result: Result) -> alt.TopLevelMixin:
    """Trials and means, each target in the colour of its direction."""
    share = ", ".join(f"{100 * part:.0f} %" for part in result["plane_variance"].tolist())
    return state_space(
        result["mean_scores"],
        spec.arms,
        labels=result["target_labels"].tolist(),
        angles_deg=result["target_angle_deg"],
        title=alt.Title(
            "Trials and their means by target",
            subtitle=f"first two components of the means ({share} of their variance)",
        ),
        trials=(result["trial_scores"], result["trial_target"]),
    )


def draw_numbers(spec: Arms, result: Result) -> alt.TopLevelMixin:
    """Six answers to how many, by block."""
    bars = []
    for arm, name in enumerate(spec.arms):
        spectrum = result["spectrum"][arm]
        repeated = np.maximum(result["cross_validated_spectrum"][arm].mean(axis=0), 0.0)
        likelihood = result["factor_log_likelihood"][arm].mean(axis=0)
        answers = {
            "repeats (cvPCA)": components_for(repeated, 0.95) if repeated.sum() > 0 else 0,
            "parallel analysis": leading(spectrum, result["parallel_threshold"][arm]),
            "factor analysis": int(result["factor_numbers"][likelihood.argmax()]),
            "entropy": entropy_dimension(spectrum),
            "90 % of variance": components_for(spectrum, 0.90),
            "95 % of variance": components_for(spectrum, 0.95),
        }
        bars += [Bar(answer, name, float(value)) for answer, value in answers.items()]
    title = alt.Title("How many components? It depends on the question")
    chart: alt.LayerChart = bars_with_intervals(bars, title=title, y="components")
    return chart.properties(width=110 * 6)


def draw_likelihood(spec: Arms, result: Result) -> alt.TopLevelMixin:
    """Mean over folds, less that of no factor at all."""
    rows = []
    for arm, name in enumerate(spec.arms):
        mean = result["factor_log_likelihood"][arm].mean(axis=0)
        gains = (mean - mean[0]).tolist()
        numbers = result["factor_numbers"].tolist()
        rows += [
            {"block": name, "factors": n, "gain": gain, "best": gain == max(gains)}
            for n, gain in zip(numbers, gains, strict=True)
        ]
    base = alt.Chart(alt.InlineData(rows)).encode(
        x=alt.X("factors:Q", title="shared factors", axis=alt.Axis(tickMinStep=1)),
        y=alt.Y("gain:Q", title="log likelihood per left-out trial, gain (nats)"),
        color=_colour(spec),
    )
    best = base.transform_filter("datum.best").mark_point(filled=True, size=110, opacity=1)
    layers = (base.mark_line(strokeWidth=2), best)
    title = alt.Title("Factors that predict left-out trials", subtitle="dot: the best number")
    return alt.LayerChart(layer=layers, width=380, height=240, title=title)


def _curve(block: str, curve: str, values: Any) -> list[dict[str, Any]]:
    return [
        {"block": block, "curve": curve, "component": place + 1, "variance": value}
        for place, value in enumerate(values[:SHOWN].tolist())
    ]


def _band(block: str, curve: str, splits: Any) -> list[dict[str, Any]]:
    """The mean over splits with the range that holds 95 % of them."""
    low, high = np.percentile(splits, [2.5, 97.5], axis=0)
    mean = _curve(block, curve, splits.mean(axis=0))
    return [
        {**row, "low": a, "high": b}
        for row, a, b in zip(mean, low.tolist(), high.tolist(), strict=False)
    ]


def _panel(rows: list[dict[str, Any]], spec: Arms, title: str, axis: str) -> alt.LayerChart:
    names = [curve for curve in CURVES if any(row["curve"] == curve for row in rows)]
    base = alt.Chart(alt.InlineData(rows)).encode(
        x=alt.X("component:Q", title="component", axis=alt.Axis(tickMinStep=1, format="d")),
        color=_colour(spec),
    )
    y = alt.Y("variance:Q", title=axis)
    dash = alt.StrokeDash(
        "curve:N",
        sort=names,
        title=None,
        scale=alt.Scale(domain=names, range=[[1, 0], [5, 3]][: len(names)]),
        legend=alt.Legend(labelLimit=260, orient="bottom", direction="vertical"),
    )
    band = base.mark_area(opacity=0.2)
    layers = [
        *of_known(rows, "low", band.encode(y=alt.Y("low:Q", title=axis), y2="high:Q")),
        base.mark_line(strokeWidth=2).encode(y=y, strokeDash=dash),
        base.mark_point(filled=True, size=30, opacity=1).encode(
            y=y, tooltip=["block:N", "curve:N", "component:Q", "variance:Q"]
        ),
    ]
    chart: alt.LayerChart = alt.LayerChart(
        layer=layers, width=280, height=240, title=alt.Title(title, fontSize=12)
    ).resolve_scale(strokeDash="independent")
    return chart


def _colour(spec: Arms) -> alt.Color:
    scale = alt.Scale(domain=list(spec.arms), range=list(BLOCK_COLOURS[: len(spec.arms)]))
    legend = alt.Legend(title=None, symbolOpacity=1)
    return alt.Color("block:N", sort=list(spec.arms), scale=scale, legend=legend)
