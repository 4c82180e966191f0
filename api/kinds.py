"""The catalogue of kinds: what can be asked for, in which units, and an example of each."""

from functools import cache
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.pages import Page
from api.problems import documented
from core.kinds import KINDS
from core.spelling import nearest_or_all
from store.experiments import NotFound

router = APIRouter(prefix="/v1/kinds", tags=["kinds"])


class MetricEntry(BaseModel):
    """One metric of a kind."""

    description: str
    unit: str
    type: str


class EquationEntry(BaseModel):
    """What a kind computes: a sentence about a formula, and the formula in TeX."""

    says: str
    tex: str


class KindEntry(BaseModel):
    """One kind: enough to write a spec for it and to read what comes out."""

    kind: str
    version: int
    summary: str
    spec_schema: dict[str, Any] = Field(serialization_alias="schema")
    example: dict[str, Any]
    parameters: dict[str, str]
    derived_axes: dict[str, list[str]] = Field(
        description="Axes of a sweep that are no field of the spec, with what each needs in "
        "`derive`; they set their fields whatever the base says."
    )
    metrics: dict[str, MetricEntry]
    figures: dict[str, str]
    equations: list[EquationEntry]
    beware: list[str]
    references: list[str]


@router.get("")
def list_kinds() -> Page[KindEntry]:
    """All kinds of experiment."""
    return Page(items=[_entry(name) for name in KINDS])


@router.get("/{kind}", responses=documented(404))
def show_kind(kind: str) -> KindEntry:
    """One kind of experiment."""
    if kind not in KINDS:
        hint = nearest_or_all(kind, list(KINDS))
        raise NotFound(f"no kind is named {kind}{hint}")
    return _entry(kind)


@cache  # to make a schema takes as long as the rest of a page
def _entry(name: str) -> KindEntry:
    kind = KINDS[name]
    return KindEntry(
        kind=kind.name,
        version=kind.version,
        summary=kind.summary,
        spec_schema=kind.spec.model_json_schema(),
        example=kind.example().model_dump(mode="json"),
        parameters={column.name: column.type for column in kind.columns},
        derived_axes={name: list(setting.needs) for name, setting in kind.settings.items()},
        metrics={
            name: MetricEntry(description=m.description, unit=m.unit, type=m.type)
            for name, m in kind.metrics.items()
        },
        figures={name: figure.description for name, figure in kind.figures.items()},
        equations=[EquationEntry(says=each.says, tex=each.tex) for each in kind.equations],
        beware=list(kind.beware),
        references=list(kind.references),
    )
