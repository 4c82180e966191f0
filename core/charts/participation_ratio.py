"""Pictures of participation ratios: the estimates, the spectra behind them, the test."""

from __future__ import annotations

from math import isfinite
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from core.drawing import alt
from core.experiment import Result
from core.figures import BLOCK_COLOURS, INK, MUTED, notice, of_known
from core.kernels.participation_ratio_error import log_ratio_of
from core.kernels.resampling import two_sided_p

Z_95 = 1.959963984540054
CAVEAT = "Optimistic intervals and p-values: rows are correlated and not grouped"
BINS = 30
MAX_COMPONENTS = 200


class Arms(Protocol):
    """A spec of which the pictures need the names of its blocks."""

    @property
    def arms(self) -> tuple[str, ...]:
        """One name per arm."""


def draw_ratios(spec: Arms, result: Result) -> alt.TopLevelMixin:
    """Corrected estimates with intervals, the naive ones beside them."""
    values = [record for arm, name in enumerate(spec.arms) for record in _ratios(result, arm, name)]
    base = alt.Chart(alt.InlineData(values)).encode(
        x=alt.X("block:N", sort=list(spec.arms), title=None, axis=alt.Axis(labelAngle=0)),
        xOffset=alt.XOffset("estimate:N", sort=["corrected", "naive"]),
        color=alt.Color(
            "estimate:N",
            title=None,
            scale=alt.Scale(domain=["corrected", "naive"], range=[BLOCK_COLOURS[0], MUTED]),
        ),
    )
    scale = alt.Scale(zero=False, nice=False, padding=14)
    interval = base.mark_rule(strokeWidth=2)
    points = base.mark_point(filled=True, size=90, opacity=1)
    axis = alt.Y("ratio:Q", title="participation ratio of target means", scale=scale)
    low = alt.Y("low:Q", scale=scale, title="participation ratio of target means")
    layers = [
        *of_known(values, "low", interval.encode(y=low, y2="high:Q")),
        points.encode(y=axis, tooltip=["block:N", "estimate:N", "ratio:Q", "low:Q", "high:Q"]),
    ]
    return alt.LayerChart(
        layer=layers,
        width=120 + 100 * len(spec.arms),
        height=280,
        title=_title("Dimensions of the task in this population", result),
    )


def draw_spectra(spec: Arms, result: Result) -> alt.TopLevelMixin:
    """Cumulative variance by component: condition means on the left, single trials on the right."""
    means = _spectrum("condition means (naive)", spec, result["spectrum_condition_means"])
    trials = _spectrum("single trials", spec, result["spectrum_total_covariance"])
    title = alt.Title("Variance explained by the first components")
    return alt.hconcat(means, trials, spacing=30).properties(title=title)


def draw_null(spec: Arms, result: Result) -> alt.TopLevelMixin:
    """The observed log ratio among those of shuffled labels."""
    null = _null(result)
    defined = null[np.isfinite(null)]
    title = _title("Log ratio under shuffled block labels", result)
    if len(defined) == 0:
        text = "No permutations were asked for"
        return notice(text, 380, 240).properties(title=title)
    observed = log_ratio_of(result["participation_ratio"])
    reach = float(np.abs([*defined, observed if isfinite(observed) else 0.0]).max()) or 1.0
    counts, edges = np.histogram(defined, bins=BINS, range=(-1.05 * reach, 1.05 * reach))
    bars = [
        {"from": low, "to": high, "draws": draws}
        for low, high, draws in zip(
            edges[:-1].tolist(), edges[1:].tolist(), counts.tolist(), strict=True
        )
    ]
    first, second = spec.arms
    axis = alt.X(
        "from:Q",
        bin="binned",
        title=f"log ratio, {first} over {second}",
        axis=alt.Axis(tickCount=6),
    )
    histogram = alt.Chart(alt.InlineData(bars)).mark_bar(color=MUTED, opacity=0.55)
    histogram = histogram.encode(x=axis, x2="to:Q", y=alt.Y("draws:Q", title="shuffles"))
    marks = [{"at": observed, "label": "observed"}] if isfinite(observed) else []
    rule = alt.Chart(alt.InlineData(marks)).encode(x="at:Q")
    text = rule.mark_text(align="right", dx=-6, y=8, color=INK)
    if not observed > 0:
        text = rule.mark_text(align="left", dx=6, y=8, color=INK)
    return (
        alt.layer(
            histogram,
            rule.mark_rule(color=BLOCK_COLOURS[1], strokeWidth=3),
            text.encode(text="label:N"),
        )
        .properties(width=380, height=240)
        .properties(title=title)
    )


def _compares(result: Result) -> bool:
    return "permutation_log_ratio" in result.arrays


def _null(result: Result) -> NDArray[np.float64]:
    """The log ratios of shuffled labels; none where no blocks are compared."""
    return result["permutation_log_ratio"] if _compares(result) else np.empty(0)


def _ratios(result: Result, arm: int, block: str) -> list[dict[str, Any]]:
    """The two points of one block; a number that is missing is null."""
    ratio, error = float(result["participation_ratio"][arm]), float(result["log_se"][arm])
    ends = {"low": ratio * np.exp(-Z_95 * error), "high": ratio * np.exp(Z_95 * error)}
    naive = float(result["participation_ratio_naive"][arm])
    points = [
        {"block": block, "estimate": "corrected", "ratio": ratio, **ends},
        {"block": block, "estimate": "naive", "ratio": naive, "low": None, "high": None},
    ]
    return [{key: _finite(value) for key, value in point.items()} for point in points]


def _finite(value: Any) -> Any:
    """JSON has no NaN."""
    return None if isinstance(value, float) and not isfinite(value) else value


def _title(text: str, result: Result) -> alt.TitleParams:
    lines = [_verdict(result)] if _compares(result) else []
    lines += [CAVEAT] if bool(result["rows_correlated"][0]) else []
    return alt.Title(text, subtitle=lines)


def _verdict(result: Result) -> str:
    observed = log_ratio_of(result["participation_ratio"])
    null = result["permutation_log_ratio"]
    if not isfinite(observed):
        return "the ratio of the blocks is not defined"
    p_value = f"p = {two_sided_p(observed, null):.3g}" if len(null) else "not tested"
    return f"log ratio {observed:.3f}, permutation {p_value}"


def _spectrum(title: str, spec: Arms, eigenvalues: NDArray[Any]) -> alt.LayerChart:
    totals = np.maximum(eigenvalues.sum(axis=1, keepdims=True), np.finfo(float).tiny)
    shares = 100 * np.cumsum(eigenvalues / totals, axis=1)[:, :MAX_COMPONENTS]
    values = [
        {"block": name, "component": component + 1, "variance": share}
        for name, arm in zip(spec.arms, shares.tolist(), strict=True)
        for component, share in enumerate(arm)
    ]
    base = alt.Chart(alt.InlineData(values)).encode(
        x=alt.X(
            "component:Q",
            title="component",
            scale=alt.Scale(domain=[0, shares.shape[1]], nice=False),
            axis=alt.Axis(tickMinStep=1, format="d"),
        ),
        y=alt.Y("variance:Q", title="cumulative variance (%)", scale=alt.Scale(domain=[0, 100])),
        color=alt.Color(
            "block:N",
            sort=list(spec.arms),
            title=None,
            scale=alt.Scale(domain=list(spec.arms), range=list(BLOCK_COLOURS[: len(spec.arms)])),
        ),
    )
    size = 40 if shares.shape[1] <= 30 else 8
    layers = (base.mark_line(strokeWidth=2), base.mark_point(filled=True, size=size, opacity=1))
    return alt.LayerChart(layer=layers, width=240, height=240, title=alt.Title(title, fontSize=12))
