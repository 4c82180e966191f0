"""The scalar parameters of a spec as typed columns, read from the spec's own declaration.

A nested field's column is its path joined by `_` in lower case (`teacher.scale` ->
`teacher_scale`), so that SQL needs no quotes; a kind may rename a column, replace it, or add
derived ones such as `compression_ratio`. Lists and datasets of named values stay in the full spec,
which is stored beside the columns.
"""

import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

Scalar = float | int | bool | str | None
ScalarType = Literal["number", "integer", "boolean", "text"]

_TYPES: Mapping[object, ScalarType] = {
    float: "number",
    int: "integer",
    bool: "boolean",
    str: "text",
}


@dataclass(frozen=True)
class Column:
    """One scalar parameter: its column name, its type, and how to read it off a spec."""

    name: str
    type: ScalarType
    value: Callable[[Any], Scalar]
    dotted: str | None = None
    """The spec path that the column is read from; None for a derived one."""


def columns_of(
    spec: type[BaseModel],
    *,
    rename: Mapping[str, str] | None = None,
    derived: tuple[Column, ...] = (),
) -> tuple[Column, ...]:
    """Every scalar field of `spec` as a column; a derived column replaces one of the same name."""
    renamed = rename or {}
    taken = {column.name for column in derived}
    plain = (
        Column(renamed.get(name, name), kind, _reader(path), ".".join(path))
        for name, path, kind in _scalars(spec, ())
    )
    return tuple(column for column in plain if column.name not in taken) + derived


def _scalars(
    spec: type[BaseModel], above: tuple[str, ...]
) -> Iterator[tuple[str, tuple[str, ...], ScalarType]]:
    for name, field in spec.model_fields.items():
        path = (*above, name)
        choices = _choices(field.annotation)
        models = [c for c in choices if isinstance(c, type) and issubclass(c, BaseModel)]
        for model in models:
            yield from _scalars(model, path)
        scalar = _scalar_type(choices) if not models else None
        if scalar is not None:
            yield "_".join(path).lower(), path, scalar


def _choices(annotation: Any) -> tuple[Any, ...]:
    """The alternatives of an annotation, without None: `int | None` gives `(int,)`."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _choices(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return tuple(c for part in get_args(annotation) for c in _choices(part))
    if origin is Literal:
        return tuple({type(value) for value in get_args(annotation)})
    return () if annotation is type(None) else (annotation,)


def _scalar_type(choices: tuple[Any, ...]) -> ScalarType | None:
    return _TYPES.get(choices[0]) if len(choices) == 1 else None


def _reader(path: tuple[str, ...]) -> Callable[[Any], Scalar]:
    field = attrgetter(".".join(path))

    def read(spec: Any) -> Scalar:
        try:
            value: Scalar = field(spec)
        except AttributeError:  # a group of fields that is absent
            return None
        return value

    return read
