"""Pictures of generalization: scores with chance, the change between fields, the null."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any, Protocol

import numpy as np

from core.drawing import alt
from core.experiment import Result
from core.figures import BLOCK_COLOURS, INK, MUTED, notice

Z_95 = 1.959963984540054
WIDTH, HEIGHT = 420, 260
BINS = 25
TICK = 90  # pixels


class Arms(Protocol):
    """A spec of which the pictures need the names of its blocks."""

    @property
    def arms(self) -> tuple[str, ...]:
        """One name per arm."""


def draw_scores(spec: Arms, result: Result) -> alt.TopLevelMixin:
    """CCGP with its interval, decoding and shattering, block by block; ticks: chance."""
    names = ("generalization (CCGP)", "decoding", "all dichotomies", "all targets")
    targets = result["dichotomy_side"].shape[1]
    values = []
    for arm, block in enumerate(spec.arms):
        ccgp, se = float(result["ccgp_per_dichotomy"][arm].mean()), float(result["ccgp_se"][arm])
        plain = (
            float(result["decoding_per_dichotomy"][arm].mean()),
            float(result["shattering_accuracy"][arm].mean()),
            float(result["target_decoding"][arm]),
        )
        values.append(
            {
                "block": block,
                "score": names[0],
                "accuracy": ccgp,
                "low": ccgp - Z_95 * se,
                "high": ccgp + Z_95 * se,
            }
        )
        values += [
            {"block": block, "score": name, "accuracy": value, "low": None, "high": None}
            for name, value in zip(names[1:], plain, strict=True)
        ]
    base = alt.Chart(alt.InlineData(values)).encode(
        x=alt.X("score:N", sort=list(names), title=None, axis=alt.Axis(labelAngle=0)),
        xOffset=alt.XOffset("block:N", sort=list(spec.arms)),
        color=_colour(spec.arms),
    )
    axis = alt.Y("accuracy:Q", title="accuracy", scale=alt.Scale(domain=[0, 1], clamp=True))
    level = [{"score": name, "chance": 0.5} for name in names[:-1]]
    level.append({"score": names[-1], "chance": 1 / targets})
    ticks = alt.Chart(alt.InlineData(level)).mark_tick(color=INK, thickness=2, size=TICK)
    layers = [
        base.mark_bar(opacity=0.85).encode(y=axis),
        ticks.encode(x=alt.X("score:N", sort=list(names)), y=alt.Y("chance:Q", title="accuracy")),
        base.transform_filter("datum.low != null")
        .mark_rule(strokeWidth=2)
        .encode(y=alt.Y("low:Q", title="accuracy"), y2="high:Q", color=alt.value(INK)),
    ]
    title = alt.Title("How far the code carries", subtitle="rules: 95 % intervals; ticks: chance")
    return alt.LayerChart(layer=layers, width=WIDTH, height=HEIGHT, title=title)


def draw_change(spec: Arms, result: Result) -> alt.TopLevelMixin:
    """The change at other targets relative to that at the same, by their distance."""
    title = alt.Title(
        "Generalization of the change between fields",
        subtitle="cross-validated product of changes, 1 within one direction; bands: 95 %",
    )
    if "change_generalization_function" not in result.arrays:
        text = "Give two fields, and angles of the targets, to see how their change generalizes"
        return notice(text, WIDTH, HEIGHT).properties(title=title)
    apart = result["separation_deg"].tolist()
    values = [row for arm, block in enumerate(spec.arms) for row in _function(result, arm, block)]
    base = alt.Chart(alt.InlineData(values)).encode(
        x=alt.X(
            "separation:Q",
            title="angle between targets (deg)",
            axis=alt.Axis(values=apart, grid=False),
        ),
        color=_colour(spec.arms),
    )
    line = base.encode(y=alt.Y("value:Q", title="similarity of the changes"))
    band = base.mark_area(opacity=0.2).encode(y="low:Q", y2="high:Q")
    zero = alt.Chart(alt.InlineData([{"zero": 0}])).mark_rule(color=MUTED).encode(y="zero:Q")
    points = line.mark_point(filled=True, size=70, opacity=1)
    layers = [zero, band, line.mark_line(strokeWidth=2), points]
    return alt.LayerChart(layer=layers, width=WIDTH, height=HEIGHT, title=title)


def draw_null(spec: Arms, result: Result) -> alt.TopLevelMixin:
    """CCGP of each block among that of clouds turned at random."""
    title = alt.Title("CCGP among turned clouds", subtitle="rules: as measured")
    null = result["ccgp_turned"]
    if null.shape[1] == 0:
        return notice("No nulls were asked for", WIDTH, HEIGHT).properties(title=title)
    bars: list[dict[str, Any]] = []
    for arm, block in enumerate(spec.arms):
        counts, edges = np.histogram(null[arm], bins=BINS, range=(0.0, 1.0))
        bars += [
            {"block": block, "from": low, "to": high, "draws": draws}
            for low, high, draws in zip(
                edges[:-1].tolist(), edges[1:].tolist(), counts.tolist(), strict=True
            )
        ]
    marks = [
        {"block": block, "at": float(result["ccgp_tested"][arm])}
        for arm, block in enumerate(spec.arms)
    ]
    colour = _colour(spec.arms)
    layers = [
        alt.Chart(alt.InlineData(bars))
        .mark_bar(opacity=0.45)
        .encode(
            x=alt.X("from:Q", bin="binned", title="accuracy on left-out targets"),
            x2="to:Q",
            y=alt.Y("draws:Q", title="turned clouds", stack=None),
            color=colour,
        ),
        alt.Chart(alt.InlineData(marks)).mark_rule(strokeWidth=3).encode(x="at:Q", color=colour),
    ]
    return alt.LayerChart(layer=layers, width=WIDTH, height=HEIGHT, title=title)


def _function(result: Result, arm: int, block: str) -> list[dict[str, Any]]:
    """The function of one block with its interval; null where it is not defined."""
    values = result["change_generalization_function"][arm].tolist()
    errors = result["change_generalization_se"][arm].tolist()
    return [
        {
            "block": block,
            "separation": x,
            "value": value if isfinite(value) else None,
            "low": value - Z_95 * error if isfinite(error) else None,
            "high": value + Z_95 * error if isfinite(error) else None,
        }
        for x, value, error in zip(result["separation_deg"].tolist(), values, errors, strict=True)
    ]


def _colour(arms: Sequence[str]) -> alt.Color:
    scale = alt.Scale(domain=list(arms), range=list(BLOCK_COLOURS[: len(arms)]))
    return alt.Color("block:N", sort=list(arms), title=None, scale=scale)
