"""Pictures of learning: error against epochs, and how long each rule took to a threshold."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
from numpy.typing import NDArray

from core.curl_descent import SimulationSpec
from core.experiment import Result
from core.figures import ARM_COLOURS, INK, MUTED

WIDTH, HEIGHT = 460, 300
SMALLEST = 1e-40  # below this an error is zero to every precision, and has no place on a log axis


def draw_learning_curves(spec: SimulationSpec, result: Result) -> alt.TopLevelMixin:
    """Median test error with a band from the 10th to the 90th percentile of replicates."""
    values = [
        point
        for arm, rule in enumerate(spec.rules)
        for point in _curve(rule, result["epoch"], result["test_error"][arm])
    ]
    replicates = result["test_error"].shape[1]
    title = alt.Title("Test error while learning", subtitle=_replicates(replicates, result))
    if all(value["median"] is None for value in values):
        return _empty("No finite test error after epoch 0").properties(title=title)
    base = alt.Chart(alt.InlineData(values)).encode(
        x=alt.X("epoch:Q", title="epoch", scale=alt.Scale(type="log", nice=False)),
        color=_rule_colour(spec.rules),
    )
    line = base.mark_line(strokeWidth=2, point={"size": 18} if len(values) < 60 else False)
    layers = [line.encode(y=_error_axis("median"))]
    if replicates > 1:
        band = base.transform_filter("datum.high != null").mark_area(opacity=0.18)
        layers.insert(0, band.encode(y=_error_axis("low"), y2="high:Q"))
    return alt.LayerChart(
        layer=[*layers, *_threshold(spec.record.threshold)],
        width=WIDTH,
        height=HEIGHT,
        title=title,
    )


def draw_epochs_to_threshold(spec: SimulationSpec, result: Result) -> alt.TopLevelMixin:
    """One point per network, joined within replicates; those that never got there on top."""
    points = _arrivals(spec, result)
    never = sum(point["never"] for point in points)
    last = int(result["epoch"][-1])
    subtitle = f"{never} of {len(points)} never below it in {last} epochs (triangles)"
    title = alt.Title(
        f"Epochs to test error {spec.record.threshold:g}",
        subtitle=subtitle if never else "every network got there",
    )
    domain = [min(point["epochs"] for point in points) / 1.5, last * 1.5]
    scale = alt.Scale(type="log", nice=False, domain=domain)
    base = alt.Chart(alt.InlineData(points)).encode(
        x=alt.X(
            "rule:N",
            sort=list(spec.rules),
            title=None,
            axis=alt.Axis(labelAngle=0, labelExpr=_SPACED),
        ),
        y=alt.Y("epochs:Q", title="epochs", scale=scale),
    )
    pairs = base.mark_line(color=MUTED, opacity=0.35, strokeWidth=1).encode(detail="replicate:N")
    colour = _rule_colour(spec.rules, legend=None)
    arrived = base.transform_filter("!datum.never").mark_point(filled=True, size=55, opacity=0.85)
    censored = base.transform_filter("datum.never").mark_point(shape="triangle-up", size=90)
    return alt.LayerChart(
        layer=[pairs, arrived.encode(color=colour), censored.encode(color=colour)],
        width=120 + 110 * len(spec.rules),
        height=HEIGHT,
        title=title,
    )


_SPACED = "replace(datum.label, /_/g, ' ')"


def _curve(rule: str, epoch: NDArray[Any], error: NDArray[Any]) -> list[dict[str, Any]]:
    """Order statistics over replicates at every record but epoch 0; infinite ones are null."""
    n = len(error)
    ordered = np.sort(np.where(np.isfinite(error), error, np.inf), axis=0)
    median = (ordered[(n - 1) // 2] + ordered[n // 2]) / 2
    low, high = ordered[(n - 1) // 10], ordered[n - 1 - (n - 1) // 10]
    highest = np.max(ordered[np.isfinite(ordered)], initial=SMALLEST)
    return [
        {
            "rule": rule,
            "epoch": int(epoch[r]),
            "median": _on_log_axis(median[r]),
            "low": _on_log_axis(low[r]),
            "high": _on_log_axis(min(high[r], highest)) if np.isfinite(low[r]) else None,
        }
        for r in range(1, len(epoch))
    ]


def _arrivals(spec: SimulationSpec, result: Result) -> list[dict[str, Any]]:
    """When every network was first below the threshold; the last epoch if never."""
    epoch, points = result["epoch"], []
    for arm, rule in enumerate(spec.rules):
        below = result["test_error"][arm] < spec.record.threshold
        for replicate, arrived in enumerate(below.any(axis=1)):
            first = int(epoch[below[replicate].argmax()]) if arrived else int(epoch[-1])
            # Epoch 0 has no place on a log axis; half an epoch is its neighbour.
            point = {"rule": rule, "replicate": replicate, "epochs": max(first, 0.5)}
            points.append({**point, "never": not arrived})
    return points


def _on_log_axis(value: float) -> float | None:
    return max(float(value), SMALLEST) if np.isfinite(value) else None


def _error_axis(field: str) -> alt.Y:
    return alt.Y(
        f"{field}:Q",
        title="test error",
        scale=alt.Scale(type="log", nice=False),
        axis=alt.Axis(format="~e", tickCount=6),
    )


def _rule_colour(rules: Sequence[str], **options: Any) -> alt.Color:
    scale = alt.Scale(domain=list(rules), range=[ARM_COLOURS[rule] for rule in rules])
    if "legend" not in options:
        options["legend"] = alt.Legend(
            labelExpr=_SPACED,
            title=None,
            orient="top",
            labelLimit=240,
            symbolType="stroke",
            symbolStrokeWidth=3,
            symbolOpacity=1,
        )
    return alt.Color("rule:N", scale=scale, **options)


def _threshold(threshold: float) -> list[alt.Chart]:
    at = alt.Chart(alt.InlineData([{"at": threshold, "label": f"threshold {threshold:g}"}]))
    rule = at.mark_rule(color=INK, strokeDash=[5, 4], opacity=0.7).encode(y="at:Q")
    text = at.mark_text(color=INK, align="left", baseline="bottom", dx=4, dy=-3, fontSize=10)
    return [rule, text.encode(y="at:Q", x=alt.value(0), text="label:N")]


def _replicates(replicates: int, result: Result) -> str:
    lost = int((~np.isfinite(result["test_error"][..., -1])).sum())
    shown = f"median of {replicates} replicates, band 10th to 90th percentile"
    counted = shown if replicates > 1 else "one replicate"
    return f"{counted}; {lost} networks diverged" if lost else counted


def _empty(message: str) -> alt.LayerChart:
    text = alt.Chart(alt.InlineData([{"message": message}])).encode(text="message:N")
    layers = [text.mark_text(color=MUTED, fontSize=13)]
    return alt.LayerChart(layer=layers, width=WIDTH, height=HEIGHT)
