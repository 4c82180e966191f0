"""Pictures of a report: each finding in both states, the differences, and all on one page."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any

import numpy as np

from core.drawing import alt
from core.experiment import Result
from core.figures import BLOCK_COLOURS, INK, MUTED, notice, of_known
from core.findings.answer import FINDINGS
from core.findings.report_spec import ReportSpec
from core.findings.verdicts import DIFFERENCE, reach_of, summed, supported

UNITS = {
    "a_motor_noise": "variance",
    "a_error_sensitivity": "b",
    "b_target_dependent": "share of variance",
    "b_target_independent": "share of variance",
    "c_field_distance": "noise variances",
    "d_reaiming": "degrees",
    "e_dimensionality": "participation ratio",
    "f_neural_generalization": "degrees",
    "f_behavioural_generalization": "share at neighbours",
}
PANELS_PER_ROW = 5


def draw_states(spec: ReportSpec, result: Result) -> alt.VConcatChart:
    """A panel per finding: both states with intervals, or the share where only that is defined."""
    panels = [_panel(spec, result, k, name) for k, name in enumerate(FINDINGS)]
    rows = [
        alt.HConcatChart(hconcat=panels[k : k + PANELS_PER_ROW], spacing=26)
        for k in range(0, len(panels), PANELS_PER_ROW)
    ]
    return alt.VConcatChart(vconcat=rows)


def draw_differences(spec: ReportSpec, result: Result) -> alt.Chart | alt.LayerChart:
    """Block less control over its standard error, with the 95 % interval, for every finding."""
    del spec
    sessions = summed(result["numbers"]).sum(axis=0).tolist()
    rows = [
        {
            "finding": _title(name),
            "z": value / error,
            "low": low / error,
            "high": high / error,
            "verdict": "supported"
            if supported(float(result["p_holm"][k]), value, name)
            else "not supported",
        }
        for k, name in enumerate(FINDINGS)
        for value, low, high in [result["summary"][k, DIFFERENCE : DIFFERENCE + 3].tolist()]
        for error in [(high - low) / (2 * reach_of(sessions[k]))]
        if isfinite(value) and error > 0
    ]
    if not rows:
        return notice("No finding could be estimated", 420, 240)
    verdicts = ["supported", "not supported"]
    base = alt.Chart(alt.InlineData(rows)).encode(
        y=_findings(),
        color=alt.Color(
            "verdict:N",
            title=None,
            scale=alt.Scale(domain=verdicts, range=[BLOCK_COLOURS[1], MUTED]),
        ),
    )
    x = alt.X("low:Q", title="block less control, in standard errors")
    layers = [
        alt.Chart(alt.InlineData([{"at": 0}])).mark_rule(color=INK).encode(x="at:Q"),
        base.mark_rule(strokeWidth=2).encode(x=x, x2="high:Q"),
        base.mark_point(filled=True, size=90, opacity=1).encode(x="z:Q"),
    ]
    return alt.LayerChart(
        layer=layers, width=420, height=240, title="Differences with 95 % intervals"
    )


def draw_tests(spec: ReportSpec, result: Result) -> alt.Chart | alt.LayerChart:
    """p of every finding before and after Holm's correction."""
    del spec
    series = {"alone": result["summary"][:, -1], "after Holm": result["p_holm"]}
    rows = [
        {"finding": _title(name), "p": max(float(values[k]), 1e-6), "which": which}
        for which, values in series.items()
        for k, name in enumerate(FINDINGS)
        if isfinite(float(values[k]))
    ]
    if not rows:
        return notice("No finding was tested", 420, 240)
    points = (
        alt.Chart(alt.InlineData(rows))
        .mark_point(size=80, opacity=1)
        .encode(
            x=alt.X("p:Q", scale=alt.Scale(type="log"), title="p"),
            y=_findings(),
            color=alt.Color(
                "which:N", title=None, scale=alt.Scale(range=[BLOCK_COLOURS[0], BLOCK_COLOURS[1]])
            ),
            shape=alt.Shape("which:N", title=None),
        )
    )
    level = alt.Chart(alt.InlineData([{"p": 0.05}]))
    rule = level.mark_rule(color=MUTED, strokeDash=[5, 4]).encode(x="p:Q")
    return alt.LayerChart(layer=[rule, points], width=420, height=240, title="Tests; dashes: .05")


def draw_page(spec: ReportSpec, result: Result) -> alt.VConcatChart:
    """All on one page."""
    below = alt.HConcatChart(
        hconcat=[draw_differences(spec, result), draw_tests(spec, result)]
    ).resolve_scale(color="independent", shape="independent")
    page: alt.VConcatChart = alt.VConcatChart(
        vconcat=[draw_states(spec, result), below],
        title=alt.Title("Findings of cerebellar block", subtitle=_sessions(spec)),
    ).resolve_scale(color="independent")
    return page


def _panel(spec: ReportSpec, result: Result, k: int, name: str) -> alt.Chart | alt.LayerChart:
    numbers: Sequence[float] = result["summary"][k].tolist()
    title = alt.Title(_title(name), fontSize=11)
    labels = spec.state.compare
    shown = {labels[0]: numbers[0:3], labels[1]: numbers[3:6]}
    if not isfinite(numbers[0]):
        shown = {"change": numbers[6:9]}
    rows = [
        {"state": state, "value": value, "low": _or_null(low), "high": _or_null(high)}
        for state, (value, low, high) in shown.items()
        if isfinite(value)
    ]
    if not rows:
        return notice("not known", 120, 150).properties(title=title)
    base = alt.Chart(alt.InlineData(rows)).encode(
        x=alt.X("state:N", sort=list(shown), title=None, axis=alt.Axis(labelAngle=0)),
        color=alt.Color(
            "state:N",
            legend=None,
            scale=alt.Scale(domain=[*labels, "change"], range=[*BLOCK_COLOURS[:2], MUTED]),
        ),
    )
    y = alt.Y("value:Q", title=UNITS[name])
    low = alt.Y("low:Q", title=UNITS[name])
    rule = base.mark_rule(strokeWidth=1.5)
    layers = [
        base.mark_bar(opacity=0.85).encode(y=y),
        *of_known(rows, "low", rule.encode(y=low, y2="high:Q", color=alt.value(INK))),
    ]
    return alt.LayerChart(layer=layers, width=120, height=150, title=title)


def _findings() -> alt.Y:
    axis = alt.Axis(labelLimit=240)
    return alt.Y("finding:N", sort=[_title(name) for name in FINDINGS], title=None, axis=axis)


def _title(name: str) -> str:
    return f"{name[0]}: {FINDINGS[name]}"


def _sessions(spec: ReportSpec) -> str:
    count = len(spec.sessions)
    return "one session" if count == 1 else f"random-effects summary of {count} sessions"


def _or_null(value: float) -> Any:
    """JSON has no NaN."""
    return value if np.isfinite(value) else None
