"""Changes to accepted experiments: run again, relabel."""

from typing import Annotated

from fastapi import APIRouter, Body
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from api.context import Service
from api.experiments import Experiment, Id, shown
from api.problems import BadRequest, documented
from api.submissions import check_room
from api.texts import Name, Notes, TagKey, TagValue
from store import changes, experiments
from store.query.errors import LONGEST_TEXT
from workers.doorbell import ring

router = APIRouter(prefix="/v1/experiments", tags=["experiments"])


class Labels(BaseModel):
    """New labels of an experiment; what is absent stays as it is, null takes it off."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    notes: Notes | None = None
    tags: dict[TagKey, TagValue | None] = Field(
        default={},
        max_length=changes.MOST_TAGS,
        description="New values by key; null takes a tag off.",
    )


class Bulk(BaseModel):
    """One action on every experiment of a filter."""

    model_config = ConfigDict(extra="forbid")

    where: Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT)]
    action: changes.Action
    dry_run: StrictBool = Field(default=False, description="Only count what would change.")
    tags: dict[TagKey, TagValue | None] = Field(
        default={},
        max_length=changes.MOST_TAGS,
        description="For `tag`: new values by key; null takes one off.",
    )


class Changed(BaseModel):
    """How many experiments were changed, or would be."""

    changed: int
    dry_run: bool


@router.post("/bulk", responses=documented(400, 413, 422))
def bulk(body: Annotated[Bulk, Body()], service: Service) -> Changed:
    """Cancel, run again, tag or delete every experiment of a filter that it applies to."""
    if (body.action == "tag") != bool(body.tags):
        raise BadRequest("tags", body.tags, "the action `tag` needs tags, and no other takes them")
    if body.dry_run:
        count = changes.bulk_count(service.database, body.where, body.action)
        return Changed(changed=count, dry_run=True)
    if body.action == "retry":
        check_room(service, changes.bulk_count(service.database, body.where, body.action))
    labels = changes.Labels(tags=body.tags)
    count = changes.bulk(service.database, body.where, body.action, labels)
    if body.action == "retry" and count:
        ring(service.celery)
    return Changed(changed=count, dry_run=False)


@router.post("/{id:uuid}/retry", status_code=202, responses=documented(404, 409, 422))
def retry(id: Id, service: Service) -> Experiment:
    """Run a failed or cancelled experiment again."""
    if experiments.get(service.database, str(id)).status in changes.AGAIN:
        check_room(service, 1)
    experiment = changes.retry(service.database, str(id))
    ring(service.celery)
    return shown(experiment)


@router.patch("/{id:uuid}", responses=documented(400, 404, 413, 422))
def relabel(id: Id, body: Annotated[Labels, Body()], service: Service) -> Experiment:
    """Change the name, the notes and the tags of an experiment."""
    texts = {name: getattr(body, name) for name in body.model_fields_set & {"name", "notes"}}
    return shown(changes.relabel(service.database, str(id), changes.Labels(texts, body.tags)))
