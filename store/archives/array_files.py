"""Arrays between `.npy` files and the database's packed bytes: the same content, never opened.

Of what comes in only the header is read, to know shape and type and to refuse what is no plain
array.
"""

import io
import zlib
from collections.abc import Iterator
from itertools import chain, groupby
from typing import Any

import sqlalchemy as sa

from core.experiment import ExperimentError
from core.npz import checked_header
from store.archives.manifest import ArchiveRefused, array_path
from store.archives.unzipping import Archive
from store.archives.zip_stream import CHUNK_BYTES
from store.tables import arrays, experiments

TYPES = "biufU"  # flags, integers, numbers, labels


def stage_arrays(archive: Archive, connection: sa.Connection) -> None:
    """Fill the staged arrays with what is in their files."""
    paths = [path for path in archive.members if path.startswith("arrays/")]
    for experiment, own in groupby(paths, lambda path: path.split("/")[1]):
        _fill(archive, connection, experiment, list(own))
    empty = sa.select(arrays.c.experiment_id, arrays.c.name).where(arrays.c.dtype == "").limit(1)
    for row in connection.execute(empty):
        raise ArchiveRefused(array_path(*row), "not there")
    size = sa.select(sa.func.coalesce(sa.func.sum(sa.func.length(arrays.c.content)), 0))
    size = size.where(arrays.c.experiment_id == experiments.c.id)
    connection.execute(experiments.update().values(disk_bytes=size.scalar_subquery()))


def inflated(content: bytes) -> Iterator[bytes]:
    """The bytes of an array's `.npy` file, piece by piece, as the database packed them."""
    inflate = zlib.decompressobj()
    while piece := inflate.decompress(content, CHUNK_BYTES):
        yield piece
        content = inflate.unconsumed_tail


def _fill(archive: Archive, connection: sa.Connection, experiment: str, paths: list[str]) -> None:
    query = sa.select(arrays.c.name, arrays.c.axes).where(arrays.c.experiment_id == experiment)
    known = {array_path(experiment, row.name): row for row in connection.execute(query)}
    filled = []
    for path in paths:
        if path not in known:
            raise ArchiveRefused(path, "no experiment of the archive names this array")
        name, axes = known[path]
        columns = _packed(archive, path)
        if len(columns["shape"]) != len(axes):
            raise ArchiveRefused(path, f"its shape is {columns['shape']}, but its axes are {axes}")
        filled.append({"own": name, **columns})
    mine = (arrays.c.experiment_id == experiment, arrays.c.name == sa.bindparam("own"))
    connection.execute(arrays.update().where(*mine), filled)


def _packed(archive: Archive, path: str) -> dict[str, Any]:
    pieces = archive.pieces(path)
    first = next(pieces, b"")  # far longer than a header may be
    try:
        shape, dtype = checked_header(path, io.BytesIO(first), archive.members[path].size)
    except (ExperimentError, ValueError) as wrong:
        raise ArchiveRefused(path, str(wrong)) from None
    if dtype.kind not in TYPES:
        raise ArchiveRefused(path, f"values of type {dtype}; there are numbers, flags and texts")
    deflate = zlib.compressobj(level=1)
    content = b"".join(map(deflate.compress, chain([first], pieces))) + deflate.flush()
    return {"shape": list(shape), "dtype": str(dtype), "content": content}
