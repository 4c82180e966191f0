"""Changes to accepted experiments: run again, relabel."""

from typing import Annotated

from fastapi import APIRouter, Body
from pydantic import BaseModel, ConfigDict, Field

from api.context import Service
from api.experiments import Experiment, Id, shown
from api.problems import documented
from api.submissions import PROSE, Name, TagKey, TagValue
from store import changes
from workers.doorbell import ring

router = APIRouter(prefix="/v1/experiments/{id:uuid}", tags=["experiments"])

Notes = Annotated[str, Field(max_length=20_000, pattern=PROSE)]


class Labels(BaseModel):
    """New labels of an experiment; what is absent stays as it is."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    notes: Notes | None = None
    tags: dict[TagKey, TagValue | None] = Field(
        default={}, max_length=50, description="New values by key; null takes a tag off."
    )


@router.post("/retry", status_code=202, responses=documented(404, 409, 422))
def retry(id: Id, service: Service) -> Experiment:
    """Run a failed or cancelled experiment again."""
    experiment = changes.retry(service.database, str(id))
    ring(service.celery)
    return shown(experiment)


@router.patch("", responses=documented(400, 404, 413, 422))
def relabel(id: Id, body: Annotated[Labels, Body()], service: Service) -> Experiment:
    """Change the name, the notes and the tags of an experiment."""
    labels = changes.Labels(body.name, body.notes, body.tags)
    return shown(changes.relabel(service.database, str(id), labels))
