"""Pictures of a sweep: a map over two parameters, a profile along one."""

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict

from api.context import Service
from api.files import FIGURE, Form, figure
from api.problems import BadRequest, documented
from api.sweeps import Id
from core.charts.heatmap import Cell, draw_heatmap
from core.charts.profile import draw_profile
from core.experiment import Kind
from core.figures import themed
from core.kinds import KINDS
from core.spelling import nearest_or_all
from core.sweeps import SweepDefinition, points
from store import diagrams, sweeps

router = APIRouter(prefix="/v1/sweeps/{id:uuid}/figures", tags=["sweeps"])

POINTS = 400  # of a line of theory
MARGIN = 3.0  # by which it goes on beyond the outermost cells, where the frame cuts it

_ANSWERS: Any = {**FIGURE, **documented(400, 404, 422)}


class HeatmapQuery(BaseModel):
    """What to draw over which two parameters."""

    model_config = ConfigDict(extra="forbid")

    x: str
    y: str
    metric: str
    arm: str


class ProfileQuery(BaseModel):
    """What to draw along which parameter."""

    model_config = ConfigDict(extra="forbid")

    x: str
    metric: str


@router.get("/heatmap.{form}", response_class=Response, responses=_ANSWERS)
def heatmap(
    id: Id, form: Form, query: Annotated[HeatmapQuery, Query()], service: Service
) -> Response:
    """The median of one metric over two parameters."""
    sweep = sweeps.get(service.database, str(id))
    kind = KINDS[sweep.kind]
    x, y = _column(kind, "x", query.x), _column(kind, "y", query.y)
    metric = _metric(kind, query.metric)
    cells = diagrams.cells(service.database, kind.name, sweep.id, x, y, metric, query.arm)
    if all(value is None for _, _, value in cells):
        _check_arm(query.arm, diagrams.arms(service.database, kind.name, sweep.id))
    theory = _theory(kind, SweepDefinition.model_validate(sweep.definition), x, y, cells)
    chart = draw_heatmap(cells, x=x, y=y, metric=metric, arm=query.arm, theory=theory)
    return figure(themed(chart), form)


@router.get("/profile.{form}", response_class=Response, responses=_ANSWERS)
def profile(
    id: Id, form: Form, query: Annotated[ProfileQuery, Query()], service: Service
) -> Response:
    """Mean and standard error of one metric along one parameter, arm by arm."""
    sweep = sweeps.get(service.database, str(id))
    kind = KINDS[sweep.kind]
    x, metric = _column(kind, "x", query.x), _metric(kind, query.metric)
    if _type(kind, x) in ("text", "boolean"):
        raise BadRequest("x", query.x, "a profile runs along numbers; use a heat map for words")
    runs = diagrams.runs(service.database, kind.name, sweep.id, x, metric)
    return figure(themed(draw_profile(runs, x=x, metric=metric)), form)


def _theory(
    kind: Kind[Any], definition: SweepDefinition, x: str, y: str, cells: Sequence[Cell]
) -> list[tuple[float, float]]:
    """Points of the line that theory draws over these parameters; none where it knows none."""
    places = [place for place, _, _ in cells if isinstance(place, int | float) and place > 0]
    if not places:
        return []
    at = np.geomspace(min(places) / MARGIN, max(places) * MARGIN, POINTS)
    line = kind.border(next(points(kind, definition)).spec, x, y, at)
    return [] if line is None else list(zip(at.tolist(), line.tolist(), strict=True))


def _column(kind: Kind[Any], field: str, name: str) -> str:
    """The column of a parameter that is named by itself or by its path in the spec."""
    for column in kind.columns:
        if name in (column.name, column.dotted):
            return column.name
    raise _unknown(field, name, [column.name for column in kind.columns])


def _type(kind: Kind[Any], name: str) -> str:
    return next(column.type for column in kind.columns if column.name == name)


def _metric(kind: Kind[Any], name: str) -> str:
    if name not in kind.metrics:
        raise _unknown("metric", name, list(kind.metrics))
    return name


def _check_arm(name: str, arms: Sequence[str]) -> None:
    """An arm that no experiment has is a mistake, once there are any."""
    if arms and name not in arms:
        raise _unknown("arm", name, arms)


def _unknown(field: str, name: str, known: Sequence[str]) -> BadRequest:
    hint = nearest_or_all(name, known)
    return BadRequest(field, name, f"there is none of this name{hint}")
