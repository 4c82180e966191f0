"""Pictures of distances between conditions: by target, between all cells, the test."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from core.charts.histogram import observed_among
from core.charts.intervals import Bar, bars_with_intervals
from core.drawing import alt
from core.experiment import Result
from core.kernels.resampling import two_sided_p, upper_p
from core.session_spec import Comparison

Z_95 = 1.959963984540054
CAVEAT = "Optimistic intervals and p-values: rows are correlated and not grouped"
CELL = 18  # pixels


class Distances(Protocol):
    """A spec of which the pictures need the names."""

    @property
    def between(self) -> tuple[str, str]:
        """The two labels."""

    @property
    def states(self) -> tuple[str, ...]:
        """One name per state; one empty name where nothing is compared."""

    @property
    def block(self) -> Comparison | None:
        """The compared states."""


def draw_distances(spec: Distances, result: Result) -> alt.TopLevelMixin:
    """One bar per target and state, and their mean."""
    first, second = spec.between
    series = [name or f"{first} to {second}" for name in spec.states]
    bars = []
    for place, label in enumerate(result["target_labels"].tolist()):
        for state, name in enumerate(series):
            value, error = (float(result[key][state, place]) for key in ("distance", "distance_se"))
            bars.append(Bar(label, name, value, value - Z_95 * error, value + Z_95 * error))
    for state, name in enumerate(series):
        value, error = (
            float(result["distance"][state].mean()),
            float(result["mean_distance_se"][state]),
        )
        bars.append(Bar("mean", name, value, value - Z_95 * error, value + Z_95 * error))
    title = alt.Title(f"Distance from {first} to {second} by target", subtitle=_lines(result))
    return bars_with_intervals(bars, title=title, y="crossnobis per neuron (noise variances)")


def draw_matrix(spec: Distances, result: Result) -> alt.TopLevelMixin:
    """All cells against all: targets in order, within each state and label."""
    targets = result["target_labels"].tolist()
    cells = [
        " ".join(filter(None, (state, side, target)))
        for state in spec.states
        for side in spec.between
        for target in targets
    ]
    parts = 2 * len(spec.states)
    order = np.arange(parts * len(targets)).reshape(len(targets), parts).T.ravel()
    values = result["distance_matrix"][np.ix_(order, order)]
    rows = [
        {"row": cells[i], "column": cells[j], "distance": value}
        for i, line in enumerate(values.tolist())
        for j, value in enumerate(line)
        if i != j
    ]
    axis = alt.Axis(labelFontSize=9, labelOverlap=False, grid=False)
    side = CELL * len(cells) if len(cells) <= 32 else 32 * CELL
    title = alt.Title("Distances between all targets and labels")
    chart: alt.Chart = (
        alt.Chart(alt.InlineData(rows), width=side, height=side, title=title)
        .mark_rect()
        .encode(
            x=alt.X("column:N", sort=cells, title=None, axis=axis),
            y=alt.Y("row:N", sort=cells, title=None, axis=axis),
            color=alt.Color(
                "distance:Q", scale=alt.Scale(scheme="viridis"), title="crossnobis per neuron"
            ),
            tooltip=["row:N", "column:N", "distance:Q"],
        )
    )
    return chart


def draw_null(spec: Distances, result: Result) -> alt.TopLevelMixin:
    """The mean distance of each state among shuffled labels; the difference of states, too."""
    panels = []
    for state, name in enumerate(spec.states):
        null, observed = result["permutation_distance"][:, state], result["distance_tested"][state]
        p = f"p = {upper_p(float(observed), null):.3g}" if len(null) else "not tested"
        title = ", ".join(filter(None, (name, p)))
        panels.append(
            _panel(null, float(observed), title, "mean distance, noise about pooled means")
        )
    if spec.block is not None:
        null = result["permutation_comparison"]
        differences, tested = null[:, 0] - null[:, 1], result["comparison_tested"]
        observed = float(tested[0] - tested[1])
        p = f"p = {two_sided_p(observed, differences):.3g}" if len(null) else "not tested"
        title = f"{' less '.join(spec.states)}, {p}"
        panels.append(_panel(differences, observed, title, "difference"))
    heading = alt.Title("Mean distance under shuffled labels", subtitle=_lines(result))
    return alt.hconcat(*panels, spacing=24).properties(title=heading)


def _panel(
    null: np.ndarray[tuple[int], np.dtype[np.float64]], observed: float, title: str, x: str
) -> alt.LayerChart:
    return observed_among(null, observed, title=alt.Title(title, fontSize=12), x=x, width=240)


def _lines(result: Result) -> list[str]:
    return [CAVEAT] if bool(result["rows_correlated"][0]) else []
