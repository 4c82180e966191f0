"""Several experiments side by side: where they differ, their metrics, who is first, one frame."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from api.compare import Comparison, ComparisonQuery, compare
from api.context import Service
from api.dashboard.rendering import page

router = APIRouter()


class CompareQuery(BaseModel):
    """Which experiments, and by what to rank them."""

    ids: str = ""
    rank_by: str = ""
    order: Literal["ascending", "descending"] = "ascending"


@router.get("/compare")
def compare_page(
    request: Request, query: Annotated[CompareQuery, Query()], service: Service
) -> Response:
    """A comparison of chosen experiments."""
    if not query.ids:
        return page(request, "compare.html", query=query, comparison=None)
    asked = ComparisonQuery(ids=query.ids, rank_by=query.rank_by or None, order=query.order)
    comparison = compare(asked, service)
    return page(
        request,
        "compare.html",
        query=query,
        comparison=comparison,
        places={rank.experiment: rank for rank in comparison.ranking or ()},
        ordered=_ordered(comparison),
        metrics=list(dict.fromkeys(metric.metric for metric in comparison.metrics)),
    )


def _ordered(comparison: Comparison) -> list[Any]:
    """The experiments by rank where there is one, as chosen otherwise."""
    if comparison.ranking is None:
        return comparison.experiments
    known = {experiment.id: experiment for experiment in comparison.experiments}
    return [known[rank.experiment] for rank in comparison.ranking]
