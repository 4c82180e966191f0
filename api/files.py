"""Answers that are files: tables as CSV, figures as pictures."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from fastapi import Response
from fastapi.responses import StreamingResponse

from core.figures import Format, rendered

PICTURES = {"svg": "image/svg+xml", "png": "image/png", "pdf": "application/pdf"}


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


def picture(document: dict[str, Any], form: Format) -> Response:
    """A Vega-Lite document, rendered."""
    return Response(rendered(document, form), media_type=PICTURES[form])
