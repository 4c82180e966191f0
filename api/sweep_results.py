"""The table of a sweep: its children in order, and what came out of each."""

import json
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from api.context import Context, Service
from api.files import CSV, long_table
from api.pages import MOST_ITEMS, Page, PageQuery, decoded, encoded
from api.problems import BadRequest, documented
from api.sweeps import Id
from core.kinds import KINDS
from store import sweeps

router = APIRouter(prefix="/v1/sweeps", tags=["sweeps"])


class ChildRow(BaseModel):
    """One child: where it lies and what came out of it."""

    id: str
    status: str
    point: dict[str, Any]
    metrics: dict[str, dict[str, float | None]] = Field(description="Medians, by arm.")


class TableQuery(PageQuery):
    """How to write the table of children."""

    format: Literal["json", "csv"] = Field(
        default="json",
        description="json comes in pages; csv holds every child, streamed, whatever the limit.",
    )


@router.get(
    "/{id:uuid}/results",
    response_model=Page[ChildRow],
    responses={**CSV, **documented(404, 422)},
)
def sweep_results(id: Id, query: Annotated[TableQuery, Query()], service: Service) -> Any:
    """The children in order: place, status, and the medians of their metrics by arm."""
    sweep = sweeps.get(service.database, str(id))
    if query.format == "csv":
        if query.cursor is not None:
            raise BadRequest("cursor", query.cursor, "csv has no pages; it holds every child")
        return _csv(service, sweep)
    key = decoded(query.cursor, parts=1)
    found = sweeps.table(service.database, sweep.id, query.limit + 1, *(key or ()))
    rows = [_child_row(row) for row in found[: query.limit]]
    more = len(found) > query.limit
    return Page(items=rows, next_cursor=encoded(rows[-1].id) if more else None)


def _child_row(row: dict[str, Any]) -> ChildRow:
    metrics = {
        arm: {name: metric["median"] for name, metric in of_arm.items()}
        for arm, of_arm in (row["summary"] or {}).items()
    }
    return ChildRow(id=row["id"], status=row["status"], point=row["point"], metrics=metrics)


def _cell(value: Any) -> Any:
    """A place as CSV holds it; lists and groups of fields as JSON."""
    return json.dumps(value) if isinstance(value, dict | list) else value


def _csv(service: Context, sweep: sweeps.Sweep) -> Response:
    """One line per child and arm, of every child."""
    axes = sweeps.axes(service.database, sweep.id)
    metrics = list(KINDS[sweep.kind].metrics)
    pages = (_lines(rows, axes, metrics) for rows in _pages(service, sweep.id))
    return long_table(["experiment", "status", *axes, "arm", *metrics], pages)


def _pages(service: Context, identifier: str) -> Iterator[list[ChildRow]]:
    found = sweeps.table(service.database, identifier, MOST_ITEMS)
    while found:
        yield [_child_row(row) for row in found]
        found = sweeps.table(service.database, identifier, MOST_ITEMS, found[-1]["id"])


def _lines(rows: list[ChildRow], axes: list[str], metrics: list[str]) -> Iterator[list[Any]]:
    for row in rows:
        place = [_cell(row.point.get(axis)) for axis in axes]
        for arm, values in (row.metrics or {"": {}}).items():
            yield [row.id, row.status, *place, arm, *map(values.get, metrics)]
