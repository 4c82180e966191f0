"""Pictures of trial-by-trial adaptation: the curve and its fit, the parameters, the residuals."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from core.drawing import alt
from core.experiment import Result
from core.figures import BLOCK_COLOURS, INK, MUTED, notice

Z_95 = 1.959963984540054
MOST_POINTS = 4000  # of a picture, which more would only make slow
LAGS = 15
WIDTH, HEIGHT = 460, 170


class Arms(Protocol):
    """A spec of which the pictures need the names of its blocks and its model."""

    @property
    def arms(self) -> tuple[str, ...]:
        """One name per arm."""

    @property
    def model(self) -> str:
        """Which model was fitted."""


def draw_learning(spec: Arms, result: Result) -> alt.TopLevelMixin:
    """Every movement, the perturbation, and what the model expects of the schedule alone."""
    panels = [_panel(spec, result, arm) for arm in range(len(spec.arms))]
    title = alt.Title(
        "Adaptation trial by trial",
        subtitle=[
            "points: movements (crosses: error clamped); dashes: perturbation",
            "line and band: the fitted model given the schedule alone, 95 % of single trials",
        ],
    )
    return alt.vconcat(*panels, spacing=14).properties(title=title)


def draw_parameters(spec: Arms, result: Result) -> alt.TopLevelMixin:
    """Each parameter of each block with its 95 % profile interval."""
    named = {
        "retention": "retention a",
        "error_sensitivity": "error sensitivity b",
        "planning_variance": "planning variance q",
        "motor_variance": "motor variance r",
    }
    panels = [_parameter(spec, result, name, title) for name, title in named.items()]
    return alt.hconcat(*panels, spacing=24).properties(
        title=alt.Title("Parameters of adaptation", subtitle=_tests(result))
    )


def draw_sensitivity(spec: Arms, result: Result) -> alt.TopLevelMixin:
    """The generalization function: learning at a target from an error at another."""
    title = alt.Title("Learning from an error at another target")
    if spec.model != "generalization":
        text = "Choose the model `generalization` to fit it target by target"
        return notice(text, WIDTH, HEIGHT).properties(title=title)
    apart = result["separation_deg"].tolist()
    values = [
        {"block": name, "separation": x, **_estimate(result, "error_sensitivity", (arm, k))}
        for arm, name in enumerate(spec.arms)
        for k, x in enumerate(apart)
    ]
    base = alt.Chart(alt.InlineData(values)).encode(
        x=alt.X("separation:Q", title="distance between targets (deg)", axis=_at(apart)),
        color=_colour(spec.arms),
    )
    axis = alt.Y("value:Q", title="error sensitivity B")
    zero = alt.Chart(alt.InlineData([{"zero": 0}])).mark_rule(color=MUTED).encode(y="zero:Q")
    layers = [
        zero,
        base.mark_line(strokeWidth=2).encode(y=axis),
        base.transform_filter("datum.low != null && datum.high != null")
        .mark_rule(strokeWidth=1.5)
        .encode(y=alt.Y("low:Q", title="error sensitivity B"), y2="high:Q"),
        base.mark_point(filled=True, size=70, opacity=1).encode(y=axis),
    ]
    return alt.LayerChart(layer=layers, width=WIDTH, height=260, title=title)


def draw_residuals(spec: Arms, result: Result) -> alt.TopLevelMixin:
    """Autocorrelation of the residuals; those of a fitting model stay within the band."""
    values, bands = [], []
    for arm, name in enumerate(spec.arms):
        own = result["standardised_residual"][result["trial_arm"] == arm]
        own = own[np.isfinite(own)]
        band = Z_95 / np.sqrt(len(own))
        bands.append({"low": -band, "high": band})
        values += [
            {"block": name, "lag": lag + 1, "correlation": value}
            for lag, value in enumerate(_autocorrelation(own))
        ]
    widest = max(bands, key=lambda each: float(each["high"]))
    area = alt.Chart(alt.InlineData([widest])).mark_rect(color=MUTED, opacity=0.2)
    bars = alt.Chart(alt.InlineData(values)).mark_bar(size=7)
    axis = alt.Y("correlation:Q", title="autocorrelation")
    layers = [
        area.encode(y=alt.Y("low:Q", title="autocorrelation"), y2="high:Q"),
        bars.encode(
            x=alt.X("lag:O", title="lag (trials)", axis=alt.Axis(labelAngle=0)),
            xOffset=alt.XOffset("block:N", sort=list(spec.arms)),
            y=axis,
            color=_colour(spec.arms),
        ),
    ]
    p_values = ", ".join(
        f"{name} p = {p:.2g}" if isfinite(p) else f"{name} not tested"
        for name, p in zip(spec.arms, result["whiteness_p"].tolist(), strict=True)
    )
    title = alt.Title("Residuals of the fit", subtitle=f"Ljung-Box test of whiteness: {p_values}")
    return alt.LayerChart(layer=layers, width=WIDTH, height=HEIGHT, title=title)


def _panel(spec: Arms, result: Result, arm: int) -> alt.LayerChart:
    trials = np.flatnonzero(result["trial_arm"] == arm)
    trials = trials[:: -(-len(trials) // (MOST_POINTS // len(spec.arms)))]
    columns = {
        "movement": result["compensation"][trials],
        "perturbation": result["perturbation"][trials],
        "fit": result["fitted_compensation"][trials],
        "low": (result["fitted_compensation"] - Z_95 * result["fitted_sd"])[trials],
        "high": (result["fitted_compensation"] + Z_95 * result["fitted_sd"])[trials],
        "clamp": result["clamp"][trials],
    }
    values = [
        {"trial": k + 1, **{name: _plain(column[k]) for name, column in columns.items()}}
        for k in range(len(trials))
    ]
    colour = BLOCK_COLOURS[arm % len(BLOCK_COLOURS)]
    base = alt.Chart(alt.InlineData(values)).encode(
        x=alt.X("trial:Q", title="trial of the block", scale=alt.Scale(nice=False))
    )
    heading = "compensation"
    seen = base.transform_filter("datum.movement != null").encode(
        y=alt.Y("movement:Q", title=heading)
    )
    layers = [
        base.mark_area(color=colour, opacity=0.18).encode(
            y=alt.Y("low:Q", title=heading), y2="high:Q"
        ),
        base.mark_line(color=MUTED, strokeDash=[4, 3], interpolate="step-after").encode(
            y=alt.Y("perturbation:Q", title=heading)
        ),
        seen.transform_filter("!datum.clamp").mark_point(
            filled=True, size=16, color=INK, opacity=0.45
        ),
        base.mark_line(color=colour, strokeWidth=2.5).encode(y=alt.Y("fit:Q", title=heading)),
    ]
    if any(value["clamp"] and value["movement"] is not None for value in values):
        clamped = seen.transform_filter("datum.clamp")
        crosses = clamped.mark_point(shape="cross", filled=True, size=50, color=INK, opacity=0.8)
        layers.insert(-1, crosses)
    return alt.LayerChart(
        layer=layers, width=WIDTH, height=HEIGHT, title=alt.Title(spec.arms[arm], fontSize=12)
    )


def _parameter(spec: Arms, result: Result, name: str, title: str) -> alt.LayerChart:
    """All parts or distances of one parameter, block by block."""
    values = [
        {
            "block": spec.arms[place[0]],
            "part": _part(spec, place),
            **_estimate(result, shown, place),
        }
        for arm in range(len(spec.arms))
        for shown, place in _shown(result, name, arm)
    ]
    base = alt.Chart(alt.InlineData(values)).encode(
        x=alt.X("block:N", sort=list(spec.arms), title=None, axis=alt.Axis(labelAngle=0)),
        xOffset=alt.XOffset("part:N", sort=None),
        color=alt.Color("block:N", scale=_scale(spec.arms), legend=None),
    )
    scale = alt.Scale(zero=False, nice=True, padding=10)
    layers = [
        base.transform_filter("datum.low != null && datum.high != null")
        .mark_rule(strokeWidth=2)
        .encode(y=alt.Y("low:Q", title=title, scale=scale), y2="high:Q"),
        base.mark_point(filled=True, size=80, opacity=1).encode(
            y=alt.Y("value:Q", title=title, scale=scale),
            tooltip=["block:N", "part:N", "value:Q", "low:Q", "high:Q"],
        ),
    ]
    return alt.LayerChart(layer=layers, width=70 * len(spec.arms), height=240)


def _shown(result: Result, name: str, arm: int) -> list[tuple[str, tuple[int, ...]]]:
    """The estimates of one arm: what two parts learn together, where they are not told apart."""
    if result[name].ndim == 1:
        return [(name, (arm,))]
    together = "parts_told_apart" in result.arrays and not result["parts_told_apart"][arm]
    if name == "error_sensitivity" and together:
        return [("total_sensitivity", (arm,))]
    return [(name, (arm, k)) for k in range(result[name].shape[1])]


def _part(spec: Arms, place: tuple[int, ...]) -> str:
    if len(place) == 1 or spec.model == "one_state":
        return ""
    return ("slow", "fast")[place[1]] if spec.model == "two_state" else f"{place[1]}"


def _tests(result: Result) -> list[str]:
    b, r = result["likelihood_ratio_p"].tolist()
    if not (isfinite(b) and isfinite(r)):
        return ["95 % profile intervals"]
    return [
        "95 % profile intervals",
        f"likelihood-ratio tests: error sensitivity p = {b:.2g}, motor variance p = {r:.2g}",
    ]


def _estimate(result: Result, name: str, place: tuple[int, ...]) -> dict[str, float | None]:
    low, high = result[f"{name}_interval"][place].tolist()
    return {"value": _plain(result[name][place]), "low": _plain(low), "high": _plain(high)}


def _plain(value: Any) -> Any:
    """A number or flag that JSON has; it has no NaN."""
    if isinstance(value, np.bool_):
        return bool(value)
    return float(value) if isfinite(value) else None


def _autocorrelation(residual: NDArray[np.float64]) -> list[float]:
    centred = residual - residual.mean()
    power = float(centred @ centred)
    lags = range(1, min(LAGS, len(residual) - 1) + 1)
    return [float(centred[:-lag] @ centred[lag:]) / power for lag in lags]


def _at(values: Sequence[float]) -> alt.Axis:
    return alt.Axis(values=list(values), grid=False)


def _scale(arms: Sequence[str]) -> alt.Scale:
    return alt.Scale(domain=list(arms), range=list(BLOCK_COLOURS[: len(arms)]))


def _colour(arms: Sequence[str]) -> alt.Color:
    return alt.Color("block:N", sort=list(arms), title=None, scale=_scale(arms))
