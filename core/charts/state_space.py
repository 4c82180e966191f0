"""Activity in a plane: trials and condition means, each target in the colour of its direction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.circular_colours import target_scale
from core.drawing import alt

SIDE = 320
MOST_TRIALS = 1500
SHAPES = ("circle", "square", "triangle-up", "diamond")


def state_space(
    means: NDArray[np.float64],
    arms: Sequence[str],
    *,
    labels: Sequence[str],
    angles_deg: NDArray[np.float64],
    title: alt.TitleParams,
    trials: tuple[NDArray[np.float64], NDArray[np.int64]] | None = None,
) -> alt.LayerChart:
    """Means "arms targets 2" joined round the targets of each arm; `trials`: places and targets.

    Of more than 1500 trials, evenly spaced ones are drawn.
    """
    x, y = (alt.X("x:Q", title="component 1"), alt.Y("y:Q", title="component 2"))
    colour = alt.Color(
        "target:N",
        scale=target_scale(labels, angles_deg),
        sort=list(labels),
        legend=alt.Legend(title="target", symbolOpacity=1),
    )
    layers: list[alt.Chart] = []
    if trials is not None:
        cloud = alt.Chart(alt.InlineData(_cloud(*trials, labels)))
        layers.append(cloud.mark_circle(size=14, opacity=0.35).encode(x=x, y=y, color=colour))
    rows = _means(means, arms, labels, angles_deg)
    base = alt.Chart(alt.InlineData(rows)).encode(x=x, y=y)
    shape = alt.Shape(
        "arm:N",
        sort=list(arms),
        scale=alt.Scale(domain=list(arms), range=list(SHAPES[: len(arms)])),
        legend=alt.Legend(title=None, symbolFillColor="#6b7785") if len(arms) > 1 else None,
    )
    ring = base.mark_line(color="#6b7785", strokeWidth=1, opacity=0.7)
    points = base.mark_point(filled=True, size=150, opacity=1, stroke="white", strokeWidth=1)
    layers += [
        ring.encode(order="order:Q", detail="arm:N"),
        points.transform_filter("!datum.closing").encode(
            color=colour, shape=shape, tooltip=["arm:N", "target:N", "x:Q", "y:Q"]
        ),
    ]
    return alt.LayerChart(layer=layers, width=SIDE, height=SIDE, title=title)


def _means(
    means: NDArray[np.float64],
    arms: Sequence[str],
    labels: Sequence[str],
    angles_deg: NDArray[np.float64],
) -> list[dict[str, Any]]:
    """The means of each arm in the order of their angles, the first once more at the end."""
    order = np.argsort(angles_deg, kind="stable").tolist()
    return [
        {
            "arm": arm,
            "target": labels[target],
            "order": place,
            "closing": place == len(order),
            "x": float(means[number, target, 0]),
            "y": float(means[number, target, 1]),
        }
        for number, arm in enumerate(arms)
        for place, target in enumerate([*order, order[0]])
    ]


def _cloud(
    places: NDArray[np.float64], target: NDArray[np.int64], labels: Sequence[str]
) -> list[dict[str, Any]]:
    stride = max(1, -(-len(places) // MOST_TRIALS))
    return [
        {"target": labels[own], "x": x, "y": y}
        for (x, y), own in zip(places[::stride].tolist(), target[::stride].tolist(), strict=True)
    ]
