"""Pictures of several experiments in one frame: their learning curves, their estimates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.charts.learning import (
    HEIGHT,
    MOST_RECORDS,
    NO_ERROR,
    SPACED,
    WIDTH,
    empty,
    error_axis,
    error_domain,
    spread,
    threshold_line,
)
from core.charts.participation_ratio import CAVEAT, Z_95, Arms
from core.curl_descent import SimulationSpec
from core.drawing import alt
from core.experiment import Compared
from core.figures import BLOCK_COLOURS, of_known

COLOURS = (
    *("#2f6690", "#d1495b", "#5b8e7d", "#e09f3e", "#8e6c8a"),
    *("#4aa3c7", "#7a5c3e", "#1f2933", "#b8577f", "#9aa33a"),
)
DASHES = {
    "gradient_descent": [1, 0],
    "curl_descent": [6, 3],
    "feedback_alignment": [2, 2],
    "curl_feedback_alignment": [8, 3, 2, 3],
}
"""One dash per learning rule: in a comparison the colour is the experiment's."""

MOST_POINTS = 20_000  # of a picture, which more would only make slow
FEWEST_RECORDS = 50
LEGEND_ROWS = 18  # as many as the picture is high
LONGEST_LABEL = 200  # pixels
ROW = 20


@dataclass(frozen=True)
class _Line:
    """The median test error of one experiment and rule, a number per record."""

    label: str
    rule: str
    epoch: NDArray[Any]
    error: NDArray[Any]


def draw_learning_curves(compared: Iterable[Compared[SimulationSpec]]) -> alt.TopLevelMixin:
    """Median test error against epochs: one colour per experiment, one dash per rule."""
    thresholds: dict[float, None] = {}
    lines: list[_Line] = []
    for one in compared:
        thresholds[one.spec.record.threshold] = None
        lines += _lines(one)
    title = alt.Title("Test error while learning", subtitle="median over replicates")
    most = max(FEWEST_RECORDS, min(MOST_RECORDS, MOST_POINTS // len(lines)))
    domain = error_domain([line.error for line in lines], list(thresholds))
    values = [point for line in lines for point in _points(line, most, domain)]
    if all(value["error"] is None for value in values):
        return empty(NO_ERROR).properties(title=title)
    names = tuple(dict.fromkeys(line.label for line in lines))
    rules = tuple(rule for rule in DASHES if any(line.rule == rule for line in lines))
    chart = alt.Chart(alt.InlineData(values)).encode(
        x=alt.X("epoch:Q", title="epoch", scale=alt.Scale(type="log", nice=False)),
        y=error_axis(domain)("error"),
        color=alt.Color(
            "experiment:N", title=None, scale=_colours(names, COLOURS), legend=_legend(names)
        ),
        strokeDash=alt.StrokeDash(
            "rule:N",
            title=None,
            scale=alt.Scale(domain=list(rules), range=[DASHES[rule] for rule in rules]),
            legend=alt.Legend(
                orient="top", labelExpr=SPACED, labelLimit=240, symbolType="stroke", symbolSize=900
            ),
        ),
        tooltip=["experiment:N", "rule:N", "epoch:Q", "error:Q"],
    )
    common = threshold_line(*thresholds) if len(thresholds) == 1 else []
    return alt.LayerChart(
        layer=[chart.mark_line(strokeWidth=2), *common],
        width=WIDTH,
        height=HEIGHT,
        title=title,
    )


def draw_participation_ratios(compared: Iterable[Compared[Arms]]) -> alt.TopLevelMixin:
    """Corrected ratios with their 95 % intervals, a row per experiment and a colour per block."""
    values: list[dict[str, Any]] = []
    optimistic = False
    for one in compared:
        values += _ratios(one)
        optimistic |= bool(one.result["rows_correlated"][0])
    blocks = tuple(dict.fromkeys(value["block"] for value in values))
    rows = alt.Scale(domain=[value["row"] for value in values])
    names = alt.Axis(labelLimit=LONGEST_LABEL, ticks=False, domain=False)
    base = alt.Chart(alt.InlineData(values)).encode(
        y=alt.Y("row:N", title=None, scale=rows, axis=names),
        color=alt.Color(
            "block:N", title=None, scale=_colours(blocks, BLOCK_COLOURS), legend=_legend(blocks)
        ),
        tooltip=["experiment:N", "block:N", "ratio:Q", "low:Q", "high:Q"],
    )
    points = base.transform_filter("datum.ratio != null").mark_point(filled=True, size=70)
    interval = base.mark_rule(strokeWidth=2)
    return alt.LayerChart(
        layer=[
            *of_known(values, "low", interval.encode(x=_axis("low"), x2="high:Q")),
            points.encode(x=_axis("ratio"), opacity=alt.value(1)),
        ],
        width=WIDTH,
        height=alt.Step(ROW),
        title=alt.Title("Dimensions of the task", subtitle=_caveats(values, optimistic)),
    )


def _lines(one: Compared[SimulationSpec]) -> list[_Line]:
    epoch, error = one.result["epoch"], one.result["test_error"]
    return [
        _Line(one.label, rule, epoch, spread(error[arm])[1])
        for arm, rule in enumerate(one.spec.rules)
    ]


def _points(line: _Line, most: int, domain: tuple[float, float]) -> list[dict[str, Any]]:
    """The records but epoch 0, thinned; counted from the last, which is always shown."""
    stride = -(-len(line.epoch) // most)
    return [
        {
            "experiment": line.label,
            "rule": line.rule,
            "epoch": int(line.epoch[r]),
            "error": _within(domain, line.error[r]),
        }
        for r in range(len(line.epoch) - 1, -1, -stride)
        if line.epoch[r] > 0
    ]


def _within(domain: tuple[float, float], error: float) -> float | None:
    """The error, at least the lowest; null above the highest, where a line ends.

    Letting the picture cut its lines costs 20 s for those of a hundred experiments.
    """
    return max(float(error), domain[0]) if error <= domain[1] else None


def _ratios(one: Compared[Arms]) -> list[dict[str, Any]]:
    """The estimate of each block; a number that is missing is null."""
    several = len(one.spec.arms) > 1
    found = zip(one.spec.arms, one.result["participation_ratio"], one.result["log_se"], strict=True)
    return [
        {
            "experiment": one.label,
            "block": block,
            "row": f"{one.label}, {block}" if several else one.label,
            "ratio": _finite(ratio),
            "low": _finite(ratio * np.exp(-Z_95 * error)),
            "high": _finite(ratio * np.exp(Z_95 * error)),
        }
        for block, ratio, error in found
    ]


def _finite(value: float) -> float | None:
    return float(value) if isfinite(value) else None


def _axis(field: str) -> alt.X:
    scale = alt.Scale(zero=False, nice=False, padding=14)
    return alt.X(f"{field}:Q", title="participation ratio of target means", scale=scale)


def _caveats(values: Sequence[dict[str, Any]], optimistic: bool) -> list[str]:
    lost = sum(value["ratio"] is None for value in values)
    lines = ["corrected estimates with 95 % intervals"]
    lines += [f"{lost} of {len(values)} ratios are not defined"] if lost else []
    return [*lines, CAVEAT] if optimistic else lines


def _colours(names: Sequence[str], few: Sequence[str]) -> alt.Scale:
    """The colours of the house as far as they reach; beyond, places on one scale of hues."""
    if len(names) <= len(few):
        return alt.Scale(domain=list(names), range=list(few[: len(names)]))
    return alt.Scale(domain=list(names), scheme="turbo")


def _legend(names: Sequence[str]) -> alt.Legend:
    columns = -(-len(names) // LEGEND_ROWS)
    return alt.Legend(
        columns=columns,
        # A vertical legend of several columns puts its entries out of order.
        direction="horizontal" if columns > 1 else "vertical",
        symbolLimit=len(names),
        labelLimit=LONGEST_LABEL,
    )
