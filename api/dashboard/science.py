"""The science page: what each kind asks, in its own words, with a toy to try and results to see."""

from typing import Any

from fastapi import APIRouter, Request, Response

from api.context import Context, Service
from api.dashboard.rendering import page
from api.kinds import KindEntry, list_kinds
from api.query import ResultsQuery, query_results

router = APIRouter()


@router.get("/science")
def science_page(request: Request, service: Service) -> Response:
    """Every kind explained."""
    kinds = list_kinds().items
    return page(
        request,
        "science.html",
        halves=_halves(kinds),
        explained={kind.kind: _explained(kind, service) for kind in kinds},
    )


def _halves(kinds: list[KindEntry]) -> dict[str, list[KindEntry]]:
    """Kinds by the first part of their names."""
    found: dict[str, list[KindEntry]] = {}
    for kind in kinds:
        found.setdefault(kind.kind.partition(".")[0], []).append(kind)
    return found


def _explained(kind: KindEntry, service: Context) -> dict[str, Any]:
    text: str = kind.spec_schema.get("description", "")
    return {
        "paragraphs": [" ".join(part.split()) for part in text.split("\n\n")],
        "newest": _newest(kind.kind, service),
    }


def _newest(kind: str, service: Context) -> str | None:
    """The newest experiment with a result, from the kind's own table: others may be many."""
    asked = ResultsQuery(kind=kind, select="experiment", order_by="experiment desc", limit=1)
    rows = query_results(asked, service).items
    return rows[0]["experiment"] if rows else None
