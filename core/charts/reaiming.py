"""Pictures of re-aiming: the ring before and after, the shift of each target, the test."""

from __future__ import annotations

from math import isfinite
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from core.circular_colours import target_scale
from core.drawing import alt
from core.experiment import Result
from core.figures import BLOCK_COLOURS, INK, MUTED, notice
from core.kernels.resampling import two_sided_p

SIDE = 340
BINS = 30


class Blocks(Protocol):
    """A spec of which the pictures need the names of both blocks."""

    @property
    def reference(self) -> str:
        """The block that defines plane and ring."""

    @property
    def compare(self) -> str:
        """The block whose turn is measured."""


def draw_rings(spec: Blocks, result: Result) -> alt.TopLevelMixin:
    """Both rings in the plane of the reference, targets in circular colours, and the turn."""
    rings = {spec.reference: result["ring_reference"], spec.compare: result["ring_compare"]}
    reach = 1.15 * float(max(np.abs(ring).max() for ring in rings.values()))
    labels = result["target_label"].tolist()
    values = [
        {"block": block, "target": labels[k % len(labels)], "order": n, "x": x, "y": y}
        for block, ring in rings.items()
        for n, k in enumerate(_round(result["target_angle_deg"]))
        for x, y in [ring[k].tolist()]
    ]
    scale = alt.Scale(domain=[-reach, reach], nice=False)
    base = alt.Chart(alt.InlineData(values)).encode(
        x=alt.X("x:Q", title="component 1, turned to the targets", scale=scale),
        y=alt.Y("y:Q", title="component 2", scale=scale),
    )
    dash = alt.StrokeDash(
        "block:N",
        title=None,
        sort=list(rings),
        scale=alt.Scale(domain=list(rings), range=[[5, 4], [1, 0]]),
        legend=alt.Legend(symbolType="stroke", symbolSize=600),
    )
    shape = alt.Shape(
        "block:N",
        title=None,
        scale=alt.Scale(domain=list(rings), range=["circle", "diamond"]),
        legend=alt.Legend(),
    )
    lines = base.mark_line(color=MUTED, strokeWidth=1.5).encode(order="order:Q", strokeDash=dash)
    points = base.mark_point(filled=True, size=130, opacity=1).encode(
        detail="block:N",
        shape=shape,
        color=alt.Color(
            "target:N",
            sort=labels,
            title="target",
            scale=target_scale(labels, result["target_angle_deg"]),
        ),
    )
    title = alt.Title(
        f"Ring of targets, {spec.reference} and {spec.compare}", subtitle=_turn(result)
    )
    chart: alt.LayerChart = alt.LayerChart(
        layer=[lines.encode(detail="block:N"), points], width=SIDE, height=SIDE, title=title
    ).resolve_scale(shape="independent", strokeDash="independent")
    return chart


def draw_shifts(spec: Blocks, result: Result) -> alt.TopLevelMixin:
    """Each target's turn with its interval; line: the whole ring's; squares: the decoder's."""
    del spec
    labels = result["target_label"].tolist()
    columns = {
        "ring": result["shift_per_target_deg"],
        "low": result["shift_per_target_low_deg"],
        "high": result["shift_per_target_high_deg"],
        "decoder": result["decoder_shift_per_target_deg"],
        "angle": result["target_angle_deg"],
    }
    values = [
        {"target": label, **{name: float(column[k]) for name, column in columns.items()}}
        for k, label in enumerate(labels)
    ]
    base = alt.Chart(alt.InlineData(values)).encode(
        x=alt.X(
            "angle:Q",
            title="angle of the target (deg)",
            scale=alt.Scale(padding=14, nice=False),
            axis=alt.Axis(values=columns["angle"].tolist(), grid=False),
        ),
        color=alt.Color(
            "target:N", legend=None, scale=target_scale(labels, result["target_angle_deg"])
        ),
    )
    axis = "shift (deg)"
    low, high = result["shift_interval_deg"].tolist()
    whole = {"shift": float(result["shift_deg"][0]), "low": low, "high": high, "zero": 0}
    overall = alt.Chart(alt.InlineData([whole]))
    layers = [
        overall.mark_rect(color=MUTED, opacity=0.2).encode(
            y=alt.Y("low:Q", title=axis), y2="high:Q"
        ),
        overall.mark_rule(color=MUTED).encode(y="zero:Q"),
        overall.mark_rule(color=INK, strokeDash=[5, 4]).encode(y="shift:Q"),
        base.mark_rule(strokeWidth=2).encode(y=alt.Y("low:Q", title=axis), y2="high:Q"),
        base.mark_point(filled=True, size=110, opacity=1).encode(y=alt.Y("ring:Q", title=axis)),
        base.mark_point(shape="square", size=80, opacity=1).encode(
            y=alt.Y("decoder:Q", title=axis)
        ),
    ]
    title = alt.Title(
        "Shift of each target",
        subtitle=[
            "filled: ring, with 95 % intervals; open squares: ridge decoder",
            "dashes and band: the whole ring",
        ],
    )
    return alt.LayerChart(layer=layers, width=420, height=260, title=title)


def draw_null(spec: Blocks, result: Result) -> alt.TopLevelMixin:
    """The observed shift among those of trials relabelled within target."""
    del spec
    null, observed = result["permuted_shift_deg"], float(result["shift_deg"][0])
    title = alt.Title("Shift under shuffled block labels", subtitle=_turn(result))
    if len(null) == 0:
        return notice("No permutations were asked for", 380, 240).properties(title=title)
    reach = 1.05 * float(np.abs([*null, observed]).max())
    counts, edges = np.histogram(null, bins=BINS, range=(-reach, reach))
    bars = [
        {"from": low, "to": high, "draws": draws}
        for low, high, draws in zip(
            edges[:-1].tolist(), edges[1:].tolist(), counts.tolist(), strict=True
        )
    ]
    histogram = alt.Chart(alt.InlineData(bars)).mark_bar(color=MUTED, opacity=0.55)
    rule = alt.Chart(alt.InlineData([{"at": observed}])).encode(x="at:Q")
    layers = [
        histogram.encode(
            x=alt.X("from:Q", bin="binned", title="shift (deg)"),
            x2="to:Q",
            y=alt.Y("draws:Q", title="shuffles"),
        ),
        rule.mark_rule(color=BLOCK_COLOURS[1], strokeWidth=3),
    ]
    return alt.LayerChart(layer=layers, width=380, height=240, title=title)


def _turn(result: Result) -> str:
    shift, null = float(result["shift_deg"][0]), result["permuted_shift_deg"]
    low, high = result["shift_interval_deg"].tolist()
    p_value = f", permutation p = {two_sided_p(shift, null):.3g}" if len(null) else ""
    ends = f" ({low:.1f} to {high:.1f})" if isfinite(low) else ""
    return f"shift {shift:.1f} deg{ends}, gain {float(result['gain'][0]):.2f}{p_value}"


def _round(angles: NDArray[Any]) -> list[int]:
    """Targets in the order of their angles, back to the first."""
    order = np.argsort(angles % 360.0, kind="stable").tolist()
    return [*order, order[0]]
