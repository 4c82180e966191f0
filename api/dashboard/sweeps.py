"""Sweeps: the list, and one with its maps, its slices and the progress of its grid."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from api.context import Context, Service
from api.dashboard.rendering import page
from api.dashboard.words import title
from api.kinds import KindEntry, show_kind
from api.sweep_results import ChildRow, TableQuery, sweep_results
from api.sweeps import Id, Sweep, SweepQuery, list_sweeps, show_sweep
from core.kinds import KINDS

router = APIRouter()

AT_ONCE = 500
MOST_CELLS = 2000
MOST_ROWS = 100


class MapQuery(BaseModel):
    """What the pictures of a sweep show; whatever is absent is chosen."""

    x: str | None = None
    y: str | None = None
    metric: str | None = None
    arm: str | None = None


@router.get("/sweeps")
def sweeps_page(
    request: Request, query: Annotated[SweepQuery, Query()], service: Service
) -> Response:
    """Sweeps, newest first: all of them, or those whose name has a part."""
    found = list_sweeps(query, service)
    return page(
        request,
        "sweeps.html",
        sweeps=found.items,
        next=found.next_cursor,
        query=query,
        title=lambda sweep: title(vars(sweep)),
    )


@router.get("/sweeps/{id:uuid}")
def sweep_page(
    id: Id, request: Request, query: Annotated[MapQuery, Query()], service: Service
) -> Response:
    """One sweep."""
    sweep = show_sweep(id, service)
    kind = show_kind(sweep.kind)
    children = _children(id, service)
    axes = _places(children, sweep.kind)
    shown = _shown(query, kind, axes, children)
    return page(
        request,
        "sweep.html",
        sweep=sweep,
        kind=kind,
        title=title(vars(sweep)),
        total=sum(sweep.counts.values()),
        children=children,
        rows=children[:MOST_ROWS],
        varied=list(children[0].point) if children else [],
        axes=axes,
        shown=shown,
        arms=_arms(children) or [shown["arm"]],
        heatmap=_address(sweep, "heatmap", shown, "x", "y", "metric", "arm"),
        profiles=[
            _address(sweep, "profile", {**shown, "x": axis}, "x", "metric")
            for axis in dict.fromkeys((shown["x"], shown["y"]))
        ],
        lines=_lines(children, shown),
    )


def _children(id: Id, service: Context) -> list[ChildRow]:
    """The first children, in order."""
    found: list[ChildRow] = []
    cursor = None
    while len(found) < MOST_CELLS:
        part = sweep_results(id, TableQuery(limit=AT_ONCE, cursor=cursor), service)
        found += part.items
        cursor = part.next_cursor
        if cursor is None:
            break
    return found


def _places(children: list[ChildRow], kind: str) -> list[str]:
    """The axes that a map can be drawn over: those that are parameters, by their columns."""
    columns = {
        name: column.name
        for column in KINDS[kind].columns
        for name in (column.dotted, column.name)
        if name is not None
    }
    point = children[0].point if children else {}
    found = dict.fromkeys(columns[name] for name in point if name in columns)
    return list(found) or [KINDS[kind].columns[0].name]


def _shown(
    query: MapQuery, kind: KindEntry, axes: list[str], children: list[ChildRow]
) -> dict[str, str]:
    arms = _arms(children)
    x = query.x or axes[0]
    others = [axis for axis in axes if axis != x]
    return {
        "x": x,
        "y": query.y or (others[0] if others else x),
        "metric": query.metric or _telling(kind),
        "arm": query.arm or ("curl_descent" if "curl_descent" in arms else next(iter(arms), "all")),
    }


def _telling(kind: KindEntry) -> str:
    """The first metric on test data if there is one, else the first of all."""
    return next((name for name in kind.metrics if "test" in name), next(iter(kind.metrics)))


def _arms(children: list[ChildRow]) -> list[str]:
    return list(dict.fromkeys(arm for child in children for arm in child.metrics))


def _address(sweep: Sweep, figure: str, shown: dict[str, str], *names: str) -> str:
    over = urlencode({name: shown[name] for name in names})
    return f"{sweep.links['self']}/figures/{figure}.json?{over}"


def _lines(children: list[ChildRow], shown: dict[str, str]) -> list[dict[str, Any]]:
    """Each child with a value as one line of the parallel coordinates."""
    found = []
    for child in children:
        value = child.metrics.get(shown["arm"], {}).get(shown["metric"])
        if value is not None:
            found.append({"id": child.id, **child.point, shown["metric"]: value})
    return found
