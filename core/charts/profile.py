"""A sweep along one axis: the mean of a metric over replicates, arm by arm."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from math import log10, sqrt
from statistics import fmean, median, stdev
from typing import Any, NamedTuple

from core.drawing import alt
from core.figures import ARM_COLOURS, BLOCK_COLOURS, INK, notice, of_known

WIDTH, HEIGHT = 420, 300
DECADES = 1.0  # positive values over more than this many go on a log axis


class Run(NamedTuple):
    """One network: its arm, where it lies on the axis, its metric; None where there is no value.

    What was asked for is `setting`, what came of it `x`: half of the neurons flipped is 0.5 in a
    layer of 20 and 0.48 in one of 21. Networks with one setting are one point of the profile.
    """

    arm: str
    x: float | None
    value: float | None
    setting: float | None = None

    @property
    def point(self) -> tuple[str, float]:
        """What it shares with those it is averaged with."""
        return self.arm, (self.x or 0.0) if self.setting is None else self.setting


def draw_profile(runs: Sequence[Run], *, x: str, metric: str) -> alt.TopLevelMixin:
    """Mean and standard error of the runs that have a value; how many of how many have none.

    A run without a value (never reached, diverged) is censored: it enters no mean, its number is
    written at the point, and a point where no run has a value is a triangle above all others.
    """
    arms = sorted({run.arm for run in runs}, key=_order)
    points = _placed(list(_points(runs)), arms)
    subtitle = [
        "mean and standard error over replicates",
        "censored runs are counted, not averaged",
    ]
    title = alt.Title(_words(metric), subtitle=subtitle)
    if not points:
        return notice("No experiment has ended yet", WIDTH, HEIGHT).properties(title=title)
    at = _scale([point[end] for point in points for end in ("at", "low", "high")])
    across = _scale([point["x"] for point in points])
    axis = alt.Axis(tickCount=6, format=".6~g")
    base = alt.Chart(alt.InlineData(points)).encode(
        x=alt.X("x:Q", title=_words(x), scale=across, axis=axis),
        y=alt.Y("at:Q", title=_words(metric), scale=at, axis=axis),
        color=_colour(arms),
    )
    bars = base.mark_rule(strokeWidth=1.5)
    never = base.mark_point(shape="triangle-up", filled=True, size=70, opacity=1)
    label = base.mark_text(align="left", dx=8, fontSize=10)
    layers = [
        *of_known(points, "mean", base.mark_line(strokeWidth=1.5)),
        *of_known(points, "error", bars.encode(y="low:Q", y2="high:Q")),
        *of_known(points, "mean", base.mark_point(filled=True, size=50, opacity=1)),
        *of_known(points, "never", never),
        *of_known(points, "label", label.encode(text="label:N")),
    ]
    return alt.LayerChart(layer=layers, width=WIDTH, height=HEIGHT, title=title)


def _placed(points: list[dict[str, Any]], arms: Sequence[str]) -> list[dict[str, Any]]:
    """The points with a height: the mean, or a row of its arm's own above all means."""
    known = [point for point in points if not point["never"]]
    top = max((point["high"] for point in known), default=1.0)
    logarithmic = _decades([point["low"] for point in known]) > DECADES
    for point in points:
        if point["never"]:
            row = len(arms) - arms.index(point["arm"])
            at = top * (1.3**row if logarithmic else 1 + 0.08 * row)
            point.update(at=at, low=at, high=at)
    return points


def _points(runs: Sequence[Run]) -> Iterator[dict[str, Any]]:
    placed = sorted((run for run in runs if run.x is not None), key=lambda run: run.point)
    for (arm, _), together in groupby(placed, key=lambda run: run.point):
        group = list(together)
        values = [run.value for run in group]
        known = [float(value) for value in values if value is not None]
        missing = len(values) - len(known)
        mean = fmean(known) if known else 0.0
        error = stdev(known) / sqrt(len(known)) if len(known) > 1 else 0.0
        yield {
            "arm": arm,
            "x": median(run.x for run in group if run.x is not None),
            "at": mean,
            "low": mean - error,
            "high": mean + error,
            "mean": mean if known else None,
            "error": error or None,
            "never": None if known else True,
            "label": f"{missing} of {len(values)} never" if missing else None,
        }


def _scale(values: Sequence[float]) -> alt.Scale:
    if _decades(values) > DECADES:
        return alt.Scale(type="log", nice=False, padding=12)
    return alt.Scale(zero=False, nice=False, padding=12)


def _decades(values: Sequence[float]) -> float:
    return log10(max(values) / min(values)) if values and min(values) > 0 else 0.0


def _order(arm: str) -> tuple[int, str]:
    """The learning rules in the order of their colours, then all others by name."""
    known = list(ARM_COLOURS)
    return (known.index(arm) if arm in known else len(known), arm)


def _colour(arms: Sequence[str]) -> alt.Color:
    spare = iter(BLOCK_COLOURS)
    colours = [ARM_COLOURS.get(arm) or next(spare, INK) for arm in arms]
    return alt.Color(
        "arm:N",
        scale=alt.Scale(domain=list(arms), range=colours),
        # Below: what is written at the last point reaches over the right edge.
        legend=alt.Legend(title=None, orient="bottom", labelExpr="replace(datum.label, /_/g, ' ')"),
    )


def _words(name: str) -> str:
    return name.replace("_", " ").replace(".", " ")
