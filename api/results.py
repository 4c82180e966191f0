"""What came out of an experiment: metric rows, arrays, figures."""

import io
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from api.context import Context, Service
from api.experiments import Id
from api.files import CSV, FORMS, PICTURES, files, picture, table
from api.pages import Page
from api.problems import documented
from core.experiment import Array
from core.figures import themed
from core.kinds import KINDS
from store import experiments, results
from store.experiments import NotFound

router = APIRouter(prefix="/v1/experiments/{id:uuid}", tags=["results"])

Slug = Annotated[str, Path(pattern=r"^[A-Za-z0-9_]{1,100}$")]


class ResultRow(BaseModel):
    """The metrics of one arm and replicate; null where a number does not exist."""

    arm: str
    replicate: int
    metrics: dict[str, float | int | bool | None]


class ArrayEntry(BaseModel):
    """One array without its values."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    axes: list[str]
    shape: list[int]
    dtype: str
    unit: str


class ArrayValues(BaseModel):
    """One array; numbers that are not finite are null here and kept in the `.npy` form."""

    name: str
    axes: list[str]
    unit: str
    values: Any


class FigureEntry(BaseModel):
    """One figure of an experiment, and where to get it."""

    name: str
    description: str
    missing: str | None = Field(
        default=None,
        description="Why this experiment's spec leaves it nothing to draw; null: it can be drawn.",
    )
    links: dict[str, str]


class ResultQuery(BaseModel):
    """How to write the rows."""

    model_config = ConfigDict(extra="forbid")

    format: Literal["json", "csv"] = "json"


@router.get(
    "/results",
    response_model=Page[ResultRow],
    responses={**CSV, **documented(404, 422)},
)
def show_results(id: Id, query: Annotated[ResultQuery, Query()], service: Service) -> Any:
    """Metric rows by arm and replicate; empty until the experiment succeeded."""
    rows = results.rows(service.database, str(id))
    if query.format == "json":
        return Page(items=[ResultRow.model_validate(vars(row)) for row in rows])
    names = list(KINDS[experiments.get(service.database, str(id)).kind].metrics)
    lines = ([row.arm, row.replicate, *row.metrics.values()] for row in rows)
    return table(["arm", "replicate", *names], lines)


@router.get("/arrays", responses=documented(404, 422))
def list_arrays(id: Id, service: Service) -> Page[ArrayEntry]:
    """The arrays of an experiment; empty until it succeeded."""
    found = results.catalogue(service.database, str(id))
    return Page(items=[ArrayEntry.model_validate(entry) for entry in found])


@router.get(
    "/arrays.npz",
    response_class=Response,
    responses={**files("application/zip"), **documented(404, 409, 422)},
)
def download_arrays(id: Id, service: Service) -> Response:
    """All arrays in one NumPy archive."""
    result = results.result(service.database, str(id))
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer, allow_pickle=False, **{name: array.values for name, array in result.arrays.items()}
    )
    return Response(buffer.getvalue(), media_type="application/zip")


@router.get(
    "/arrays/{name}.npy",
    response_class=Response,
    responses={**files("application/octet-stream"), **documented(404, 422)},
)
def download_array(id: Id, name: Slug, service: Service) -> Response:
    """One array in NumPy's own format, every bit as computed."""
    buffer = io.BytesIO()
    np.save(buffer, results.array(service.database, str(id), name).values, allow_pickle=False)
    return Response(buffer.getvalue(), media_type="application/octet-stream")


@router.get(
    "/arrays/{name}.csv", response_class=Response, responses={**CSV, **documented(404, 422)}
)
def tabulate_array(id: Id, name: Slug, service: Service) -> Response:
    """One array as a long table: one column per axis, one line per value."""
    array = results.array(service.database, str(id), name)
    lines = ([*index, value] for index, value in np.ndenumerate(array.values))
    return table([*array.axes, name], lines)


@router.get("/arrays/{name}", responses=documented(404, 422))
def show_array(id: Id, name: Slug, service: Service) -> ArrayValues:
    """One array as nested lists."""
    array = results.array(service.database, str(id), name)
    return ArrayValues(name=name, axes=list(array.axes), unit=array.unit, values=_lists(array))


@router.get("/figures", responses=documented(404, 422))
def list_figures(id: Id, service: Service) -> Page[FigureEntry]:
    """The figures of an experiment's kind; they can be drawn once it succeeded."""
    experiment = experiments.get(service.database, str(id))
    kind = KINDS[experiment.kind]
    spec = kind.spec.model_validate(experiment.spec)
    return Page(
        items=[
            FigureEntry(
                name=name,
                description=figure.description,
                missing=figure.missing(spec),
                links={form: f"/v1/experiments/{id}/figures/{name}.{form}" for form in FORMS},
            )
            for name, figure in kind.figures.items()
        ]
    )


@router.get(
    "/figures/{name}.json",
    response_class=JSONResponse,
    responses=documented(404, 409, 422),
)
def show_figure(id: Id, name: Slug, service: Service) -> dict[str, Any]:
    """A figure as Vega-Lite JSON, which browsers and notebooks draw."""
    return _drawn(service, str(id), name)


@router.get(
    "/figures/{name}.{form}",
    response_class=Response,
    responses={**files(*PICTURES.values()), **documented(404, 409, 422)},
)
def render_figure(
    id: Id, name: Slug, form: Literal["svg", "png", "pdf"], service: Service
) -> Response:
    """A figure as a picture, rendered offline."""
    return picture(_drawn(service, str(id), name), form)


def _drawn(service: Context, identifier: str, name: str) -> dict[str, Any]:
    experiment = experiments.get(service.database, identifier)
    kind = KINDS[experiment.kind]
    if name not in kind.figures:
        raise NotFound(f"{kind.name} has no figure {name}; it has {', '.join(kind.figures)}")
    spec = kind.spec.model_validate(experiment.spec)
    result = results.result(service.database, identifier)
    return themed(kind.figures[name].draw(spec, result))


def _lists(array: Array) -> Any:
    values = array.values
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        plain = values.astype(object)
        plain[~np.isfinite(values)] = None
        return plain.tolist()
    return values.tolist()
