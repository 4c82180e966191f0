"""Presets: the papers' figures, started with one call."""

import hashlib
from dataclasses import replace
from functools import cache, partial
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Body
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from api import experiments, sweeps
from api.context import Context, Service
from api.experiments import IdempotencyKey
from api.pages import Page
from api.problems import documented
from api.submissions import AnySubmission, accepted, check_room
from core.kinds import KINDS
from core.presets import PRESETS
from core.presets.preset import Panel, Picture, Preset, Scale
from core.sweeps import SweepDefinition, points
from store import accepting
from store.accepting import Submission
from store.experiments import NotFound

router = APIRouter(prefix="/v1/presets", tags=["presets"])

Plan = sweeps.Plan | Submission

_SUBMISSION: TypeAdapter[Any] = TypeAdapter(AnySubmission)


class PictureEntry(BaseModel):
    """A picture of a panel: a figure by name and what it is drawn over."""

    figure: str
    over: dict[str, str]


class PanelEntry(BaseModel):
    """One panel of a preset at one scale."""

    name: str
    type: Literal["experiment", "sweep"]
    kind: str
    spec: dict[str, Any] = Field(description="Of a sweep its base.")
    axes: dict[str, Any]
    derive: dict[str, float]
    experiments: int
    seconds: float = Field(description="Estimated work, in seconds on one core.")
    pictures: list[PictureEntry]


class PresetEntry(BaseModel):
    """One preset."""

    name: str
    summary: str
    reference: str
    found: str = Field(description="What the paper found.")
    quick: str = Field(description="What the quick scale does otherwise than the full one.")
    usual_loop_hours: float | None = Field(
        description="What a loop over networks in plain numpy takes at full scale, in core-hours; "
        "null for presets without networks."
    )
    scales: dict[str, list[PanelEntry]]


class PresetRun(BaseModel):
    """At which scale to run a preset."""

    model_config = ConfigDict(extra="forbid")

    scale: Scale


class StartedPanel(BaseModel):
    """One panel, and the experiment or sweep that it became."""

    name: str
    type: Literal["experiment", "sweep"]
    id: str
    href: str
    pictures: list[PictureEntry]
    figures: list[str] = Field(description="Where its pictures are, as PNG.")


class StartedPreset(BaseModel):
    """A preset that was started."""

    preset: str
    scale: Scale
    panels: list[StartedPanel]


@router.get("")
def list_presets() -> Page[PresetEntry]:
    """All presets with their panels and what each costs."""
    return Page(items=[_entry(name) for name in PRESETS])


@router.post("/{name}/run", status_code=202, responses=documented(400, 404, 413, 422))
def run_preset(
    name: str,
    body: Annotated[PresetRun, Body()],
    service: Service,
    idempotency_key: IdempotencyKey = None,
) -> StartedPreset:
    """Submit every panel of a preset, or none if one cannot be accepted."""
    if name not in PRESETS:
        raise NotFound(f"no preset is named {name}; there are {', '.join(PRESETS)}")
    preset = PRESETS[name]
    panels = preset.panels[body.scale]
    plans = [_plan(service, preset, panel, body.scale) for panel in panels]
    keys = [_key(idempotency_key, panel.name) for panel in panels]
    check_room(service, sum(map(partial(_size, service), plans, keys)))
    started = [
        _started(service, panel, planned, key)
        for panel, planned, key in zip(panels, plans, keys, strict=True)
    ]
    return StartedPreset(preset=name, scale=body.scale, panels=started)


def _plan(service: Context, preset: Preset, panel: Panel, scale: Scale) -> Plan:
    """A panel within the limits of each of its experiments; nothing is stored."""
    labels = {
        "kind": panel.kind,
        "name": f"{preset.name} / {panel.name}",
        "tags": {"preset": preset.name, "panel": panel.name, "scale": scale},
    }
    if panel.type == "sweep":
        sweep = sweeps.SweepRequest.model_validate({**_definition(panel), **labels})
        return sweeps.plan(service, sweep)
    body = _SUBMISSION.validate_python({**labels, "spec": dict(panel.spec)})
    return accepted(service, body, None)


def _size(service: Context, planned: Plan, key: str | None) -> int:
    """How many experiments there are to queue: none if this request did it before."""
    if isinstance(planned, sweeps.Plan):
        done = sweeps.started_before(service, planned, key) is not None
        return 0 if done else len(planned.children)
    named = replace(planned, idempotency_key=key)
    return int(accepting.accepted_before(service.database, named) is None)


def _started(service: Context, panel: Panel, planned: Plan, key: str | None) -> StartedPanel:
    if isinstance(planned, sweeps.Plan):
        href = f"/v1/sweeps/{sweeps.start(service, planned, key)}"
    else:
        submission = replace(planned, idempotency_key=key)
        href = f"/v1/experiments/{experiments.start(service, submission).id}"
    return StartedPanel(
        name=panel.name,
        type=panel.type,
        id=href.rpartition("/")[2],
        href=href,
        pictures=_pictures(panel),
        figures=[f"{href}/figures/{_file(picture)}" for picture in panel.pictures],
    )


def _file(picture: Picture) -> str:
    query = f"?{urlencode(picture.over)}" if picture.over else ""
    return f"{picture.figure}.png{query}"


def _definition(panel: Panel) -> dict[str, Any]:
    return {"base": dict(panel.spec), "axes": dict(panel.axes), "derive": dict(panel.derive)}


def _key(request: str | None, panel: str) -> str | None:
    """A key for each panel, of one length whatever the request's own key is."""
    return None if request is None else hashlib.sha256(f"{request}/{panel}".encode()).hexdigest()


@cache
def _entry(name: str) -> PresetEntry:
    preset = PRESETS[name]
    return PresetEntry(
        name=preset.name,
        summary=preset.summary,
        reference=preset.reference,
        found=preset.found,
        quick=preset.quick,
        usual_loop_hours=preset.usual_loop_hours,
        scales={scale: list(panels_of(name, scale)) for scale in preset.panels},
    )


@cache
def panels_of(name: str, scale: Scale) -> tuple[PanelEntry, ...]:
    """The panels of a preset at one scale with what each costs."""
    return tuple(_panel_entry(panel) for panel in PRESETS[name].panels[scale])


def _panel_entry(panel: Panel) -> PanelEntry:
    kind = KINDS[panel.kind]
    if panel.type == "sweep":
        definition = SweepDefinition.model_validate(_definition(panel))
        specs = [point.spec for point in points(kind, definition)]
    else:
        specs = [kind.spec.model_validate(panel.spec)]
    return PanelEntry(
        name=panel.name,
        type=panel.type,
        kind=panel.kind,
        spec=dict(panel.spec),
        axes=dict(panel.axes),
        derive=dict(panel.derive),
        experiments=len(specs),
        seconds=sum(kind.estimate(spec, {}).seconds for spec in specs),
        pictures=_pictures(panel),
    )


def _pictures(panel: Panel) -> list[PictureEntry]:
    return [PictureEntry(figure=p.figure, over=dict(p.over)) for p in panel.pictures]
