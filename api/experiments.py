"""Experiments: submit, estimate, list, show, cancel, delete."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Body, Header, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from api.context import Context, Service
from api.hooks import HookState, state
from api.pages import Limit, OrderBy, Page, QueryCursor, Where
from api.problems import documented
from api.submissions import AnySpec, AnySubmission, accepted, check_room, estimates, unfit
from core.kinds import KINDS
from store import accepting, experiments, transitions
from store.query.experiments import listed
from workers.doorbell import ring
from workers.events import publish

router = APIRouter(prefix="/v1/experiments", tags=["experiments"])

Status = Literal["queued", "running", "succeeded", "failed", "cancelled"]
Id = Annotated[UUID, Path(description="The experiment's id.")]
IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="A name for this request, among those of its sender; sending it again answers "
        "with the same experiment.",
    ),
]


class MetricSummary(BaseModel):
    """One metric over the replicates of an arm."""

    median: float | None = Field(
        description="Of flags, the share that is true. A missing value counts as larger than any, "
        "so that null means: for most replicates there is none."
    )
    missing: int = Field(description="Replicates without a value: diverged, never there.")


class Attempt(BaseModel):
    """One attempt at an experiment."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    worker: str
    started_at: datetime
    ended_at: datetime | None
    outcome: Literal["succeeded", "failed", "cancelled", "lost", "handed_back"] | None = Field(
        description="`lost`: the worker died or fell silent. `handed_back`: it was told to stop. "
        "Null while the attempt goes on."
    )


class Experiment(BaseModel):
    """One experiment."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    kind: str
    kind_version: int
    status: Status
    name: str | None
    tags: dict[str, str]
    notes: str | None
    priority: int
    sweep: str | None
    point: dict[str, Any] | None
    progress: float
    values: dict[str, float | None]
    attempts: int
    lost_attempts: int = Field(
        description="Attempts lost since the last one that got as far as a checkpoint."
    )
    history: list[Attempt] = Field(description="Every attempt, first to last.")
    worker: str | None
    cancel_requested: bool
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    estimate: dict[str, float]
    spec: dict[str, Any]
    summary: dict[str, dict[str, MetricSummary]] | None
    warnings: list[str]
    reading: str | None = Field(
        description="What the result says in plain words, with its caveats; null for kinds that "
        "leave that to the numbers."
    )
    error: str | None
    versions: dict[str, str] | None
    disk_bytes: int = Field(description="What its arrays take in the database, compressed.")
    time_limit_s: float | None
    owner: str = Field(description="The name of the token it was made with.")
    on_end: HookState | None
    links: dict[str, str]


class ListQuery(BaseModel):
    """Which experiments, in which order, and which page of them."""

    model_config = ConfigDict(extra="forbid")

    where: Where = None
    order_by: OrderBy = None
    limit: Limit = 50
    cursor: QueryCursor = None


class Cost(BaseModel):
    """What a spec will cost here."""

    memory_bytes: int
    operations: int
    seconds: float
    memory_limit_bytes: int
    time_limit_s: float
    fits: bool = Field(description="Whether both are within the limits of this installation.")


def shown(experiment: experiments.Experiment) -> Experiment:
    """An experiment as the API answers it."""
    columns = {**vars(experiment), "on_end": state(experiment.on_end)}
    here = f"{router.prefix}/{experiment.id}"
    parts = ("events", "results", "arrays", "figures")
    return Experiment(
        values=columns.pop("live"),
        attempts=columns.pop("attempt"),
        sweep=columns.pop("sweep_id"),
        warnings=columns.pop("warnings") or [],
        links={"self": here, **{part: f"{here}/{part}" for part in parts}},
        **columns,
    )


@router.post(
    "",
    status_code=202,
    responses={
        200: {"model": Experiment, "description": "An identical experiment had already finished"},
        **documented(400, 413, 422),
    },
)
def submit(
    body: Annotated[AnySubmission, Body()],
    response: Response,
    service: Service,
    idempotency_key: IdempotencyKey = None,
) -> Experiment:
    """Accept a spec; it is stored before this answers, and will end in a final status."""
    experiment, fresh = place(service, body, idempotency_key)
    response.headers["Location"] = f"{router.prefix}/{experiment.id}"
    if not fresh:
        response.status_code = 200
    return shown(experiment)


def place(
    service: Context, body: Any, idempotency_key: str | None
) -> tuple[experiments.Experiment, bool]:
    """Store a validated submission and ring for it; the flag is false for a reused result."""
    submission = accepted(service, body, idempotency_key)
    earlier = accepting.accepted_before(service.database, submission)
    if earlier is not None:
        return earlier, True
    if body.reuse:
        twin = accepting.finished_twin(service.database, submission)
        if twin is not None:
            return twin, False
    check_room(service, 1)
    return start(service, submission), True


def start(service: Context, submission: accepting.Submission) -> experiments.Experiment:
    """Store a submission and ring for it."""
    experiment = accepting.accept(service.database, submission)
    if experiment.status == "queued":
        ring(service.celery)
    return experiment


@router.post("/estimate", responses=documented(400, 413, 422))
def estimate(body: Annotated[AnySpec, Body()], service: Service) -> Cost:
    """Memory, work and expected seconds of a spec; nothing is stored."""
    (cost,) = estimates(service, KINDS[body.kind], [body.spec])
    return Cost(
        **asdict(cost),
        memory_limit_bytes=service.settings.memory_limit_bytes,
        time_limit_s=service.settings.time_limit_s,
        fits=unfit(service, cost) is None,
    )


@router.get("", responses=documented(400, 422))
def list_experiments(query: Annotated[ListQuery, Query()], service: Service) -> Page[Experiment]:
    """Experiments by filter, newest first unless `order_by` says otherwise."""
    found = listed(service.database, **query.model_dump())
    return Page(
        items=[shown(experiment) for experiment in found.items], next_cursor=found.next_cursor
    )


@router.get("/{id:uuid}", responses=documented(404, 422))
def show(id: Id, service: Service) -> Experiment:
    """One experiment."""
    return shown(experiments.get(service.database, str(id)))


@router.post("/{id:uuid}/cancel", status_code=202, responses=documented(404, 409, 422))
def cancel(id: Id, service: Service) -> Experiment:
    """Cancel a queued experiment at once; a running one stops within two seconds."""
    status = transitions.request_cancel(service.database, str(id))
    experiment = experiments.get(service.database, str(id))
    if status == "cancelled":
        content = {"id": str(id), "status": status, "progress": experiment.progress}
        publish(service.broker, str(id), "status", content)
    return shown(experiment)


@router.delete("/{id:uuid}", status_code=204, responses=documented(404, 409, 422))
def delete(id: Id, service: Service) -> None:
    """Delete an ended experiment with its results."""
    experiments.delete(service.database, str(id))
