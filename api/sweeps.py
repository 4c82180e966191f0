"""Sweeps: many experiments from one request, watched, cancelled, retried and extended as one."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Path, Query, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel, ConfigDict, Field, StrictInt

from api.access import Guest, caller
from api.context import Context, Service
from api.experiments import IdempotencyKey
from api.hooks import HookState, OnEnd, receiver, state
from api.pages import Page, PageQuery, decoded, encoded
from api.problems import BadRequest, documented
from api.submissions import check_room, estimates, fitting
from api.texts import Name, PartOfName, TagKey, TagValue
from core.axes import Axis
from core.axes import Name as AxisName
from core.experiment import Kind
from core.kinds import KINDS
from core.spelling import nearest_or_all
from core.sweeps import SweepDefinition, points, size, widened
from store import accepting_sweeps, extensions, inputs, sweeps
from store.accepting import Submission, digest
from store.changes import MOST_TAGS
from store.tables import TERMINAL
from workers.doorbell import ring

router = APIRouter(prefix="/v1/sweeps", tags=["sweeps"])

Id = Annotated[UUID, Path(description="The sweep's id.")]

SHOWN_SPECS = 5
EVENTS_S = 1.0
RINGS = 16  # enough to wake every slot at once; the dispatcher rings for the rest


class SweepRequest(SweepDefinition):
    """A sweep to be run."""

    kind: str
    name: Name | None = None
    tags: dict[TagKey, TagValue] = Field(default={}, max_length=MOST_TAGS)
    priority: StrictInt = Field(
        default=sweeps.CHILD_PRIORITY,
        ge=-10,
        le=10,
        description="Below 0, so that single experiments go first.",
    )
    on_end: OnEnd | None = Field(
        default=None, description="Whom to tell when every experiment has ended."
    )


class SweepQuery(PageQuery):
    """Which sweeps to list."""

    name: PartOfName = Field(default="", description="A part of it, in any letter case.")
    kind: str | None = None


class Extension(BaseModel):
    """More of a sweep: further values on its axes, further replicates of its points."""

    model_config = ConfigDict(extra="forbid")

    axes: dict[AxisName, Axis] = Field(default={}, max_length=20)
    replicates: StrictInt = Field(default=0, ge=0, le=1_000_000)


class Renamed(BaseModel):
    """A name for a sweep; null takes it off. Its experiments keep their tags and notes."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None


class Retry(BaseModel):
    """Which experiments of a sweep to run again."""

    model_config = ConfigDict(extra="forbid")

    statuses: list[Literal["failed", "cancelled"]] = Field(
        default=["failed"], min_length=1, max_length=2, description="How they ended."
    )


class Sweep(BaseModel):
    """One sweep."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    kind: str
    name: str | None
    status: Literal["running", "ended"]
    counts: dict[str, int]
    progress: float
    seconds_left: float = Field(description="Estimated work left, in seconds on one core.")
    definition: dict[str, Any]
    created_at: datetime
    disk_bytes: int = Field(description="What the arrays of its experiments take, compressed.")
    owner: str = Field(description="The name of the token it was made with.")
    on_end: HookState | None
    links: dict[str, str]


class Preview(BaseModel):
    """What a sweep would be; nothing is stored."""

    count: int
    duplicates: int = Field(
        description="Points whose spec is that of a point before, such as layers of whole neurons "
        "at close ratios: they are one experiment."
    )
    seconds: float
    memory_bytes: int = Field(description="Of its largest experiment.")
    specs: list[dict[str, Any]]


class Changed(BaseModel):
    """How many experiments were changed."""

    changed: int


@router.post("", status_code=202, responses=documented(400, 413, 422))
def submit_sweep(
    body: Annotated[SweepRequest, Body()],
    response: Response,
    service: Service,
    idempotency_key: IdempotencyKey = None,
) -> Sweep:
    """Accept a sweep: it and all its experiments are stored before this answers."""
    planned = plan(service, body)
    identifier = started_before(service, planned, idempotency_key)
    if identifier is None:
        check_room(service, len(planned.children))
        identifier = start(service, planned, idempotency_key)
    response.headers["Location"] = f"{router.prefix}/{identifier}"
    return shown(sweeps.get(service.database, identifier))


@dataclass(frozen=True)
class Plan:
    """A sweep that can run here: its request, and every child of it."""

    body: SweepRequest
    children: list[accepting_sweeps.Child]

    @property
    def request_hash(self) -> str:
        """Equal for repeats of one request."""
        return digest(self.body.model_dump(mode="json"))


def plan(service: Context, body: SweepRequest) -> Plan:
    """The children of a sweep, within the limits of each; nothing is stored."""
    children = _children(service, _kind(body.kind), _definition(body), _labels(body))
    return Plan(body, children)


def started_before(service: Context, planned: Plan, idempotency_key: str | None) -> str | None:
    """The id of the sweep that this request already made."""
    return accepting_sweeps.accepted_before(
        service.database,
        idempotency_key=idempotency_key,
        request_hash=planned.request_hash,
        owner=caller(),
    )


def start(service: Context, planned: Plan, idempotency_key: str | None) -> str:
    """Store a sweep with its children and ring for them; its id."""
    body = planned.body
    identifier = accepting_sweeps.accept(
        service.database,
        _kind(body.kind),
        _definition(body).model_dump(mode="json"),
        planned.children,
        owner=caller(),
        name=body.name,
        idempotency_key=idempotency_key,
        request_hash=planned.request_hash,
        on_end=receiver(service.settings, body.on_end),
    )
    _ring(service)
    return identifier


@router.post("/preview", responses=documented(400, 413, 422))
def preview_sweep(body: Annotated[SweepRequest, Body()], service: Service) -> Preview:
    """What a sweep would be: how many experiments, at what cost, and the first of them."""
    kind = _kind(body.kind)
    definition = _definition(body)
    children = _children(service, kind, definition, _labels(body))
    return Preview(
        count=len(children),
        duplicates=size(definition) - len(children),
        seconds=sum(child.submission.estimate.seconds for child in children),
        memory_bytes=max(child.submission.estimate.memory_bytes for child in children),
        specs=[child.submission.document for child in children[:SHOWN_SPECS]],
    )


@router.get("", responses=documented(422))
def list_sweeps(page: Annotated[SweepQuery, Query()], service: Service) -> Page[Sweep]:
    """Sweeps, newest first."""
    if page.kind is not None:
        _kind(page.kind)
    (before,) = decoded(page.cursor, parts=1) or (None,)
    found = sweeps.newest(service.database, page.limit + 1, before, name=page.name, kind=page.kind)
    items = found[: page.limit]
    more = len(found) > page.limit
    return Page(
        items=[shown(sweep) for sweep in items],
        next_cursor=encoded(items[-1].id) if more else None,
    )


@router.get("/{id:uuid}", responses=documented(404, 422))
def show_sweep(id: Id, service: Service) -> Sweep:
    """One sweep with its children by status."""
    return shown(sweeps.get(service.database, str(id)))


@router.patch("/{id:uuid}", responses=documented(400, 404, 413, 422))
def rename_sweep(id: Id, body: Annotated[Renamed, Body()], service: Service) -> Sweep:
    """Change the name of a sweep."""
    return shown(sweeps.rename(service.database, str(id), body.name))


@router.post("/{id:uuid}/cancel", status_code=202, responses=documented(404, 422))
def cancel_sweep(id: Id, service: Service) -> Changed:
    """Cancel every child that has not ended."""
    return Changed(changed=sweeps.cancel(service.database, str(id)))


@router.post("/{id:uuid}/retry", status_code=202, responses=documented(400, 404, 413, 422))
def retry_sweep(id: Id, service: Service, body: Annotated[Retry | None, Body()] = None) -> Changed:
    """Run the failed children again, or also the cancelled ones, and none that succeeded."""
    statuses = (body or Retry()).statuses
    counts = sweeps.get(service.database, str(id)).counts
    check_room(service, sum(counts[status] for status in set(statuses)))
    changed = sweeps.retry(service.database, str(id), statuses)
    _ring(service)
    return Changed(changed=changed)


@router.post("/{id:uuid}/extend", status_code=202, responses=documented(400, 404, 409, 413, 422))
def extend_sweep(
    id: Id,
    body: Annotated[Extension, Body()],
    service: Service,
    idempotency_key: IdempotencyKey = None,
) -> Changed:
    """Add values or replicates: only specs that the sweep does not have yet are run.

    The new experiments have the tags that all others of the sweep share, and their priority.
    """
    sweep = sweeps.get(service.database, str(id))
    document = body.model_dump(mode="json")
    request = extensions.request(sweep.id, document, idempotency_key, caller())
    done = extensions.done(service.database, request)
    if done is None:
        done = _extended(service, sweep, body, request)
        _ring(service)
    return Changed(changed=done)


def _extended(
    service: Context, sweep: sweeps.Sweep, body: Extension, request: extensions.Request
) -> int:
    before = SweepDefinition.model_validate(sweep.definition)
    kind = KINDS[sweep.kind]
    definition = widened(kind, before, body.axes, body.replicates)
    labels = sweeps.shared_labels(service.database, sweep.id)
    children = _children(service, kind, definition, labels)
    check_room(service, len(extensions.missing(service.database, sweep.id, children)))
    wider = definition.model_dump(mode="json")
    return extensions.extend(service.database, sweep, wider, children, request)


@router.delete("/{id:uuid}", status_code=204, responses=documented(404, 409, 422))
def delete_sweep(id: Id, service: Service) -> None:
    """Delete a sweep whose children have all ended, with their results."""
    sweeps.delete(service.database, str(id))


def existing(id: Id, service: Service) -> sweeps.Sweep:
    """The sweep, found before its stream begins, so that its absence is a proper 404."""
    return sweeps.get(service.database, str(id))


@router.get("/{id:uuid}/events", response_class=EventSourceResponse, responses=documented(404, 422))
async def sweep_events(
    service: Service, sweep: Annotated[sweeps.Sweep, Depends(existing)]
) -> AsyncIterator[ServerSentEvent]:
    """The counts by status as they change, until every child has ended."""
    told, guest = None, Guest(service.database)
    while not service.stopping() and await guest.welcome():
        if sweep.counts != told:
            told = sweep.counts
            yield ServerSentEvent(event="counts", data=shown(sweep).model_dump(mode="json"))
        if sweep.status == "ended":
            return
        await asyncio.sleep(EVENTS_S)
        sweep = await asyncio.to_thread(sweeps.get, service.database, sweep.id)


def shown(sweep: sweeps.Sweep) -> Sweep:
    """A sweep as the API answers it."""
    ended = sum(sweep.counts[status] for status in TERMINAL)
    here = f"{router.prefix}/{sweep.id}"
    return Sweep(
        id=sweep.id,
        kind=sweep.kind,
        name=sweep.name,
        status="ended" if sweep.status == "ended" else "running",
        counts=dict(sweep.counts),
        progress=ended / max(sum(sweep.counts.values()), 1),
        seconds_left=sweep.seconds_left,
        definition=dict(sweep.definition),
        created_at=sweep.created_at,
        disk_bytes=sweep.disk_bytes,
        owner=sweep.owner,
        on_end=state(sweep.on_end),
        links={"self": here, **{part: f"{here}/{part}" for part in ("events", "results")}},
    )


def _kind(name: str) -> Kind[Any]:
    if name not in KINDS:
        hint = nearest_or_all(name, list(KINDS))
        raise BadRequest("kind", name, f"there is no such kind{hint}")
    return KINDS[name]


def _definition(body: SweepRequest) -> SweepDefinition:
    return SweepDefinition(**{name: getattr(body, name) for name in SweepDefinition.model_fields})


def _labels(body: SweepRequest) -> sweeps.Labels:
    return sweeps.Labels(body.tags, body.priority)


def _children(
    service: Context, kind: Kind[Any], definition: SweepDefinition, labels: sweeps.Labels
) -> list[accepting_sweeps.Child]:
    """Every spec of a sweep once, valid and within the limits of this installation."""
    count, limit = size(definition), service.settings.max_sweep_points
    if count > limit:
        raise BadRequest(
            "axes",
            count,
            f"the sweep has {count} points; the limit is {limit} (SOLENOID_MAX_SWEEP_POINTS)",
        )
    places = list(points(kind, definition))
    specs = [point.spec for point in places]
    costs = estimates(service, kind, specs)
    specs = inputs.pinned(service.database, kind, specs)
    children = (
        accepting_sweeps.Child(
            Submission(kind, spec, fitting(service, cost), owner=caller(), **vars(labels)),
            point.place,
        )
        for point, spec, cost in zip(places, specs, costs, strict=True)
    )
    distinct: dict[str, accepting_sweeps.Child] = {}
    for child in children:
        distinct.setdefault(child.submission.spec_hash, child)
    return list(distinct.values())


def _ring(service: Context) -> None:
    for _ in range(RINGS):
        if not ring(service.celery):
            return
