"""A new experiment: the form of its kind, filled from an example, a preset or another."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from api.context import Context, Service
from api.dashboard.rendering import page
from api.dashboard.spec_form import tree
from api.datasets import Dataset, list_datasets
from api.experiments import show
from api.kinds import list_kinds, show_kind
from api.pages import PageQuery
from api.presets import panels_of
from core.experiment import Kind
from core.kinds import KINDS
from core.presets import PRESETS
from core.presets.preset import Panel
from core.spelling import nearest_or_all
from store.experiments import NotFound

router = APIRouter()

MOST_DATASETS = 200


class NewQuery(BaseModel):
    """Which form, and what stands in it."""

    kind: str | None = None
    start: Annotated[UUID | None, Query(alias="from")] = None
    preset: str | None = None
    panel: str | None = None
    spec: str | None = None
    vary: list[str] = []
    name: str = ""
    tags: str = ""
    dataset: UUID | None = None


@router.get("/new")
def new_page(request: Request, query: Annotated[NewQuery, Query()], service: Service) -> Response:
    """Choose a kind, or fill in the form of one."""
    if not (query.kind or query.start or query.preset):
        presets = [(preset, panels_of(name, "quick")) for name, preset in PRESETS.items()]
        return page(request, "choose.html", kinds=list_kinds().items, presets=presets)
    kind, spec, source, name = _filled(query, service)
    entry = show_kind(kind)
    if query.dataset:
        spec = {**spec, "dataset": str(query.dataset)}
    return page(
        request,
        "new.html",
        kind=entry,
        form=tree(entry.spec_schema, spec),
        source=source,
        name=query.name or name,
        tags=query.tags,
        varied=[line.partition("=")[::2] for line in query.vary],
        panels=_panels(kind),
        datasets=_datasets(service),
        columns=sorted(entry.parameters),
    )


def _filled(query: NewQuery, service: Context) -> tuple[str, dict[str, Any], str, str]:
    """The kind, the values, where these come from, and a name to suggest."""
    if query.start:
        experiment = show(query.start, service)
        name = f"{experiment.name}, changed" if experiment.name else ""
        return experiment.kind, experiment.spec, f"experiment {experiment.name or ''}".strip(), name
    if query.preset:
        panel = _panel(query.preset, query.panel)
        return panel.kind, dict(panel.spec), f"preset {query.preset}, {panel.name}", panel.name
    assert query.kind is not None
    entry = show_kind(query.kind)
    if query.spec:
        return entry.kind, _read(KINDS[entry.kind], query.spec), "this address", ""
    return entry.kind, entry.example, "example", ""


def _read(kind: Kind[Any], text: str) -> dict[str, Any]:
    """The spec that an address holds."""
    try:
        spec: dict[str, Any] = kind.spec.model_validate_json(text).model_dump(mode="json")
    except ValidationError as mistake:
        within = ("query", kind.name, "spec")
        errors = [{**error, "loc": (*within, *error["loc"])} for error in mistake.errors()]
        raise RequestValidationError(errors) from None
    return spec


def _panel(preset: str, name: str | None) -> Panel:
    if preset not in PRESETS:
        raise NotFound(f"no preset is named {preset}{nearest_or_all(preset, list(PRESETS))}")
    panels = {panel.name: panel for panel in PRESETS[preset].panels["quick"]}
    if name is not None and name not in panels:
        hint = nearest_or_all(name, list(panels))
        raise NotFound(f"no panel of {preset} is named {name}{hint}")
    return panels[name] if name else next(iter(panels.values()))


def _panels(kind: str) -> list[tuple[str, str]]:
    """Presets and their panels of this kind."""
    return [
        (preset.name, panel.name)
        for preset in PRESETS.values()
        for panel in preset.panels["quick"]
        if panel.kind == kind
    ]


def _datasets(service: Context) -> list[Dataset]:
    found = list_datasets(PageQuery(limit=MOST_DATASETS), service).items
    return [dataset for dataset in found if dataset.status == "ready"]
