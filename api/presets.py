"""Presets: the papers' experiments, started with one call."""

import hashlib
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body
from pydantic import BaseModel, ConfigDict, TypeAdapter

from api.context import Service
from api.experiments import IdempotencyKey, place
from api.pages import Page
from api.problems import documented
from api.submissions import AnySubmission
from core.presets import PRESETS, Preset
from store.experiments import NotFound

router = APIRouter(prefix="/v1/presets", tags=["presets"])

_SUBMISSION: TypeAdapter[Any] = TypeAdapter(AnySubmission)


class PanelEntry(BaseModel):
    """One panel of a preset at one scale."""

    name: str
    kind: str
    spec: dict[str, Any]


class PresetEntry(BaseModel):
    """One preset."""

    name: str
    summary: str
    reference: str
    scales: dict[str, list[PanelEntry]]


class PresetRun(BaseModel):
    """At which scale to run a preset."""

    model_config = ConfigDict(extra="forbid")

    scale: Literal["quick", "full"]


class StartedPanel(BaseModel):
    """One panel, and the experiment that it became."""

    name: str
    type: Literal["experiment", "sweep"]
    id: str
    href: str


class StartedPreset(BaseModel):
    """A preset that was started."""

    preset: str
    scale: Literal["quick", "full"]
    panels: list[StartedPanel]


@router.get("")
def list_presets() -> Page[PresetEntry]:
    """All presets with their panels."""
    return Page(items=[_entry(preset) for preset in PRESETS.values()])


@router.post("/{name}/run", status_code=202, responses=documented(400, 404, 413, 422))
def run_preset(
    name: str,
    body: Annotated[PresetRun, Body()],
    service: Service,
    idempotency_key: IdempotencyKey = None,
) -> StartedPreset:
    """Submit every panel of a preset."""
    if name not in PRESETS:
        raise NotFound(f"no preset is named {name}; there are {', '.join(PRESETS)}")
    started = []
    for panel in PRESETS[name].panels[body.scale]:
        submission = _SUBMISSION.validate_python(
            {
                "kind": panel.kind,
                "spec": dict(panel.spec),
                "name": f"{name} / {panel.name}",
                "tags": {"preset": name, "scale": body.scale},
            }
        )
        experiment, _ = place(service, submission, _key(idempotency_key, panel.name))
        started.append(
            StartedPanel(
                name=panel.name,
                type="experiment",
                id=experiment.id,
                href=f"/v1/experiments/{experiment.id}",
            )
        )
    return StartedPreset(preset=name, scale=body.scale, panels=started)


def _key(request: str | None, panel: str) -> str | None:
    """A key for each panel, of one length whatever the request's own key is."""
    return None if request is None else hashlib.sha256(f"{request}/{panel}".encode()).hexdigest()


def _entry(preset: Preset) -> PresetEntry:
    return PresetEntry(
        name=preset.name,
        summary=preset.summary,
        reference=preset.reference,
        scales={
            scale: [PanelEntry(name=p.name, kind=p.kind, spec=dict(p.spec)) for p in panels]
            for scale, panels in preset.panels.items()
        },
    )
