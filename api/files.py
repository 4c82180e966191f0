"""Answers that are files: tables as CSV, figures as pictures; and how OpenAPI says so."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

from fastapi import Response
from fastapi.responses import JSONResponse, StreamingResponse

from core.figures import Format, rendered

PICTURES = {"svg": "image/svg+xml", "png": "image/png", "pdf": "application/pdf"}
FORMS = ("json", *PICTURES)
"""What a figure can be had as: the document that browsers and notebooks draw, or a picture."""

Form = Literal["json", "svg", "png", "pdf"]
Answers = dict[int | str, dict[str, Any]]

CSV: Answers = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}
FIGURE: Answers = {
    200: {"content": {media: {} for media in ("application/json", *PICTURES.values())}}
}


def files(*media_types: str) -> Answers:
    """An answer that is a file of one of these types."""
    binary = {"schema": {"type": "string", "format": "binary"}}
    return {200: {"content": dict.fromkeys(media_types, binary)}}


def table(header: Sequence[str], lines: Iterable[Sequence[Any]]) -> Response:
    """A header and lines as CSV."""
    return Response(_written(header) + _written(*lines), media_type="text/csv")


def long_table(
    header: Sequence[str], pages: Iterable[Iterable[Sequence[Any]]]
) -> StreamingResponse:
    """A header and pages of lines as CSV, a page in memory at a time."""

    def pieces() -> Iterator[str]:
        yield _written(header)
        for lines in pages:
            yield _written(*lines)

    return StreamingResponse(pieces(), media_type="text/csv")


def _written(*lines: Sequence[Any]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(map(_cells, lines))
    return buffer.getvalue()


def _cells(line: Sequence[Any]) -> list[Any]:
    """Values as the results database writes them, with flags as JSON has them."""
    return [str(value).lower() if isinstance(value, bool) else value for value in line]


def figure(document: dict[str, Any], form: Form) -> Response:
    """A Vega-Lite document, itself or rendered."""
    return JSONResponse(document) if form == "json" else picture(document, form)


def picture(document: dict[str, Any], form: Format) -> Response:
    """A Vega-Lite document, rendered."""
    return Response(rendered(document, form), media_type=PICTURES[form])
