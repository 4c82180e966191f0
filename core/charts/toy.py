"""Pictures of the two-synapse network: its plane of weights, and the loss on the way."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.drawing import alt
from core.experiment import Result, Spec
from core.figures import ARM_COLOURS, INK

SIDE = 340
ARROWS = 21  # along each side of a phase portrait
SHOWN = 12  # trajectories that can still be told apart
SMALLEST = 1e-12  # of the losses shown, far below any tolerance of use
CLIMB = 1e3  # the axis ends where a loss has grown so many times from its start
STABLE, UNSTABLE, ARROW = INK, "#e09f3e", "#b3bcc6"
ARMS = ("gradient_descent", "curl_descent")


def draw_phase_portrait(spec: Spec, result: Result) -> alt.TopLevelMixin:
    """The plane of both weights under each rule, side by side."""
    panels = [_portrait(result, arm) for arm in range(len(ARMS))]
    shaded = any(_is_centre(result, arm) for arm in range(len(ARMS)))
    subtitle = [
        "arrows: direction of learning" + "; shaded: never converges" * shaded,
        "dots: starts, the same on both sides" + _some(result),
    ]
    title = alt.Title("Learning in the plane of both weights", subtitle=subtitle)
    return alt.hconcat(*panels, spacing=24).properties(title=title)


def draw_losses(spec: Spec, result: Result) -> alt.TopLevelMixin:
    """Loss against time, one line per start and rule, heavy where the loss climbs."""
    panels = [_losses(result, arm) for arm in range(len(ARMS))]
    subtitle = "one line per start, heavy while the loss climbs" + _some(result)
    title = alt.Title("Loss along the trajectories", subtitle=subtitle)
    return alt.hconcat(*panels, spacing=24).properties(title=title)


def _portrait(result: Result, arm: int) -> alt.LayerChart:
    layers = [
        _never(result, arm),
        _arrows(result, arm),
        _solutions(result, arm),
        *_paths(result, arm),
        *_origin(result, arm),
    ]
    return alt.LayerChart(layer=layers, width=SIDE, height=SIDE, title=_panel_title(result, arm))


def _panel_title(result: Result, arm: int) -> alt.TitleParams:
    never = int(np.isinf(result["convergence_time"][arm]).sum())
    starts = len(result["starts"])
    return alt.Title(
        ARMS[arm].replace("_", " "),
        subtitle=f"{starts - never} of {starts} starts converge",
        fontSize=12,
        color=ARM_COLOURS[ARMS[arm]],
    )


def _axes(result: Result, x: str = "w1:Q", y: str = "w2:Q") -> dict[str, Any]:
    reach = float(result["grid_w1"][-1])
    scale = alt.Scale(domain=[-reach, reach], nice=False)
    plain = alt.Axis(grid=False, tickCount=5)
    return {
        "x": alt.X(x, scale=scale, axis=plain, title="hidden weight w1"),
        "y": alt.Y(y, scale=scale, axis=plain, title="readout weight w2"),
    }


def _never(result: Result, arm: int) -> alt.Chart:
    """The disc of starts that turn around the origin for ever; no disc under gradient descent."""
    edge = np.linspace(-np.sqrt(2), np.sqrt(2), 121)
    half = np.sqrt(np.maximum(2 - edge**2, 0))
    values = [
        {"w1": x, "low": -y, "high": y}
        for x, y in zip(edge.tolist(), half.tolist(), strict=True)
        if _is_centre(result, arm)
    ]
    disc = alt.Chart(alt.InlineData(values)).mark_area(
        color=ARM_COLOURS[ARMS[arm]], opacity=0.09, clip=True
    )
    drawn: alt.Chart = disc.encode(**_axes(result, y="low:Q"), y2="high:Q")
    return drawn


def _arrows(result: Result, arm: int) -> alt.Chart:
    """The direction of the field at some points of the grid."""
    axis = result["grid_w1"]
    step = -(-(len(axis) - 1) // ARROWS)
    offset = (len(axis) - 1) % step // 2 or step  # those on the frame would be cut in half
    chosen = np.arange(offset, len(axis) - 1, step)
    velocity = result["vector_field"][arm][np.ix_(chosen, chosen)]
    angle = np.degrees(np.arctan2(velocity[..., 0], velocity[..., 1]))  # clockwise from upwards
    speed = np.hypot(velocity[..., 0], velocity[..., 1])
    values = [
        {"w1": float(axis[i]), "w2": float(axis[j]), "angle": float(angle[row, column])}
        for row, j in enumerate(chosen)
        for column, i in enumerate(chosen)
        if speed[row, column] > 0
    ]
    arrows = alt.Chart(alt.InlineData(values)).mark_point(
        shape="arrow", filled=True, size=90, color=ARROW, opacity=0.9, clip=True
    )
    turned = alt.Angle("angle:Q", scale=alt.Scale(domain=[-180, 180], range=[-180, 180]))
    drawn: alt.Chart = arrows.encode(**_axes(result), angle=turned)
    return drawn


def _solutions(result: Result, arm: int) -> alt.Chart:
    """Both branches of w1 w2 = 1; an arc ends where its stability changes."""
    rates, points = result["solution_eigenvalue"][arm], result["solutions"]
    values = []
    for branch in np.split(np.arange(len(points)), 2):
        for kind, belongs in (("stable", rates[branch] <= 0), ("unstable", rates[branch] >= 0)):
            arc = [
                {"w1": w1, "w2": w2, "solutions": kind, "arc": f"{kind} {branch[0]}"}
                for w1, w2 in points[branch[belongs]].tolist()
            ]
            values += arc if len(arc) > 1 else []
    colour = alt.Color(
        "solutions:N",
        title="solutions w1 w2 = 1",
        scale=alt.Scale(domain=["stable", "unstable"], range=[STABLE, UNSTABLE]),
        legend=alt.Legend(orient="bottom", symbolType="stroke", symbolStrokeWidth=3),
    )
    lines = alt.Chart(alt.InlineData(values)).mark_line(strokeWidth=3.5, clip=True)
    drawn: alt.Chart = lines.encode(**_axes(result), color=colour, detail="arc:N", order="w1:Q")
    return drawn


def _paths(result: Result, arm: int) -> list[alt.Chart]:
    """Some trajectories, and where they start."""
    shown = _shown(result)
    values = [
        {"start": int(start), "step": step, "w1": w1, "w2": w2}
        for start in shown
        for step, (w1, w2) in enumerate(_moving(result, result["trajectories"][arm, start]))
    ]
    colour = ARM_COLOURS[ARMS[arm]]
    base = alt.Chart(alt.InlineData(values)).encode(**_axes(result), detail="start:N")
    lines = base.mark_line(
        color=colour, strokeWidth=1.6, opacity=0.85, interpolate="catmull-rom", clip=True
    )
    dots = base.transform_filter("datum.step == 0").mark_point(
        filled=True, color=colour, stroke="white", strokeWidth=1, size=55, opacity=1, clip=True
    )
    return [lines.encode(order="step:Q"), dots]


def _moving(result: Result, path: NDArray[Any]) -> list[list[float]]:
    """The points of a trajectory until it has come to rest, as far as the eye can tell."""
    known = path[np.isfinite(path[:, 0])]
    far = np.abs(known - known[-1]).max(axis=1) > result["grid_w1"][-1] / 2000
    points: list[list[float]] = known[: int(far.sum()) + 1].tolist()
    return points


def _origin(result: Result, arm: int) -> list[alt.Chart]:
    name = "centre" if _is_centre(result, arm) else "saddle"
    base = alt.Chart(alt.InlineData([{"w1": 0.0, "w2": 0.0, "name": name}]))
    base = base.encode(**_axes(result))
    shape = "circle" if name == "centre" else "cross"
    mark = base.mark_point(
        shape=shape, filled=name == "saddle", color=INK, size=70, strokeWidth=2, opacity=1
    )
    text = base.mark_text(align="left", dx=9, dy=-9, color=INK, fontSize=11, fontStyle="italic")
    return [mark, text.encode(text="name:N")]


def _is_centre(result: Result, arm: int) -> bool:
    return bool(result["origin_eigenvalues"][arm, 0, 1] != 0)


def _shown(result: Result) -> NDArray[np.int64]:
    """The first starts that lie within the picture."""
    inside = np.abs(result["starts"]).max(axis=1) <= result["grid_w1"][-1]
    return np.flatnonzero(inside)[:SHOWN]


def _some(result: Result) -> str:
    shown, starts = len(_shown(result)), len(result["starts"])
    return f"; {shown} of {starts} are drawn" if shown < starts else ""


def _losses(result: Result, arm: int) -> alt.LayerChart:
    shown = _shown(result)
    values = [point for start in shown for point in _curve(result, arm, int(start))]
    loss = result["loss"][:, shown]
    start = np.max(loss[:, :, 0], initial=10 * SMALLEST)
    top = 1.5 * min(np.max(loss, initial=start, where=np.isfinite(loss)), CLIMB * start)
    scale = alt.Scale(type="log", domain=[SMALLEST, top], nice=False)
    axis = alt.Axis(format="~e", tickCount=6)
    time = alt.Scale(domain=[0, float(result["time"][-1])], nice=False)
    base = alt.Chart(alt.InlineData(values)).encode(
        x=alt.X("time:Q", title="time (1 / learning rate)", scale=time),
        y=alt.Y("loss:Q", title="loss", scale=scale, axis=axis),
        detail="line:N",
    )
    colour = ARM_COLOURS[ARMS[arm]]
    thin = base.mark_line(color=colour, strokeWidth=1.2, opacity=0.6, clip=True)
    heavy = base.transform_filter("datum.climb").mark_line(
        color=colour, strokeWidth=3, opacity=0.9, clip=True
    )
    return alt.LayerChart(
        layer=[thin.encode(detail="start:N"), heavy],
        width=SIDE,
        height=260,
        title=_panel_title(result, arm),
    )


def _curve(result: Result, arm: int, start: int) -> list[dict[str, Any]]:
    """One start's loss; the points of each climb, ends included, share a `line`."""
    time, loss = result["time"], result["loss"][arm, start]
    rises = np.zeros(len(loss) + 1, np.bool_)
    with np.errstate(invalid="ignore"):
        rises[1:-1] = np.diff(loss) > 1e-6 * loss[:-1]
    climb = rises[:-1] | rises[1:]
    line = np.cumsum(climb & ~rises[:-1])
    return [
        {
            "start": start,
            "line": f"{start} {line[t]}",
            "time": float(time[t]),
            "loss": float(loss[t]),
            "climb": bool(climb[t]),
        }
        for t in np.flatnonzero(loss > SMALLEST / 10)
    ]
