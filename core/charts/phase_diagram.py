"""Pictures of stability against flips: one layer at a time, and both together."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.curl_phase_diagram import PhaseDiagramSpec
from core.drawing import alt
from core.experiment import Result
from core.figures import ARM_COLOURS, INK, MUTED, notice
from core.kernels.critical_lines import Floats

WIDTH, HEIGHT = 300, 280
MOST_POINTS = 300  # of a line, which is no wider than that in pixels
CELLS = 40  # along each side of the joint surface
LEAST_ROOM = 0.12  # of the height, for a region to be given its name
LETTER = 8  # pixels, in a region's name
STABLE, UNSTABLE = ARM_COLOURS["gradient_descent"], ARM_COLOURS["curl_descent"]
STABLE_TINT, UNSTABLE_TINT = "#c9dcea", "#f6d5d9"

Records = list[dict[str, Any]]


def draw_critical_lines(spec: PhaseDiagramSpec, result: Result) -> alt.TopLevelMixin:
    """Figure 2 of the paper: shaded regions on both sides of each critical line."""
    panels = [
        _panel(result, "hidden", "Hidden layer flips", "fraction of inputs flipped"),
        _panel(result, "readout", "Readout flips", "fraction of hidden neurons flipped"),
    ]
    subtitle = [f"large linear networks, κ = {spec.kappa:.3g}; blue: stable, red: unstable"]
    if spec.simulated is not None:
        subtitle.append(
            f"dots: {spec.simulated.draws} sampled networks each, the smaller layer of "
            f"{spec.simulated.neurons} neurons, paler where they differ"
        )
    title = alt.Title("Stability of the solution manifold", subtitle=subtitle)
    return alt.hconcat(*panels, spacing=36).properties(title=title)


def draw_joint_surface(spec: PhaseDiagramSpec, result: Result) -> alt.TopLevelMixin:
    """The left edge of the spectrum over both fractions; stable where it is positive."""
    title = alt.Title("Flips in both layers")
    if spec.joint is None:
        text = "The surface of joint flips was not asked for"
        return notice(text, HEIGHT, HEIGHT).properties(title=title)
    title.subtitle = (
        f"compression ratio {spec.joint.compression_ratio:.3g}, κ = {spec.kappa:.3g}; "
        "stable below the line"
    )
    x = alt.X(
        "hidden:Q",
        title="fraction of inputs flipped",
        scale=alt.Scale(domain=[0, 1], nice=False),
        axis=alt.Axis(grid=False),
    )
    y = alt.Y(
        "readout:Q",
        title="fraction of hidden neurons flipped",
        scale=alt.Scale(domain=[0, 1], nice=False),
        axis=alt.Axis(grid=False),
    )
    cells = (
        _data(_cells(result))
        .mark_rect()
        .encode(
            x=x,
            x2="hidden_to:Q",
            y=y,
            y2="readout_to:Q",
            color=alt.Color(
                "edge:Q",
                scale=alt.Scale(
                    range=[UNSTABLE, "#ffffff", STABLE], domainMid=0, interpolate="rgb"
                ),
                legend=alt.Legend(title="left edge (M Var W1)", gradientLength=200, format=".2~g"),
            ),
        )
    )
    line = _data(_joint_line(result)).mark_line(color=INK, strokeWidth=2, clip=True)
    return alt.LayerChart(
        layer=[cells, line.encode(x=x, y=y)], width=HEIGHT, height=HEIGHT, title=title
    )


def _data(records: Records) -> alt.Chart:
    return alt.Chart(alt.InlineData(records))


def _panel(result: Result, layer: str, title: str, axis_title: str) -> alt.LayerChart:
    c, critical = _thinned(result["compression_ratio"], result[f"critical_{layer}_fraction"])
    records = [
        {"c": ratio, "fraction": fraction, "bottom": 0.0, "top": 1.0}
        for ratio, fraction in zip(c.tolist(), critical.tolist(), strict=True)
    ]
    x = alt.X(
        "c:Q",
        title="compression ratio c (inputs / hidden neurons)",
        scale=alt.Scale(type="log", domain=[float(c[0]), float(c[-1])], nice=False),
        axis=_decades(c),
    )
    y = alt.Y(
        "fraction:Q",
        title=axis_title,
        scale=alt.Scale(domain=[0, 1], nice=False),
        axis=alt.Axis(grid=False, tickCount=5),
    )
    base = _data(records).encode(x=x)
    return alt.LayerChart(
        layer=[
            base.mark_area(color=STABLE_TINT).encode(y=y, y2="bottom:Q"),
            base.mark_area(color=UNSTABLE_TINT).encode(y=y, y2="top:Q"),
            base.mark_line(color=INK, strokeWidth=2.2).encode(y=y),
            *_equal_layers(x, c),
            *(_dots(x, y, result, layer) or _names(x, y, c, critical)),
        ],
        width=WIDTH,
        height=HEIGHT,
        title=alt.Title(title, fontSize=12, fontWeight="normal", anchor="middle"),
    )


def _decades(c: Floats) -> alt.Axis:
    """A tick at every power of ten, if there are some."""
    powers = [10.0**k for k in range(-4, 5) if c[0] <= 10.0**k * 1.001 and 10.0**k <= c[-1] * 1.001]
    if len(powers) < 2:
        return alt.Axis(grid=False, format="~g", tickCount=6)
    return alt.Axis(grid=False, format="~g", values=powers, labelFlush=False)


def _equal_layers(x: alt.X, c: Floats) -> list[alt.Chart]:
    """A line at c = 1, between expansive and compressive networks."""
    if not c[0] < 1 < c[-1]:
        return []
    mark = _data([{"c": 1.0, "left": "expansive", "right": "compressive"}]).encode(x=x)
    left = mark.mark_text(align="right", dx=-5, color=MUTED, fontSize=10)
    right = mark.mark_text(align="left", dx=5, color=MUTED, fontSize=10)
    return [
        mark.mark_rule(color=MUTED, strokeDash=[3, 3], opacity=0.7),
        left.encode(y=alt.value(-11), text="left:N"),
        right.encode(y=alt.value(-11), text="right:N"),
    ]


def _names(x: alt.X, y: alt.Y, c: Floats, critical: Floats) -> list[alt.Chart]:
    """Each region's name in the middle of it, if there is room, and beside the line at c = 1."""
    names = []
    from_line = WIDTH * np.abs(np.log(c)) / np.log(c[-1] / c[0])
    for name, colour, height, middle in (
        ("stable", STABLE, critical, critical / 2),
        ("unstable", UNSTABLE, 1 - critical, (1 + critical) / 2),
    ):
        beside = from_line > LETTER * len(name) / 2
        weight = height**3 * beside  # where the region is tall
        if height.max() < LEAST_ROOM:
            continue
        place = int(np.searchsorted(np.cumsum(weight), weight.sum() / 2))
        mark = _data([{"c": float(c[place]), "fraction": float(middle[place]), "name": name}])
        text = mark.mark_text(color=colour, fontSize=13, fontWeight="bold")
        names.append(text.encode(x=x, y=y, text="name:N"))
    return names


def _dots(x: alt.X, y: alt.Y, result: Result, layer: str) -> list[alt.Chart]:
    """Sampled networks, at their real ratios and fractions."""
    if "simulated_compression_ratio" not in result.arrays:
        return []
    records = [
        {"c": ratio, "fraction": fraction, "stable": stable}
        for ratio, row, shares in zip(
            result["simulated_compression_ratio"].tolist(),
            result[f"simulated_{layer}_fraction"].tolist(),
            result[f"simulated_{layer}_stable"].tolist(),
            strict=True,
        )
        for fraction, stable in zip(row, shares, strict=True)
    ]
    colour = alt.Color(
        "stable:Q",
        scale=alt.Scale(domain=[0, 0.5, 1], range=[UNSTABLE, "#ffffff", STABLE], interpolate="rgb"),
        legend=None,
    )
    dots = _data(records).mark_point(
        filled=True, size=34, opacity=1, stroke=INK, strokeWidth=0.6, clip=False
    )
    return [dots.encode(x=x, y=y, color=colour)]


def _thinned(c: Floats, critical: Floats) -> tuple[Floats, Floats]:
    """No more points than a picture shows, both ends kept."""
    kept = np.unique(np.linspace(0, len(c) - 1, min(len(c), MOST_POINTS)).round().astype(int))
    return c[kept], critical[kept]


def _cells(result: Result) -> Records:
    """The surface on a coarse grid, each cell coloured by the value at its middle."""
    edge = result["joint_left_edge"]
    n = min(CELLS, len(edge))
    ends = np.linspace(0, 1, n + 1)
    places = np.round((ends[:-1] + ends[1:]) / 2 * (len(edge) - 1)).astype(int)
    coarse = edge[np.ix_(places, places)].round(4).tolist()
    bounds = ends.round(5).tolist()
    return [
        {
            "hidden": bounds[i],
            "hidden_to": bounds[i + 1],
            "readout": bounds[j],
            "readout_to": bounds[j + 1],
            "edge": coarse[i][j],
        }
        for i in range(n)
        for j in range(n)
    ]


def _joint_line(result: Result) -> Records:
    hidden, readout = _thinned(result["joint_fraction"], result["joint_critical_readout_fraction"])
    return [
        {"hidden": first, "readout": second}
        for first, second in zip(hidden.tolist(), readout.tolist(), strict=True)
    ]
