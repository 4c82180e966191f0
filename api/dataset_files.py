"""What comes back of a dataset: its file, its session in other formats, a look at it."""

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.background import BackgroundTask

from api.context import Service
from api.datasets import Id
from api.problems import BadRequest, documented
from core.preview import Preview
from store import datasets
from store.dataset_files import arrays_path, blob_path, present
from store.derived import NotDerivable, preview_of, write_as_nwb
from store.experiments import Conflict, NotFound
from store.incoming import incoming
from store.settings import Settings

router = APIRouter(prefix="/v1/datasets", tags=["datasets"])

_BYTES = "application/octet-stream"


class DownloadQuery(BaseModel):
    """The file as it was uploaded, or its session written anew."""

    model_config = ConfigDict(extra="forbid")

    format: Literal["original", "npz", "nwb"] = Field(
        default="original",
        description="`npz`: the named arrays; `nwb`: trials and units, with spike times that count "
        "back to the counts.",
    )


@router.get(
    "/{id:uuid}/download",
    response_class=FileResponse,
    responses={
        200: {"content": {"application/octet-stream": {}}},
        **documented(404, 409, 422),
    },
)
def download_dataset(
    id: Id, query: Annotated[DownloadQuery, Query()], service: Service
) -> FileResponse:
    """The file as it was uploaded, or its session as NPZ or NWB."""
    dataset = datasets.get(service.database, str(id))
    if query.format == "original":
        path = blob_path(service.settings, dataset.blob_sha256)
        return _file(service.settings, path, dataset.name, dataset)
    name = f"{Path(dataset.name).stem}.{query.format}"
    if query.format == "npz":
        path = arrays_path(service.settings, dataset.id)
        return _file(service.settings, path, name, dataset)
    _check_ready(dataset)
    return _written_anew(service.settings, dataset, name)


@router.get("/{id:uuid}/preview", responses=documented(404, 409, 422))
def preview_dataset(id: Id, service: Service) -> Preview:
    """What can be drawn of a dataset: cells, condition means, activity, behaviour."""
    dataset = datasets.get(service.database, str(id))
    _check_ready(dataset)
    try:
        return service.inspections.submit(preview_of, service.settings, dataset).result()
    except NotDerivable as refused:
        raise BadRequest("id", str(id), f"no preview: {refused}") from None


def _file(settings: Settings, path: Path, name: str, dataset: datasets.Dataset) -> FileResponse:
    if not present(settings, path):
        raise NotFound(f"dataset {dataset.id} is {dataset.status}; there is no such file of it")
    return FileResponse(path, media_type=_BYTES, filename=name)


def _written_anew(settings: Settings, dataset: datasets.Dataset, name: str) -> FileResponse:
    """A session as NWB, in a file that is there until it was sent."""
    with ExitStack() as unless_sent:
        made = unless_sent.enter_context(incoming(settings)) / "session.nwb"
        try:
            write_as_nwb(settings, dataset, made)
        except NotDerivable as refused:
            raise BadRequest("format", "nwb", str(refused)) from None
        after = BackgroundTask(unless_sent.pop_all().close)
    return FileResponse(made, media_type=_BYTES, filename=name, background=after)


def _check_ready(dataset: datasets.Dataset) -> None:
    if dataset.status != "ready":
        raise Conflict(f"dataset {dataset.id} is {dataset.status}; it must be ready")
