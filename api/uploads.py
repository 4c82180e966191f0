"""Uploaded files on their way to disk: one as it is, several as one archive."""

import asyncio
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from starlette.datastructures import UploadFile

from core.several_files import MAX_FILES

__all__ = ["MAX_FILES", "written"]

CHUNK_BYTES = 2**20
MAX_NAME = 200
_MOMENT = (1980, 1, 1, 0, 0, 0)  # a fixed time stamp: the same files give the same bytes


async def written(files: Mapping[str, UploadFile], incoming: Path) -> str:
    """Write the files of a form to `incoming`; what to call them."""
    first, *others = files
    if not others:
        with incoming.open("wb") as target:
            await _copied(files[first], target)
        return first
    with zipfile.ZipFile(incoming, "w", zipfile.ZIP_STORED) as archive:
        for name, file in files.items():
            with archive.open(zipfile.ZipInfo(name, _MOMENT), "w", force_zip64=True) as target:
                await _copied(file, target)
    return f"{first} and {len(others)} more"[:MAX_NAME]


async def _copied(file: UploadFile, target: IO[bytes]) -> None:
    while chunk := await file.read(CHUNK_BYTES):
        await asyncio.to_thread(target.write, chunk)
