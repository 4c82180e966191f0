"""The house's chart theme, its few shared builders, and the offline renderer.

A figure is one Altair (Vega-Lite) chart: the same JSON is drawn by the browser and turned into
PNG, SVG and PDF by vl-convert, which carries its own JavaScript and fonts and needs no network.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import vl_convert

from core.drawing import alt

Format = Literal["svg", "png", "pdf"]

INK = "#1f2933"
MUTED = "#6b7785"
GRID = "#e6eaee"

ARM_COLOURS = {
    "gradient_descent": "#2f6690",
    "curl_descent": "#d1495b",
    "feedback_alignment": "#5b8e7d",
    "curl_feedback_alignment": "#e09f3e",
}
"""One colour per learning rule, in every picture; told apart without red-green vision."""

BLOCK_COLOURS = ("#2f6690", "#e09f3e", "#5b8e7d", "#8e6c8a")


def house_theme() -> dict[str, Any]:
    """Vega-Lite configuration: dark ink on white, light grid, no frame."""
    axis = {
        "labelColor": MUTED,
        "titleColor": INK,
        "gridColor": GRID,
        "domainColor": MUTED,
        "tickColor": MUTED,
        "labelFontSize": 11,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "labelSeparation": 4,
    }
    return {
        "background": "white",
        "font": "sans-serif",
        "padding": 12,
        "view": {"stroke": None},
        "axis": axis,
        "title": {"color": INK, "fontSize": 14, "anchor": "start", "subtitleColor": MUTED},
        "legend": {"labelColor": INK, "titleColor": INK, "labelFontSize": 11},
    }


def notice(text: str, width: int, height: int) -> alt.Chart:
    """A sentence where there is nothing to draw."""
    base = alt.Chart(alt.InlineData([{"text": text}]), width=width, height=height)
    chart: alt.Chart = base.mark_text(color=MUTED, fontSize=13).encode(text="text:N")
    return chart


def of_known(rows: Sequence[Mapping[str, Any]], name: str, layer: alt.Chart) -> list[alt.Chart]:
    """The layer over the rows that have a value of this name; none of no row: it had no scale."""
    if all(row.get(name) is None for row in rows):
        return []
    return [layer.transform_filter(f"isValid(datum.{name})")]


def themed(chart: alt.TopLevelMixin) -> dict[str, Any]:
    """The chart as Vega-Lite JSON with the house theme."""
    document: dict[str, Any] = chart.to_dict()
    return {**document, "config": {**house_theme(), **document.get("config", {})}}


def rendered(document: dict[str, Any], form: Format) -> bytes:
    """A Vega-Lite document as a picture; PNG at twice the nominal size."""
    if form == "svg":
        return vl_convert.vegalite_to_svg(document).encode()
    if form == "pdf":
        return bytes(vl_convert.vegalite_to_pdf(document))
    return bytes(vl_convert.vegalite_to_png(document, scale=2))
