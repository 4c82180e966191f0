"""Datasets: upload, make, list, show, delete."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooSlow
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi import Path as PathParameter
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from starlette.datastructures import UploadFile

from api.access import caller
from api.context import Context, Service
from api.pages import Page, PageQuery, decoded, encoded
from api.problems import BadRequest, documented, refusal
from api.texts import Name
from api.uploads import MAX_FILES, is_form, written, written_body
from core.dataset import DatasetSummary
from core.mapping import blamed
from core.synthetic_spec import SyntheticSpec
from store import datasets
from store.children import NoRoom
from store.documents import document
from store.incoming import incoming

router = APIRouter(prefix="/v1/datasets", tags=["datasets"])

Id = Annotated[UUID, PathParameter(description="The dataset's id.")]

PATIENCE_S = 10.0

_NAME = TypeAdapter(Name)

_UPLOAD_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {
                            "type": "array",
                            "minItems": 1,
                            "maxItems": MAX_FILES,
                            "description": "The file; or several files of one recording.",
                            "items": {"type": "string", "format": "binary"},
                        },
                        "mapping": {"type": "string", "description": "A mapping, as JSON."},
                    },
                }
            },
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}


class Dataset(BaseModel):
    """One dataset and what was found in it."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    name: str
    status: Literal["inspecting", "ready", "refused"]
    blob_sha256: str
    size_bytes: int
    mapping: dict[str, Any] | None
    summary: DatasetSummary | None
    error: str | None
    created_at: datetime
    owner: str


class UploadQuery(BaseModel):
    """What a streamed body cannot say for itself; a multipart form has fields for it."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    mapping: str | None = None


class SyntheticQuery(BaseModel):
    """What a synthetic session is called."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None


@router.post(
    "",
    status_code=201,
    response_model=Dataset,
    responses={
        202: {"model": Dataset, "description": "Stored; inspection is still going on"},
        **documented(400, 413, 422),
    },
    openapi_extra=_UPLOAD_BODY,
)
async def upload(
    request: Request,
    response: Response,
    query: Annotated[UploadQuery, Query()],
    service: Service,
) -> Any:
    """Upload a file (NWB, NPZ, MAT, CSV, Parquet), as a form with `file` or as the body.

    A `mapping` says which arrays or columns are what, where the file has names of its own. Several
    files of one recording are several fields `file`, or one ZIP archive: they are read one by one
    through the same mapping and joined, by trials unless the mapping has `"join": "neurons"`.
    """
    with incoming(service.settings) as folder:
        file = folder / "upload"
        name, mapping_text = await _received(request, query, file)
        mapping = _mapping(mapping_text)
        dataset, inspection = await asyncio.to_thread(
            service.receiving.receive, file, name=name, mapping=mapping, owner=caller()
        )
    if inspection is not None:
        dataset = await asyncio.to_thread(_inspected, service, dataset, inspection)
    if dataset.status == "refused":
        await asyncio.to_thread(_forget, service, dataset)
        return _refusal(name, mapping, dataset.error or "refused")
    response.status_code = 201 if dataset.status == "ready" else 202
    response.headers["Location"] = f"{router.prefix}/{dataset.id}"
    return Dataset.model_validate(dataset)


@router.post("/synthetic", status_code=201, responses=documented(400, 413, 422))
def synthesise(
    spec: SyntheticSpec,
    response: Response,
    query: Annotated[SyntheticQuery, Query()],
    service: Service,
) -> Dataset:
    """Make a synthetic session whose truth is known; the same spec gives the same dataset."""
    name = query.name or f"{spec.scenario}_{spec.seed}.npz"
    dataset = datasets.add_synthetic(
        service.database, service.settings, spec, name=name, owner=caller()
    )
    response.headers["Location"] = f"{router.prefix}/{dataset.id}"
    return Dataset.model_validate(dataset)


@router.get("", responses=documented(422))
def list_datasets(page: Annotated[PageQuery, Query()], service: Service) -> Page[Dataset]:
    """Datasets, newest first."""
    found = datasets.newest(service.database, page.limit + 1, _after(page.cursor))
    more = len(found) > page.limit
    items = found[: page.limit]
    return Page(
        items=[Dataset.model_validate(dataset) for dataset in items],
        next_cursor=encoded(items[-1].created_at.isoformat(), items[-1].id) if more else None,
    )


@router.get("/{id:uuid}", responses=documented(404, 422))
def show_dataset(id: Id, service: Service) -> Dataset:
    """One dataset."""
    return Dataset.model_validate(service.receiving.get(str(id)))


@router.delete("/{id:uuid}", status_code=204, responses=documented(404, 409, 422))
def delete_dataset(id: Id, service: Service) -> None:
    """Delete a dataset that no experiment uses."""
    datasets.delete(service.database, service.settings, str(id))


async def _received(request: Request, query: UploadQuery, file: Path) -> tuple[str, str | None]:
    """Write the request's file to `file`; its name and mapping."""
    if not is_form(request):
        await written_body(request, file)
        return query.name or "upload", query.mapping
    async with request.form(max_files=MAX_FILES, max_fields=1) as form:
        unknown = sorted(set(form) - {"file", "mapping"})
        if unknown:
            raise BadRequest(unknown[0], None, "unknown field; there are `file` and `mapping`")
        files, mapping = _files(form.getlist("file")), form.get("mapping")
        if mapping is not None and not isinstance(mapping, str):
            raise BadRequest("mapping", None, "the mapping is a text field with JSON, not a file")
        return await written(files, file), mapping or query.mapping


def _files(given: list[UploadFile | str]) -> dict[str, UploadFile]:
    """The files of a form by their names."""
    files = [each for each in given if isinstance(each, UploadFile)]
    if not files or len(files) < len(given):
        raise BadRequest("file", None, "the form needs a file in its field `file`")
    named = {_name(each.filename): each for each in files}
    if len(named) < len(files):
        raise BadRequest("file", None, "two files have the same name; name them apart")
    return named


def _name(given: str | None) -> str:
    """The last part of a file name: it labels the dataset and never becomes a path."""
    name = (given or "upload").replace("\\", "/").rsplit("/", 1)[-1] or "upload"
    try:
        return _NAME.validate_python(name)
    except ValidationError:
        raise BadRequest(
            "file", name, "the file name is longer than 200 characters, or not printable"
        ) from None


def _mapping(text: str | None) -> dict[str, Any] | None:
    if not text:
        return None
    try:
        mapping = document(text)
    except ValueError as broken:
        raise BadRequest("mapping", text, f"not JSON that can be kept: {broken}") from None
    if not isinstance(mapping, dict):
        raise BadRequest("mapping", text, "a mapping is a JSON object")
    return mapping


def _refusal(name: str, mapping: Mapping[str, Any] | None, error: str) -> Response:
    """What is wrong with the file, or with the key of the mapping that the error names."""
    key, message = blamed(error)
    if key is None:
        return refusal("file", name, message)
    value: Any = mapping
    for step in key.split(".") if key else ():
        value = value.get(step) if isinstance(value, Mapping) else None
    return refusal(f"mapping.{key}".removesuffix("."), value, message)


def _inspected(
    service: Context, dataset: datasets.Dataset, inspection: Future[datasets.Dataset]
) -> datasets.Dataset:
    """The dataset after inspection, or as it is when that takes longer than a client waits."""
    try:
        return inspection.result(PATIENCE_S)
    except TooSlow:
        return dataset
    except NoRoom:
        _forget(service, dataset)
        raise


def _forget(service: Context, refused: datasets.Dataset) -> None:
    datasets.forget_refused(service.database, service.settings, refused.id)


def _after(cursor: str | None) -> tuple[datetime, str] | None:
    key = decoded(cursor, parts=2)
    if key is None:
        return None
    try:
        return datetime.fromisoformat(key[0]), key[1]
    except ValueError:
        raise BadRequest("cursor", cursor, "not a cursor of this list") from None
