"""Pictures of two blocks' subspaces: every measure between its ceiling and its floor."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from core.drawing import alt
from core.experiment import Result
from core.figures import BLOCK_COLOURS, MUTED
from core.session_spec import Comparison

SOURCES = ("halves of one block (ceiling)", "half of each block", "random subspaces (floor)")
COLOURS = (BLOCK_COLOURS[2], BLOCK_COLOURS[0], MUTED)


class Blocks(Protocol):
    """A spec of which the pictures need the blocks and the number of components."""

    @property
    def block(self) -> Comparison:
        """The two blocks."""

    @property
    def components(self) -> int:
        """Leading components of each."""


def draw_angles(spec: Blocks, result: Result) -> alt.TopLevelMixin:
    """Each principal angle: mean and 95 % of the splits, and all trials."""
    names = [f"angle {k + 1}" for k in range(spec.components)]
    return _panel(spec, result, range(spec.components), names, "principal angle (deg)", 90.0)


def draw_alignment(spec: Blocks, result: Result) -> alt.TopLevelMixin:
    """Alignment each way, and the Procrustes distance."""
    k, (first, second) = spec.components, spec.block.compare
    names = [f"{first} in {second}", f"{second} in {first}"]
    aligned = _panel(spec, result, range(k, k + 2), names, "alignment index", 1.0)
    apart = _panel(spec, result, range(k + 2, k + 3), ["Procrustes"], "distance", None)
    return alt.hconcat(aligned, apart, spacing=30)


def _panel(
    spec: Blocks, result: Result, columns: range, names: list[str], axis: str, top: float | None
) -> alt.LayerChart:
    splits = (
        np.concatenate([result["half_first_block"], result["half_second_block"]]),
        result["half_between_blocks"],
        result["random_subspaces"],
    )
    values = [
        {"measure": name, "source": source, **_spread(each[:, column])}
        for column, name in zip(columns, names, strict=True)
        for source, each in zip(SOURCES, splits, strict=True)
        if column < each.shape[1]
    ]
    whole = [
        {"measure": name, "source": SOURCES[1], "all": float(result["blocks"][column])}
        for column, name in zip(columns, names, strict=True)
    ]
    x = alt.X("measure:N", sort=names, title=None, axis=alt.Axis(labelAngle=0))
    offset = alt.XOffset("source:N", sort=list(SOURCES))
    scale = alt.Scale(domain=[0, top]) if top else alt.Scale(zero=True)
    y = alt.Y("mean:Q", title=axis, scale=scale)
    colour = alt.Color(
        "source:N",
        sort=list(SOURCES),
        title=None,
        scale=alt.Scale(domain=list(SOURCES), range=list(COLOURS)),
        legend=alt.Legend(labelLimit=260, orient="bottom", columns=1),
    )
    base = alt.Chart(alt.InlineData(values)).encode(x=x, xOffset=offset, color=colour)
    every = alt.Chart(alt.InlineData(whole)).encode(x=x, xOffset=offset)
    layers = [
        base.mark_bar(opacity=0.8).encode(y=y),
        base.mark_rule(strokeWidth=2, color="#1f2933").encode(
            y=alt.Y("low:Q", title=axis), y2="high:Q", color=alt.value("#1f2933")
        ),
        every.mark_point(shape="diamond", size=80, color="#1f2933", opacity=1).encode(
            y=alt.Y("all:Q", title=axis)
        ),
    ]
    return alt.LayerChart(
        layer=layers,
        width=60 + 100 * len(names),
        height=260,
        title=alt.Title(
            f"Subspaces of {spec.block.compare[0]} and {spec.block.compare[1]}",
            subtitle="bars and rules: mean and 95 % of splits; diamond: all trials",
        )
        if len(names) > 1
        else alt.Title(""),
    )


def _spread(values: NDArray[Any]) -> dict[str, float]:
    low, high = np.quantile(values, [0.025, 0.975]).tolist()
    return {"mean": float(values.mean()), "low": low, "high": high}
