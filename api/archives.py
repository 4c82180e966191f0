"""Archives: experiments, sweeps and datasets as one file, out of one database and into another."""

import asyncio
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.datastructures import UploadFile

from api.access import caller
from api.context import Service
from api.files import files
from api.problems import BadRequest, documented, refusal
from api.uploads import copied, is_form, written_body
from store.archives.importing import import_archive
from store.archives.manifest import ArchiveRefused, ArchiveTooLarge
from store.archives.writing import NothingChosen, Selection, export
from store.incoming import incoming
from store.query.errors import LONGEST_TEXT

router = APIRouter(prefix="/v1/archives", tags=["archives"])

Ids = Annotated[list[UUID], Field(max_length=10_000)]

_UPLOAD_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            },
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}


class Export(BaseModel):
    """What to put into an archive; what it belongs to and ran on comes along."""

    model_config = ConfigDict(extra="forbid")

    where: Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT)] | None = Field(
        default=None, description="Experiments of a filter, as for `GET /v1/experiments`."
    )
    ids: Ids = Field(default=[], description="Experiments.")
    sweeps: Ids = Field(default=[], description="Sweeps, with all their experiments.")
    datasets: Ids = Field(default=[], description="Datasets besides those of the experiments.")


class Count(BaseModel):
    """Of one sort of thing: how many are new, and how many were here already."""

    model_config = ConfigDict(from_attributes=True)

    added: int
    present: int


class Imported(BaseModel):
    """What an archive brought."""

    experiments: Count
    sweeps: Count
    datasets: Count


@router.post(
    "",
    response_class=StreamingResponse,
    responses={**files("application/zip"), **documented(400, 404, 409, 413, 422)},
)
def export_archive(body: Annotated[Export, Body()], service: Service) -> Response:
    """Experiments that have ended, sweeps and datasets as one ZIP file of open formats."""
    if not (body.where or body.ids or body.sweeps or body.datasets):
        raise BadRequest("body", None, "name at least one of `where`, `ids`, `sweeps`, `datasets`")
    selection = Selection(
        where=body.where,
        experiments=[str(id) for id in body.ids],
        sweeps=[str(id) for id in body.sweeps],
        datasets=[str(id) for id in body.datasets],
    )
    try:
        content = export(service.database, service.settings, selection)
    except ArchiveTooLarge as refused:
        return refusal(refused.member, None, refused.message, status=413)
    except NothingChosen as empty:
        raise BadRequest("body", None, str(empty)) from None
    headers = {"Content-Disposition": 'attachment; filename="solenoid.zip"'}
    return StreamingResponse(content, media_type="application/zip", headers=headers)


@router.post(
    "/import",
    response_model=Imported,
    responses=documented(400, 409, 413, 422),
    openapi_extra=_UPLOAD_BODY,
)
async def import_(request: Request, service: Service) -> Any:
    """Take in an archive: a form with `file`, or the body. All of it, or nothing.

    Everything keeps its id. What is here with the same content stays as it is; what is here with
    other content refuses the whole archive. What is new belongs to whoever imports it.
    """
    try:
        with incoming(service.settings) as folder:
            archive = folder / "archive.zip"
            await _receive(request, archive)
            counts = await asyncio.to_thread(
                import_archive, service.database, service.settings, archive, owner=caller()
            )
    except ArchiveRefused as refused:
        status = 413 if isinstance(refused, ArchiveTooLarge) else 422
        return refusal("file", None, str(refused), status)
    return Imported.model_validate(counts)


async def _receive(request: Request, archive: Path) -> None:
    """Write the request's file to `archive`."""
    if not is_form(request):
        await written_body(request, archive)
        return
    async with request.form(max_files=1, max_fields=0) as form:
        file = form.get("file")
        if set(form) != {"file"} or not isinstance(file, UploadFile):
            raise BadRequest("file", None, "the form needs a file in its only field `file`")
        with archive.open("wb") as target:
            await copied(file, target)
