"""MATLAB files of version 5 as plain trees: structs are dicts, cells are lists, the rest arrays.

Version 7.3 is HDF5 and is read by `core.hdf5_tree`. Compressed parts are measured, piece by piece,
before anything is unpacked for good.
"""

import io
import struct
import zlib
from typing import Any, BinaryIO

import numpy as np
import scipy
from numpy.typing import NDArray

from core.npz import TooLarge, UnreadableFile

HEADER_BYTES = 128
_COMPRESSED = 15
_PIECE = 1 << 20
_DAMAGE = (ValueError, TypeError, KeyError, IndexError, EOFError, OSError, NotImplementedError)

Tree = dict[str, Any]
"""Named nodes; a node is an array, a list of nodes (a cell or struct array) or another tree."""


def read_mat(content: BinaryIO, max_bytes: int) -> Tree:
    """The variables of a version 5 MAT file that unpacks to at most `max_bytes`."""
    data = content.read()
    _check_elements(data, max_bytes)
    try:
        variables = scipy.io.loadmat(io.BytesIO(data), mat_dtype=False)
    except (*_DAMAGE, scipy.io.matlab.MatReadError, zlib.error, struct.error) as broken:
        raise UnreadableFile(f"the MAT file is damaged: {broken}") from None
    return {name: _node(value) for name, value in variables.items() if not name.startswith("__")}


def plain_text(cells: list[Any]) -> Any:
    """A cell array of texts as an array of text; any other as the list that it is."""
    texts = [each for each in cells if isinstance(each, np.ndarray) and each.dtype.kind == "U"]
    if not cells or len(texts) < len(cells) or any(each.size != 1 for each in texts):
        return cells
    return np.array([each.item() for each in texts], dtype=np.str_)


def _check_elements(data: bytes, max_bytes: int) -> None:
    """Walk the top-level elements: all there, and not too large once unpacked."""
    order = "<" if data[126:128] == b"IM" else ">"
    position, unpacked = HEADER_BYTES, 0
    while position + 8 <= len(data):
        element, size = struct.unpack_from(f"{order}II", data, position)
        start, position = position + 8, position + 8 + size
        if position > len(data):
            missing = position - len(data)
            raise UnreadableFile(f"the MAT file is incomplete: {missing} bytes are missing")
        packed = memoryview(data)[start:position]
        left = max_bytes - unpacked
        unpacked += _unpacked_size(packed, left) if element == _COMPRESSED else size
        if unpacked > max_bytes:
            raise TooLarge(f"the MAT file unpacks to more than {max_bytes} bytes, the most read")


def _unpacked_size(packed: memoryview, limit: int) -> int:
    """How many bytes a compressed element holds; counting stops above the limit."""
    stream, size = zlib.decompressobj(), 0
    pending: bytes | memoryview = packed
    try:
        while pending and size <= limit:
            size += len(stream.decompress(pending, _PIECE))
            pending = stream.unconsumed_tail
    except zlib.error as broken:
        raise UnreadableFile(f"the MAT file is damaged: {broken}") from None
    return size


def _node(value: Any) -> Any:
    if not isinstance(value, np.ndarray):
        raise UnreadableFile("the MAT file holds a sparse matrix; store it with full(...)")
    if value.dtype.names is not None:
        structs = [_struct(element) for element in value.ravel(order="F")]
        return structs[0] if len(structs) == 1 else structs
    if value.dtype == object:
        cells = [_node(element) for element in value.ravel(order="F")]
        return plain_text(cells)
    return _plain(value)


def _struct(element: Any) -> Tree:
    return {name: _node(element[name]) for name in element.dtype.names}


def _plain(value: NDArray[Any]) -> NDArray[Any]:
    """MATLAB has no vectors and pads rows of text: both are undone."""
    if value.dtype.kind == "U":
        value = np.strings.rstrip(value)
    if value.ndim == 2 and 1 in value.shape:
        value = value.ravel()
    return np.ascontiguousarray(value)
