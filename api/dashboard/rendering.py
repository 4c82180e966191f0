"""Templates into pages, with headers that keep a browser to what this service itself serves."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from latex2mathml.converter import convert
from markupsafe import Markup

from api.access import present_token
from api.dashboard import assets
from api.dashboard.words import FILTERS
from core.figures import ARM_COLOURS

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
THEMES = ("light", "dark")


def page(request: Request, template: str, *, status: int = 200, **content: Any) -> Response:
    """A template filled in; the chosen theme comes from a cookie, so that nothing flashes."""
    theme = request.cookies.get("theme", "")
    text = (
        _environment()
        .get_template(template)
        .render(
            path=request.url.path,
            theme=theme if theme in THEMES else "",
            token=present_token(),
            **content,
        )
    )
    return Response(text, status, headers=HEADERS, media_type="text/html; charset=utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(FILTERS, embedded=_embedded, mathml=_mathml)
    environment.globals.update(
        asset=assets.address, vega=assets.vega_address, coloured=tuple(ARM_COLOURS)
    )
    return environment


@cache
def _mathml(tex: str) -> Markup:
    """A formula of a kind's declaration, as browsers draw it."""
    drawn = convert(tex, display="block")
    return Markup(drawn.replace("<math ", '<math tabindex="0" ', 1))  # a wide one scrolls


def _embedded(document: Any) -> Markup:
    """JSON that can stand in a page: nothing in it ends the element it stands in."""
    text = json.dumps(document).replace("<", "\\u003c").replace("&", "\\u0026")
    return Markup(text)
