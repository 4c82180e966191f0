"""Pictures of a variance partition: the shares, the cell means, the tests."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from core.charts.histogram import observed_among
from core.charts.intervals import Bar, bars_with_intervals
from core.charts.state_space import state_space
from core.drawing import alt
from core.experiment import Result
from core.kernels.resampling import upper_p
from core.kernels.variance_partition import EFFECTS
from core.session_spec import Comparison

Z_95 = 1.959963984540054
CAVEAT = "Optimistic intervals and p-values: rows are correlated and not grouped"


class Compared(Protocol):
    """A spec of which the pictures need the names of its blocks."""

    @property
    def block(self) -> Comparison:
        """The two blocks."""


def draw_fractions(spec: Compared, result: Result) -> alt.TopLevelMixin:
    """The share of each effect: corrected, naive, and between halves of one block."""
    bars = []
    for place, effect in enumerate(EFFECTS):
        value, error = (float(result[name][place]) for name in ("fraction", "fraction_se"))
        bars += [
            Bar(effect, "corrected", value, value - Z_95 * error, value + Z_95 * error),
            Bar(effect, "naive", float(result["fraction_naive"][place])),
        ]
        pseudo = float(result["fraction_pseudo"][:, place].mean())
        if np.isfinite(pseudo):
            bars.append(Bar(effect, "early against late in one block", pseudo))
    title = alt.Title("Variance of mean activity by its source", subtitle=_caveats(result))
    return bars_with_intervals(bars, title=title, y="fraction of variance", muted=["naive"])


def draw_cell_means(spec: Compared, result: Result) -> alt.TopLevelMixin:
    """Targets of both blocks; a common shift moves the ring, a change of tuning deforms it."""
    return state_space(
        result["cell_mean_scores"],
        spec.block.compare,
        labels=result["target_labels"].tolist(),
        angles_deg=result["target_angle_deg"],
        title=alt.Title("Mean activity by target and block"),
    )


def draw_null(spec: Compared, result: Result) -> alt.TopLevelMixin:
    """Each effect's variance among those of shuffled labels."""
    panels = []
    for place, effect in enumerate(EFFECTS):
        null = result["permutation_sum_of_squares"][:, place]
        observed = float(result["sum_of_squares"][place])
        p = f"p = {upper_p(observed, null):.3g}" if len(null) else "not tested"
        panels.append(
            observed_among(null, observed, title=alt.Title(f"{effect}, {p}", fontSize=12))
        )
    title = alt.Title("Variance under shuffled labels", subtitle=_caveats(result))
    return alt.hconcat(*panels, spacing=24).properties(title=title)


def _caveats(result: Result) -> list[str]:
    return [CAVEAT] if bool(result["rows_correlated"][0]) else []
