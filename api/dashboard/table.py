"""The table of experiments: filter, choose columns, sort, act on several. Its state is its URL."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from api.context import Context, Service
from api.dashboard.columns import cells, chosen, headline, offered
from api.dashboard.rendering import page
from api.experiments import Experiment, ListQuery, Status, list_experiments
from api.pages import Page
from core.kinds import KINDS
from store.query.errors import LONGEST_TEXT, QueryError
from store.query.fields import vocabulary
from store.tables import STATUSES

router = APIRouter()

ROWS = 50


class TableQuery(BaseModel):
    """What the table shows."""

    where: Annotated[str, Query(max_length=LONGEST_TEXT)] = ""
    kind: str = ""
    status: Literal[Status, ""] = ""
    order_by: Annotated[str, Query(max_length=LONGEST_TEXT)] = ""
    columns: list[str] = []
    cursor: str | None = None

    @property
    def filter(self) -> str | None:
        """All conditions in one, in the query language."""
        others = [f"kind = {_quoted(self.kind)}"] if self.kind else []
        others += [f"status = '{self.status}'"] if self.status else []
        if not self.where.strip():
            return " and ".join(others) or None
        # Alone it is asked as it is: a mistake is told by its place in the text.
        return " and ".join([f"({self.where})", *others]) if others else self.where

    def address(self, **changes: Any) -> str:
        """The same table with something else about it."""
        state = {**self.model_dump(exclude={"cursor"}), **changes}
        return "/experiments?" + urlencode({k: v for k, v in state.items() if v}, doseq=True)


@router.get("/experiments")
def experiments_page(
    request: Request, query: Annotated[TableQuery, Query()], service: Service
) -> Response:
    """All experiments that a filter finds, a page at a time."""
    kind = query.kind if query.kind in KINDS else None
    columns = chosen(kind, query.columns)
    found, mistake = _found(query, service)
    return page(
        request,
        "experiments.html",
        query=query,
        kinds=list(KINDS),
        statuses=STATUSES,
        offered=offered(kind),
        columns=columns,
        rows=[_row(experiment, columns) for experiment in found.items],
        sorted_by=_sorted_by(query.order_by),
        next=query.address(cursor=found.next_cursor) if found.next_cursor else None,
        mistake=mistake,
    )


@router.get("/vocabulary.json")
def words() -> Response:
    """The names that a filter may use, by kind, for completion."""
    names: dict[str, Mapping[str, str]] = {
        kind: {name: field.type for name, field in vocabulary("experiments", (kind,)).items()}
        for kind in KINDS
    }
    content = {"kinds": names, "statuses": list(STATUSES)}
    return JSONResponse(content, headers={"Cache-Control": "max-age=600"})


def _found(query: TableQuery, service: Context) -> tuple[Page[Experiment], QueryError | None]:
    """The experiments, or what is wrong with the filter."""
    asked = ListQuery(
        where=query.filter, order_by=query.order_by or None, limit=ROWS, cursor=query.cursor
    )
    try:
        return list_experiments(asked, service), None
    except QueryError as mistake:
        return Page(items=[]), mistake


def _row(experiment: Experiment, columns: Any) -> dict[str, Any]:
    found = cells(experiment, columns)
    return {"experiment": experiment, "cells": found, "headline": headline(experiment)}


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _sorted_by(order_by: str) -> tuple[str, bool]:
    """The first name to sort by, and whether downwards."""
    name, _, direction = order_by.split(",")[0].strip().partition(" ")
    return name, direction.strip().lower() == "desc"
