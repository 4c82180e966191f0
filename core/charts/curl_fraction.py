"""Pictures of curl fractions: of mixed populations, and of learning rules."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.drawing import alt
from core.experiment import Result
from core.figures import ARM_COLOURS, INK, MUTED, notice
from core.plasticity import PlasticityCurlSpec

WIDTH, HEIGHT = 440, 300
COLOUR = ARM_COLOURS["curl_descent"]
MOST_POINTS = 500  # of single networks, which more would bury


def draw_curl_fraction(spec: PlasticityCurlSpec, result: Result) -> alt.TopLevelMixin:
    """Against the inhibitory fraction, or one point per network of a learning rule."""
    if spec.recurrent:
        return _mixtures(spec, result)
    return _networks(spec, result["curl_fraction"])


def _mixtures(spec: PlasticityCurlSpec, result: Result) -> alt.LayerChart:
    """Median and range over replicates, below the curve of constant activity."""
    curl = result["curl_fraction"]
    columns = (result["inhibitory_fraction"], np.median(curl, axis=0), curl.min(0), curl.max(0))
    values = [
        dict(zip(("fraction", "median", "low", "high"), point, strict=True))
        for point in zip(*(column.tolist() for column in columns), strict=True)
    ]
    base = alt.Chart(alt.InlineData(values)).encode(x=_fraction())
    layers = [
        *_limit(),
        base.mark_area(color=COLOUR, opacity=0.2).encode(y=_curl("low", 0.76), y2="high:Q"),
        base.mark_line(color=COLOUR, strokeWidth=2).encode(y=_curl("median", 0.76)),
        base.mark_point(color=COLOUR, filled=True, size=28, opacity=1).encode(
            y=_curl("median", 0.76)
        ),
    ]
    draws = f"median and range of {spec.replicates} draws"
    subtitle = [_activity(spec), draws if spec.replicates > 1 else "one draw"]
    title = alt.Title("Curl of Hebbian plasticity", subtitle=subtitle)
    return alt.LayerChart(layer=layers, width=WIDTH, height=HEIGHT, title=title)


def _fraction() -> alt.X:
    scale = alt.Scale(domain=[0, 1], nice=False)
    return alt.X("fraction:Q", title="inhibitory fraction a", scale=scale)


def _curl(field: str, top: float) -> alt.Y:
    scale = alt.Scale(domain=[0, top], nice=False)
    return alt.Y(f"{field}:Q", title="curl fraction", scale=scale, axis=alt.Axis(tickCount=6))


def _limit() -> tuple[alt.Chart, alt.Chart]:
    values = [{"fraction": a, "limit": sqrt(2 * a * (1 - a))} for a in np.linspace(0, 1, 201)]
    line = alt.Chart(alt.InlineData(values)).mark_line(color=MUTED, strokeDash=[5, 4])
    text = alt.Chart(alt.InlineData([{"fraction": 0.5, "limit": sqrt(0.5)}])).mark_text(
        color=MUTED, dy=-8, fontSize=11, text="constant activity, sqrt(2 a (1 - a))"
    )
    y = _curl("limit", 0.76)
    return line.encode(x=_fraction(), y=y), text.encode(x=_fraction(), y=y)


def _activity(spec: PlasticityCurlSpec) -> str:
    correlation = spec.correlation
    each = f"{spec.neurons} neurons, "
    if correlation.type == "given":
        return each + "activity of a given covariance"
    rates = "equal" if correlation.type == "uniform" else "lognormal"
    return each + f"{rates} rates, correlation {correlation.coefficient:g}"


def _networks(spec: PlasticityCurlSpec, curl: NDArray[Any]) -> alt.TopLevelMixin:
    """One point per network, spread sideways, with the median."""
    name, start = spec.rule.replace("_", " "), spec.network.student.start
    place = "at random initial weights" if start == "random" else "at the teacher's weights"
    title = alt.Title(f"Curl of {name}", subtitle=f"{len(curl)} networks, {place}")
    known = curl[np.isfinite(curl)]
    if len(known) == 0:
        return notice("No weight changes the field", WIDTH, HEIGHT).properties(title=title)
    median = float(np.median(known))
    aside = (0.618034 * np.arange(len(known))) % 1  # evenly spread whatever their number
    values = [{"aside": x, "curl": y} for x, y in zip(aside.tolist(), known.tolist(), strict=True)][
        :MOST_POINTS
    ]
    axis = _curl("curl", 1.1 * max(float(known.max()), 0.1))
    across = alt.X("aside:Q", axis=None, scale=alt.Scale(domain=[-1, 2]))
    points = alt.Chart(alt.InlineData(values)).mark_point(
        filled=True, size=50, opacity=0.8, color=ARM_COLOURS[spec.rule]
    )
    middle = alt.Chart(alt.InlineData([{"curl": median, "text": f"median {median:.3g}"}]))
    rule = middle.mark_rule(color=INK, strokeDash=[5, 4]).encode(y=axis)
    text = middle.mark_text(color=INK, align="left", baseline="bottom", dx=4, dy=-3)
    return alt.LayerChart(
        layer=[
            rule,
            text.encode(y=axis, x=alt.value(0), text="text:N"),
            points.encode(x=across, y=axis),
        ],
        width=220,
        height=HEIGHT,
        title=title,
    )
