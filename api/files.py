"""Answers that are files: tables as CSV, figures as pictures."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from fastapi import Response

from core.figures import Format, rendered

PICTURES = {"svg": "image/svg+xml", "png": "image/png", "pdf": "application/pdf"}


def table(header: Sequence[str], lines: Iterable[Sequence[Any]]) -> Response:
    """A header and lines as CSV."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(lines)
    return Response(buffer.getvalue(), media_type="text/csv")


def picture(document: dict[str, Any], form: Format) -> Response:
    """A Vega-Lite document, rendered."""
    return Response(rendered(document, form), media_type=PICTURES[form])
