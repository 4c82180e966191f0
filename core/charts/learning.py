"""Pictures of learning: error against epochs, and how long each rule took to a threshold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.curl_descent import SimulationSpec
from core.drawing import alt
from core.experiment import Result
from core.figures import ARM_COLOURS, INK, MUTED, notice
from core.kernels.measures import diverged, epochs_to_threshold

WIDTH, HEIGHT = 460, 300
MANY_RECORDS = 40  # beyond, points would hide the line
CLIMB = 1e3  # the axis ends where an error has grown so many times from its start
MOST_RECORDS = 400  # of a curve, which is no wider than that in pixels
MOST_REPLICATES = 200  # of single networks, which more would bury
LARGEST = 1e300
NO_ERROR = "No finite test error after epoch 0"
SMALLEST = 1e-40  # below this an error is zero to every precision, and has no place on a log axis


def draw_learning_curves(spec: SimulationSpec, result: Result) -> alt.TopLevelMixin:
    """Median test error with a band from the 10th to the 90th percentile of replicates."""
    epoch, error = result["epoch"], result["test_error"]
    subtitle = _replicates(error)
    # Counted from the last record, which is always shown.
    stride = -(-len(epoch) // MOST_RECORDS)
    epoch, error = epoch[::-stride][::-1], error[..., ::-stride][..., ::-1]
    if stride > 1:
        subtitle += f"; one record in {stride}"
    values = [
        point for arm, rule in enumerate(spec.rules) for point in _curve(rule, epoch, error[arm])
    ]
    title = alt.Title("Test error while learning", subtitle=subtitle)
    if all(value["median"] is None for value in values):
        return empty(NO_ERROR).properties(title=title)
    axis = error_axis(error_domain([error], [spec.record.threshold]))
    base = alt.Chart(alt.InlineData(values)).encode(
        x=alt.X("epoch:Q", title="epoch", scale=alt.Scale(type="log", nice=False)),
        color=rule_colour(spec.rules),
    )
    points = {"size": 18} if len(epoch) < MANY_RECORDS else False
    line = base.mark_line(strokeWidth=2, clip=True, point=points)
    layers = [line.encode(y=axis("median"))]
    if error.shape[1] > 1:
        band = base.transform_filter("datum.low != null").mark_area(opacity=0.18, clip=True)
        layers.insert(0, band.encode(y=axis("low"), y2="high:Q"))
    return alt.LayerChart(
        layer=[*layers, *threshold_line(spec.record.threshold)],
        width=WIDTH,
        height=HEIGHT,
        title=title,
    )


def draw_epochs_to_threshold(spec: SimulationSpec, result: Result) -> alt.TopLevelMixin:
    """One point per network, joined within replicates; above the line, those that never arrived."""
    points = _arrivals(spec, result)
    last = int(result["epoch"][-1])
    subtitle = [f"lines join one replicate's networks; triangles: not in {last} epochs"]
    if spec.replicates > MOST_REPLICATES:
        subtitle.append(f"the first {MOST_REPLICATES} of {spec.replicates} replicates")
    title = alt.Title(f"Epochs to test error {spec.record.threshold:g}", subtitle=subtitle)
    first = min(last / 3, *(point["epochs"] for point in points))
    scale = alt.Scale(type="log", nice=False, domain=[first / 1.5, last * 2.2])
    axis = alt.Axis(tickCount=6, labelExpr=f"datum.value > {last} ? '' : datum.label")
    base = alt.Chart(alt.InlineData(points)).encode(
        x=alt.X(
            "rule:N",
            sort=list(spec.rules),
            title=None,
            axis=alt.Axis(labelAngle=0, labelExpr=SPACED),
        ),
        y=alt.Y("epochs:Q", title="epochs", scale=scale, axis=axis),
    )
    pairs = base.mark_line(color=MUTED, opacity=0.35, strokeWidth=1).encode(detail="replicate:N")
    colour = rule_colour(spec.rules, legend=None)
    arrived = base.transform_filter("!datum.never").mark_point(filled=True, size=55, opacity=0.85)
    censored = base.transform_filter("datum.never")
    triangles = censored.mark_point(shape="triangle-up", filled=True, size=80)
    count = censored.mark_text(dy=-13, color=INK, fontSize=11)
    end = alt.Chart(alt.InlineData([{"epochs": last}])).mark_rule(color=MUTED, strokeDash=[5, 4])
    return alt.LayerChart(
        layer=[
            end.encode(y=alt.Y("epochs:Q", scale=scale)),
            pairs,
            arrived.encode(color=colour),
            triangles.encode(color=colour),
            count.transform_aggregate(n="count()", groupby=["rule", "epochs"])
            .transform_calculate(label="datum.n + ' never'")
            .encode(text="label:N"),
        ],
        width=120 + 110 * len(spec.rules),
        height=HEIGHT,
        title=title,
    )


SPACED = "replace(datum.label, /_/g, ' ')"


def _curve(rule: str, epoch: NDArray[Any], error: NDArray[Any]) -> list[dict[str, Any]]:
    """Order statistics over replicates at every record but epoch 0; infinite ones are null."""
    low, median, high = spread(error)
    return [
        {
            "rule": rule,
            "epoch": int(epoch[r]),
            "median": _on_log_axis(median[r]),
            "low": _on_log_axis(low[r]),
            "high": _on_log_axis(min(high[r], LARGEST)) if np.isfinite(low[r]) else None,
        }
        for r in range(len(epoch))
        if epoch[r] > 0
    ]


def _arrivals(spec: SimulationSpec, result: Result) -> list[dict[str, Any]]:
    """When every network was first below the threshold; beyond the last epoch if never."""
    epoch, points = result["epoch"], []
    shown = result["test_error"][:, :MOST_REPLICATES]
    arrivals = epochs_to_threshold(epoch, shown, spec.record.threshold).tolist()
    for rule, of_rule in zip(spec.rules, arrivals, strict=True):
        for replicate, arrived in enumerate(of_rule):
            never = arrived < 0
            # Epoch 0 has no place on a log axis; half an epoch is its neighbour.
            epochs = 1.5 * int(epoch[-1]) if never else max(arrived, 0.5)
            point = {"rule": rule, "replicate": replicate, "epochs": epochs, "never": never}
            points.append(point)
    return points


def spread(error: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """10th percentile, median and 90th over "replicates records"; what is not finite is largest."""
    n = len(error)
    ordered = np.sort(np.where(np.isfinite(error), error, np.inf), axis=0)
    median = ordered[(n - 1) // 2] / 2 + ordered[n // 2] / 2
    return ordered[(n - 1) // 10], median, ordered[n - 1 - (n - 1) // 10]


def _on_log_axis(value: float) -> float | None:
    return max(float(value), SMALLEST) if np.isfinite(value) else None


def error_domain(
    errors: Sequence[NDArray[Any]], thresholds: Sequence[float]
) -> tuple[float, float]:
    """What holds thresholds and all errors but those of networks on their way to infinity.

    Each of the errors is an array whose last axis is that of the records, from epoch 0 on.
    """
    shown = _positive(np.concatenate([thresholds, *(error.ravel() for error in errors)]))
    start = _positive(np.concatenate([thresholds, *(error[..., 0].ravel() for error in errors)]))
    top = min(shown.max(), CLIMB * start.max())
    bottom = max(shown.min(), SMALLEST)
    return float(bottom / 1.3), float(top * 1.3)


def error_axis(domain: tuple[float, float]) -> Callable[[str], alt.Y]:
    """Log axes from the first of two errors to the second."""
    scale = alt.Scale(type="log", nice=False, domain=list(domain))
    axis = alt.Axis(format="~e", tickCount=6)
    return lambda field: alt.Y(f"{field}:Q", title="test error", scale=scale, axis=axis)


def _positive(errors: NDArray[Any]) -> NDArray[Any]:
    found: NDArray[Any] = errors[np.isfinite(errors) & (errors > 0)]
    return found


def rule_colour(rules: Sequence[str], **options: Any) -> alt.Color:
    """Every rule in its own colour of the house."""
    scale = alt.Scale(domain=list(rules), range=[ARM_COLOURS[rule] for rule in rules])
    if "legend" not in options:
        options["legend"] = alt.Legend(
            labelExpr=SPACED,
            title=None,
            orient="top",
            labelLimit=240,
            symbolType="stroke",
            symbolStrokeWidth=3,
            symbolOpacity=1,
        )
    return alt.Color("rule:N", scale=scale, **options)


def threshold_line(threshold: float) -> list[alt.Chart]:
    """The threshold as a dashed line with its value."""
    at = alt.Chart(alt.InlineData([{"at": threshold, "label": f"threshold {threshold:g}"}]))
    rule = at.mark_rule(color=INK, strokeDash=[5, 4], opacity=0.7).encode(y="at:Q")
    text = at.mark_text(color=INK, align="left", baseline="bottom", dx=4, dy=-3, fontSize=10)
    return [rule, text.encode(y="at:Q", x=alt.value(0), text="label:N")]


def _replicates(error: NDArray[Any]) -> str:
    lost = np.count_nonzero(diverged(error))
    shown = f"median of {error.shape[1]} replicates, band 10th to 90th percentile"
    counted = shown if error.shape[1] > 1 else "one replicate"
    return f"{counted}; {lost} networks diverged" if lost else counted


def empty(message: str) -> alt.Chart:
    """A frame that says why there is no picture in it."""
    return notice(message, WIDTH, HEIGHT)
