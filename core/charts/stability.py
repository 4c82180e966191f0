"""The picture of a stability spectrum: histogram of samples; density, edges and atoms of theory."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.curl_stability import StabilitySpec, layers_of
from core.drawing import alt
from core.experiment import Result
from core.figures import ARM_COLOURS, INK, MUTED

WIDTH, HEIGHT = 500, 280
BINS = 60
AT_ATOM = 1e-6  # a rate so near an atom, beside kappa, belongs to it
LEAST_ROOM = 0.15  # of the width, for a side of zero to be given its name
ATOM_HEIGHT = 0.86  # of the axis: a mass has no density
HEADROOM = 1.3  # of the density axis, for labels above the curve
UNSTABLE, THEORY = ARM_COLOURS["curl_descent"], ARM_COLOURS["gradient_descent"]

Records = list[dict[str, Any]]


def draw_spectrum(spec: StabilitySpec, result: Result) -> alt.TopLevelMixin:
    """Histogram of sampled rates under the density of large networks; unstable rates shaded."""
    bars, curve = _histogram(spec, result), _curve(result)
    low, high = _reach(result)
    top = HEADROOM * _highest(bars, curve)
    x = alt.X(
        "from:Q",
        title="rate at which an error decays (in units of M Var W1)",
        scale=alt.Scale(domain=[low, high], nice=False),
        axis=alt.Axis(tickCount=9, grid=False),
    )
    y = alt.Y("density:Q", title="density", scale=alt.Scale(domain=[0, top], nice=False))
    side = _data([{"from": low, "to": min(max(low, 0.0), high)}]).mark_rect(
        color=UNSTABLE, opacity=0.08
    )
    histogram = _data(bars).mark_rect(color=MUTED, opacity=0.4, clip=True)
    line = _data(curve).mark_line(color=THEORY, strokeWidth=2.2, clip=True)
    return alt.LayerChart(
        layer=[
            side.encode(x=x, x2="to:Q"),
            histogram.encode(x=x, x2="to:Q", y=y, y2="bottom:Q"),
            line.encode(x=x, y=y, detail="interval:N"),
            *_zero(x, low, high),
            *_edges(x, result),
            *_atoms(x, y, result, top),
        ],
        width=WIDTH,
        height=HEIGHT,
        title=alt.Title("Stability of the solution manifold", subtitle=_subtitle(spec, result)),
    )


def _data(records: Records) -> alt.Chart:
    return alt.Chart(alt.InlineData(records))


def _has(result: Result, name: str) -> bool:
    return name in result.arrays


def _histogram(spec: StabilitySpec, result: Result) -> Records:
    """Rates of all draws but those at atoms; the area is the share of the rest."""
    if not _has(result, "eigenvalues"):
        return []
    rates = result["eigenvalues"].reshape(-1)
    spread = rates
    for atom in (-spec.kappa, spec.kappa):
        spread = spread[np.abs(spread - atom) > AT_ATOM * spec.kappa]
    if len(spread) == 0:
        return []
    counts, ends = np.histogram(spread, bins=BINS)
    heights = counts / np.diff(ends) / len(rates)
    return [
        {"from": first, "to": last, "density": height, "bottom": 0.0}
        for first, last, height in zip(
            ends[:-1].tolist(), ends[1:].tolist(), heights.tolist(), strict=True
        )
    ]


def _curve(result: Result) -> Records:
    """The density, interval by interval."""
    if not _has(result, "density"):
        return []
    x, intervals = result["density_x"], result["support"]
    number = np.searchsorted(intervals[:, 0], x, side="right")
    return [
        {"from": point, "density": density, "interval": interval}
        for point, density, interval in zip(
            x.tolist(), result["density"].tolist(), number.tolist(), strict=True
        )
    ]


def _reach(result: Result) -> tuple[float, float]:
    """The ends of the axis: all rates and edges, zero, and a margin."""
    values = [0.0]
    for name in ("eigenvalues", "support", "atom_position"):
        values += [*result[name].reshape(-1)] if _has(result, name) else []
    low, high = float(min(values)), float(max(values))
    margin = 0.05 * (high - low)
    return low - margin, high + margin


def _highest(bars: Records, curve: Records) -> float:
    """Of histogram and curve, where the curve is not on its way to infinity at a singular edge."""
    peak = max((bar["density"] for bar in bars), default=0.0)
    if not curve:
        return peak or 1.0
    density = np.array([point["density"] for point in curve])
    return max(peak, float(min(density.max(), 4 * np.median(density))))


def _zero(x: alt.X, low: float, high: float) -> list[alt.Chart]:
    """The line that rates must not cross, and the names of its two sides where there is room."""
    rule = _data([{"from": 0.0}]).mark_rule(color=INK, strokeWidth=1)
    left = _data([{"from": 0.0, "text": "unstable"}]).mark_text(
        align="right", dx=-5, color=UNSTABLE, fontSize=11
    )
    right = _data([{"from": 0.0, "text": "stable"}]).mark_text(
        align="left", dx=5, color=THEORY, fontSize=11
    )
    room = LEAST_ROOM * (high - low)
    names = [text for text, width in ((left, -low), (right, high)) if width > room]
    return [rule.encode(x=x), *(name.encode(x=x, y=alt.value(9), text="text:N") for name in names)]


def _edges(x: alt.X, result: Result) -> list[alt.Chart]:
    """Where the spectrum of large networks begins and ends."""
    if not _has(result, "density"):
        return []
    marks = _data([{"from": float(edge)} for edge in result["edges"]])
    return [marks.mark_rule(color=THEORY, strokeDash=[4, 3], opacity=0.8).encode(x=x)]


def _atoms(x: alt.X, y: alt.Y, result: Result, top: float) -> list[alt.Chart]:
    """Rates that many directions share: a stem with its share of all."""
    if not _has(result, "atom_mass"):
        return []
    stems = _data(
        [
            {"from": float(at), "density": ATOM_HEIGHT * top, "text": f"{mass:.0%} at {at:.3g}"}
            for at, mass in zip(result["atom_position"], result["atom_mass"], strict=True)
        ]
    )
    return [
        stems.mark_rule(color=THEORY, strokeWidth=2.2).encode(x=x, y=y),
        stems.mark_point(color=THEORY, filled=True, size=55, opacity=1).encode(x=x, y=y),
        stems.mark_text(dy=-11, color=THEORY, fontSize=11).encode(x=x, y=y, text="text:N"),
    ]


def _subtitle(spec: StabilitySpec, result: Result) -> list[str]:
    inputs, hidden = "inputs", "hidden neurons"
    if spec.site == "postsynaptic":
        inputs, hidden = "hidden neurons (postsynaptic)", "outputs"
    lines = [
        f"compression ratio {spec.compression_ratio:.3g}, κ = {spec.kappa:.3g}; flipped: "
        f"{spec.hidden_fraction:.3g} of {inputs}, {spec.readout_fraction:.3g} of {hidden}"
    ]
    if _has(result, "density"):
        low, high = result["edges"].tolist()
        lines.append(f"blue: density of large networks, from {low:.3g} to {high:.3g}")
    if spec.empirical is not None:
        layers, draws = layers_of(spec, spec.empirical), spec.empirical.draws
        stable = np.count_nonzero(result["eigenvalues"].min(axis=1) > 0)
        lines.append(
            f"grey: sampled networks, {layers.inputs} inputs and {layers.hidden} hidden neurons, "
            f"{stable} of {draws} stable"
        )
    return lines
