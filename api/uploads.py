"""Uploaded files on their way to disk: a body or a file as it is, several as one archive."""

import asyncio
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from starlette.datastructures import UploadFile
from starlette.requests import Request

from core.several_files import MAX_FILES

__all__ = ["MAX_FILES", "copied", "is_form", "written", "written_body"]

CHUNK_BYTES = 2**20
MAX_NAME = 200
_MOMENT = (1980, 1, 1, 0, 0, 0)  # a fixed time stamp: the same files give the same bytes


def is_form(request: Request) -> bool:
    """Whether files come in the fields of a form, and not as the body."""
    return request.headers.get("content-type", "").startswith("multipart/form-data")


async def written_body(request: Request, incoming: Path) -> None:
    """Write the body of a request to `incoming`."""
    with incoming.open("wb") as target:
        async for chunk in request.stream():
            await asyncio.to_thread(target.write, chunk)


async def written(files: Mapping[str, UploadFile], incoming: Path) -> str:
    """Write the files of a form to `incoming`; what to call them."""
    first, *others = files
    if not others:
        with incoming.open("wb") as target:
            await copied(files[first], target)
        return first
    with zipfile.ZipFile(incoming, "w", zipfile.ZIP_STORED) as archive:
        for name, file in files.items():
            with archive.open(zipfile.ZipInfo(name, _MOMENT), "w", force_zip64=True) as target:
                await copied(file, target)
    return f"{first} and {len(others)} more"[:MAX_NAME]


async def copied(file: UploadFile, target: IO[bytes]) -> None:
    """Write a file of a form to another."""
    while chunk := await file.read(CHUNK_BYTES):
        await asyncio.to_thread(target.write, chunk)
