"""Several experiments beside each other: where they differ, who is best, curves in one frame."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from api.context import Context, Service
from api.experiments import Status
from api.files import FIGURE, FORMS, Form, figure
from api.problems import documented
from api.results import FigureEntry, Slug
from core import comparison
from core.comparison import Medians
from core.experiment import Compared, Kind, Metric
from core.figures import themed
from core.kinds import KINDS
from core.spelling import nearest_or_all
from store import results
from store.comparison import several
from store.experiments import Conflict, Experiment, NotFound
from store.query.errors import QueryError

router = APIRouter(prefix="/v1/compare", tags=["compare"])

FEWEST, MOST = 2, 200


class Selected(BaseModel):
    """Which experiments to compare."""

    model_config = ConfigDict(extra="forbid")

    ids: str = Field(description=f"{FEWEST} to {MOST} ids of experiments, separated by commas.")


class ComparisonQuery(Selected):
    """Which experiments to compare, and by which metric to rank them."""

    rank_by: str | None = Field(
        default=None, description="A metric, such as `final_test_error`; absent: no ranking."
    )
    arm: str | None = Field(
        default=None, description="Rank by the median of this arm; absent: by that of the best."
    )
    order: Literal["ascending", "descending"] = "ascending"


class ComparedExperiment(BaseModel):
    """One of the experiments."""

    id: str
    label: str = Field(description="Its name if no other has it, else the end of its id.")
    name: str | None
    kind: str
    kind_version: int
    status: Status


class SpecDifference(BaseModel):
    """A field that is not the same in all specs."""

    path: str
    values: dict[str, Any] = Field(
        description="By id; an experiment whose spec has no such field is not in it."
    )


class ComparedMetric(BaseModel):
    """One metric of one arm, side by side."""

    arm: str
    metric: str
    unit: str
    description: str
    values: dict[str, float | None] = Field(
        description="Medians over replicates, by id; an experiment without a result, or of a kind "
        "without this metric, is not in it. Null: most replicates have no value."
    )


class RankedExperiment(BaseModel):
    """The place of one experiment; equal values share a rank, and no value has none."""

    experiment: str
    rank: int | None
    arm: str | None
    value: float | None


class Comparison(BaseModel):
    """Several experiments beside each other."""

    experiments: list[ComparedExperiment]
    differences: list[SpecDifference]
    same: int = Field(description="Fields of the specs that are the same in all.")
    metrics: list[ComparedMetric] = Field(description="Those that any of them has a value of.")
    ranking: list[RankedExperiment] | None = Field(description="Null unless asked for.")
    figures: list[FigureEntry] = Field(description="What can be drawn of all in one frame.")


@router.get("", responses=documented(400, 404, 422))
def compare(query: Annotated[ComparisonQuery, Query()], service: Service) -> Comparison:
    """Where the specs differ, the medians of every metric side by side, and a ranking."""
    chosen = several(service.database, _ids(query.ids))
    medians = {each.id: _medians(each) for each in chosen}
    metrics = {name: metric for each in chosen for name, metric in _metrics(each)}
    found = comparison.differences({each.id: each.spec for each in chosen})
    return Comparison(
        experiments=_entries(chosen),
        differences=[SpecDifference(path=f.path, values=dict(f.values)) for f in found.fields],
        same=found.same,
        metrics=[
            ComparedMetric(
                arm=row.arm,
                metric=row.metric,
                unit=metrics[row.metric].unit,
                description=metrics[row.metric].description,
                values=dict(row.values),
            )
            for row in comparison.measured(medians)
        ],
        ranking=_ranking(query, medians, list(metrics)),
        figures=_figures(chosen),
    )


@router.get(
    "/figures/{name}.{form}",
    response_class=Response,
    responses={**FIGURE, **documented(400, 404, 409, 422)},
)
def draw(name: Slug, form: Form, query: Annotated[Selected, Query()], service: Service) -> Response:
    """The results of several experiments of one kind in one picture."""
    chosen = several(service.database, _ids(query.ids))
    kinds = list(dict.fromkeys(each.kind for each in chosen))
    if len(kinds) > 1:
        message = f"a figure compares experiments of one kind; these are {' and '.join(kinds)}"
        raise QueryError("ids", query.ids, message)
    kind = KINDS[kinds[0]]
    if name not in kind.overlays:
        known = ", ".join(kind.overlays) or "none"
        raise NotFound(f"{kind.name} has no comparing figure {name}; it has {known}")
    if not any(each.status == "succeeded" for each in chosen):
        raise Conflict("none of these experiments has succeeded; there is nothing to draw")
    document = themed(kind.overlays[name].draw(_compared(service, kind, chosen)))
    return figure(document, form)


def _ids(text: str) -> list[str]:
    identifiers = list(dict.fromkeys(_id(part.strip()) for part in text.split(",")))
    if FEWEST <= len(identifiers) <= MOST:
        return identifiers
    message = f"a comparison is of {FEWEST} to {MOST} experiments; these are {len(identifiers)}"
    raise QueryError("ids", text, message)


def _id(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise QueryError("ids", text, "not the id of an experiment") from None


def _entries(chosen: Sequence[Experiment]) -> list[ComparedExperiment]:
    labels = _labels(chosen)
    return [
        ComparedExperiment.model_validate({**vars(each), "label": labels[each.id]})
        for each in chosen
    ]


def _labels(chosen: Sequence[Experiment]) -> dict[str, str]:
    return comparison.labels({each.id: each.name for each in chosen})


def _metrics(experiment: Experiment) -> Iterator[tuple[str, Metric]]:
    yield from KINDS[experiment.kind].metrics.items()


def _medians(experiment: Experiment) -> Medians:
    """In the order of the kind's declaration, which not every database keeps."""
    names = KINDS[experiment.kind].metrics
    return {
        arm: {name: found[name]["median"] for name in names if name in found}
        for arm, found in (experiment.summary or {}).items()
    }


def _ranking(
    query: ComparisonQuery, medians: dict[str, Medians], metrics: Sequence[str]
) -> list[RankedExperiment] | None:
    if query.rank_by is None:
        return None
    arms = list(dict.fromkeys(arm for found in medians.values() for arm in found))
    metric = query.rank_by.removeprefix("metric.")  # as the query language names it
    _known("rank_by", metric, metrics, "the metric")
    if query.arm is not None and arms:
        _known("arm", query.arm, arms, "the arm")
    descending = query.order == "descending"
    ranked = comparison.ranking(medians, metric, arm=query.arm, descending=descending)
    return [RankedExperiment(**vars(each)) for each in ranked]


def _known(field: str, name: str, names: Sequence[str], what: str) -> None:
    if name not in names:
        hint = nearest_or_all(name, names)
        raise QueryError(field, name, f"none of these experiments has {what} {name}{hint}")


def _figures(chosen: Sequence[Experiment]) -> list[FigureEntry]:
    """The figures that can be drawn: of one kind, and of at least one result."""
    kinds = {each.kind for each in chosen}
    if len(kinds) > 1 or all(each.status != "succeeded" for each in chosen):
        return []
    ids = ",".join(each.id for each in chosen)
    return [
        FigureEntry(
            name=name,
            description=overlay.description,
            links={form: f"{router.prefix}/figures/{name}.{form}?ids={ids}" for form in FORMS},
        )
        for name, overlay in KINDS[kinds.pop()].overlays.items()
    ]


def _compared(
    service: Context, kind: Kind[Any], chosen: Sequence[Experiment]
) -> Iterator[Compared[Any]]:
    """The results one at a time, which together may be larger than memory."""
    labels = _labels(chosen)
    for each in chosen:
        if each.status == "succeeded":
            spec = kind.spec.model_validate(each.spec)
            yield Compared(labels[each.id], spec, results.result(service.database, each.id))
