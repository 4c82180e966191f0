"""HDF5 files as plain trees: MATLAB files of version 7.3, and any other with arrays in groups.

MATLAB writes its arrays with their axes turned round, text as UTF-16 numbers, and cells and struct
arrays as references to nameless datasets; all of that is undone, so that a file has the same tree
whether it was saved with -v7 or -v7.3.
"""

from collections.abc import Iterable
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from core.hdf5 import Budget, values_of
from core.matfile import Tree, plain_text
from core.npz import UnreadableFile

MAX_DEPTH = 20
_OF_MATLAB = ("#refs#", "#subsystem#")


def read_tree(file: h5py.File, max_bytes: int) -> Tree:
    """Everything in a file that `core.hdf5.opened` let pass."""
    return _members(file, Budget(max_bytes), 0)


def _members(group: h5py.Group, budget: Budget, depth: int) -> Tree:
    if depth > MAX_DEPTH:
        raise UnreadableFile(f"`{group.name}` lies more than {MAX_DEPTH} groups deep")
    names = [name for name in group if not (depth == 0 and name in _OF_MATLAB)]
    there = {name: group.get(name) for name in names}
    return {name: _node(node, budget, depth) for name, node in there.items() if node is not None}


def _node(node: Any, budget: Budget, depth: int) -> Any:
    if "MATLAB_sparse" in node.attrs:
        raise UnreadableFile(f"`{node.name}` is a sparse matrix; store it with full(...)")
    if isinstance(node, h5py.Group):
        return _group(node, budget, depth)
    if not isinstance(node, h5py.Dataset):
        return np.empty(0)
    of_matlab = _class(node)
    if of_matlab is None:
        return _plain_dataset(node, budget)
    return _matlab_dataset(node, of_matlab, budget, depth)


def _group(node: h5py.Group, budget: Budget, depth: int) -> Any:
    """A struct, or the list of structs that a struct array is."""
    members = _members(node, budget, depth + 1)
    columns = [node[name] for name in members if isinstance(node.get(name), h5py.Dataset)]
    array = _class(node) == "struct" and columns and len(columns) == len(members)
    if not array or any(_class(column) is not None or not _refers(column) for column in columns):
        return members
    rows = zip(*members.values(), strict=True)
    return [dict(zip(members, row, strict=True)) for row in rows]


def _plain_dataset(node: h5py.Dataset, budget: Budget) -> Any:
    if _refers(node):
        return _referred(node, budget, 0)
    if node.dtype.names is not None or (node.dtype.kind in "VO" and not _is_text(node)):
        return np.empty(0)  # tables and ragged rows of other programs are passed over
    return values_of(node, budget)


def _matlab_dataset(node: h5py.Dataset, kind: str, budget: Budget, depth: int) -> Any:
    if node.attrs.get("MATLAB_empty", 0):
        return [] if kind == "cell" else np.empty(0)
    if kind == "cell":
        return plain_text(_referred(node, budget, depth + 1))
    if node.attrs.get("MATLAB_object_decode", 0):
        raise UnreadableFile(
            f"`{node.name}` is a MATLAB {kind}, which only MATLAB can read; store text as a cell "
            "array of char (cellstr) and tables as structs (table2struct)"
        )
    if node.dtype.names is not None:
        raise UnreadableFile(f"`{node.name}` holds complex numbers or a table; store real numbers")
    values = values_of(node, budget).T
    if kind == "char":
        return _characters(values)
    return _vector(values.astype(np.bool_) if kind == "logical" else values)


def _referred(node: h5py.Dataset, budget: Budget, depth: int) -> list[Any]:
    """What the references of a cell array lead to, column after column as MATLAB counts."""
    if depth > MAX_DEPTH:
        raise UnreadableFile(f"`{node.name}` holds cells more than {MAX_DEPTH} deep")
    budget.spend(node.size * 8)
    references: Iterable[Any] = np.asarray(node[()]).ravel()
    return [_node(node.file[reference], budget, depth) for reference in references]


def _characters(values: NDArray[Any]) -> NDArray[np.str_]:
    """Rows of UTF-16 numbers as text, without the blanks that pad them."""
    rows = np.atleast_2d(values).astype("<u2")
    texts = [row.tobytes().decode("utf-16-le").rstrip(" ") for row in rows]
    return np.array(texts, dtype=np.str_)


def _vector(values: NDArray[Any]) -> NDArray[Any]:
    """MATLAB has no vectors: a matrix of one row or column is one."""
    if values.ndim == 2 and 1 in values.shape:
        values = values.ravel()
    return np.ascontiguousarray(values)


def _class(node: Any) -> str | None:
    named = node.attrs.get("MATLAB_class")
    return named.decode("ascii", "replace") if isinstance(named, bytes) else named


def _refers(node: h5py.Dataset) -> bool:
    return h5py.check_ref_dtype(node.dtype) is not None


def _is_text(node: h5py.Dataset) -> bool:
    return h5py.check_string_dtype(node.dtype) is not None
