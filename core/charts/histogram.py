"""One observed number among those of shuffled labels."""

from __future__ import annotations

from math import isfinite

import numpy as np
from numpy.typing import NDArray

from core.drawing import alt
from core.figures import BLOCK_COLOURS, INK, MUTED, notice

BINS = 30


def observed_among(
    null: NDArray[np.float64],
    observed: float,
    *,
    title: alt.TitleParams,
    x: str = "variance",
    width: int = 200,
) -> alt.LayerChart:
    """A histogram of draws with a line at what was observed."""
    defined = null[np.isfinite(null)]
    if len(defined) == 0:
        text = notice("No shuffles were asked for", width, 200)
        return alt.LayerChart(layer=(text,), title=title)
    ends = [*defined.tolist(), *([observed] if isfinite(observed) else [])]
    margin = 0.05 * (max(ends) - min(ends)) or 1.0
    counts, edges = np.histogram(defined, BINS, range=(min(ends) - margin, max(ends) + margin))
    bars = [
        {"from": low, "to": high, "draws": draws}
        for low, high, draws in zip(
            edges[:-1].tolist(), edges[1:].tolist(), counts.tolist(), strict=True
        )
    ]
    across = alt.X("from:Q", bin="binned", title=x, axis=alt.Axis(tickCount=4))
    histogram = alt.Chart(alt.InlineData(bars)).mark_bar(color=MUTED, opacity=0.55)
    marks = [{"at": observed, "label": "observed"}] if isfinite(observed) else []
    rule = alt.Chart(alt.InlineData(marks)).encode(x="at:Q")
    right = isfinite(observed) and observed > (min(ends) + max(ends)) / 2
    text = rule.mark_text(align="right" if right else "left", dx=-6 if right else 6, y=8, color=INK)
    layers = (
        histogram.encode(x=across, x2="to:Q", y=alt.Y("draws:Q", title="shuffles")),
        rule.mark_rule(color=BLOCK_COLOURS[1], strokeWidth=3),
        text.encode(text="label:N"),
    )
    return alt.LayerChart(layer=layers, width=width, height=200, title=title)
