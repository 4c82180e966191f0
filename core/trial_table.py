"""Tables with one row per trial as the arrays of a dataset: which column is what.

CSV and Parquet files are such tables, and so is the table of trials of an NWB file.
"""

from collections.abc import Collection, Mapping
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, Field, Strict

from core.experiment import Declared
from core.mapping import Unmapped
from core.session import MAX_TARGETS, is_number, naturally_sorted

Columns = Mapping[str, NDArray[Any]]
"""Columns of one table, each with one entry per row, in the order of the file."""

Name = Annotated[str, Field(min_length=1, max_length=256)]
_ARRAY = r"^[A-Za-z][A-Za-z0-9_]{0,63}$"
_SHOWN = 30
COUNTS_PREFIX = "unit_"


class Scaled(Declared):
    """A column of numbers in another unit."""

    column: Name = Field(description="Name of the column.")
    scale: float = Field(description="What its numbers are multiplied by.")


Column = Name | Scaled


class TrialColumns(Declared):
    """Which columns are what; fields beyond those named here are further arrays of that name.

    Such as `{"reach": "deviation_mm", "perturbation": {"column": "field_on", "scale": 60}}`.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[Annotated[str, Field(pattern=_ARRAY)], Column]

    target: Column | None = Field(
        default=None,
        description="Target of each trial; where only angles are given, they are the targets.",
    )
    target_angle_deg: Column | None = Field(
        default=None, description="Angle of each trial's target, in degrees."
    )

    def columns(self) -> dict[str, Column]:
        """The column of each array that was asked for."""
        named = {"target": self.target, "target_angle_deg": self.target_angle_deg}
        return {n: c for n, c in named.items() if c is not None} | self.__pydantic_extra__


class Prefix(Declared):
    """All columns whose names begin alike."""

    prefix: Name = Field(description="How their names begin.")


class TableMapping(TrialColumns):
    """Which columns of a table are counts, and which are labels and behaviour."""

    counts: (
        Annotated[tuple[Name, ...], Field(min_length=1, max_length=100_000), Strict(False)]
        | Prefix
        | None
    ) = Field(
        default=None,
        description="Columns with the counts of one neuron each: a list, or how their names begin. "
        "Without counts the table is one of behaviour.",
    )


def table_arrays(columns: Columns, mapping: TableMapping | None) -> dict[str, NDArray[Any]]:
    """The arrays of a table; without a mapping every column is one, `unit_...` being counts."""
    if mapping is None:
        units = [name for name in columns if name.startswith(COUNTS_PREFIX)]
        arrays = {name: values for name, values in columns.items() if name not in units}
    else:
        units = _count_columns(columns, mapping)
        arrays = chosen(columns, mapping)
    if units:
        arrays["counts"] = np.stack([_numbers(columns, "counts", unit) for unit in units], axis=1)
    return with_angles_per_target(arrays)


def chosen(columns: Columns, mapping: TrialColumns) -> dict[str, NDArray[Any]]:
    """The columns that a mapping names, under the names that it gives them."""
    return {name: _column(columns, name, source) for name, source in mapping.columns().items()}


def with_angles_per_target(arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """The angle of each trial's target as one angle per target, in the order of the labels."""
    found = dict(arrays)
    if "target_angle_deg" not in found:
        return found
    angles = found["target_angle_deg"]
    if angles.dtype.kind not in "iuf" or not np.isfinite(angles).all():
        raise Unmapped("`target_angle_deg` has entries that are not finite numbers")
    target = found.setdefault("target", angles)
    seen: dict[Any, set[float]] = {}
    for label, angle in zip(target.tolist(), angles.tolist(), strict=True):
        seen.setdefault(label, set()).add(angle)
        if len(seen[label]) > 1:
            raise Unmapped(
                f"target {label!r} has several angles, {sorted(seen[label])}; each target needs one"
            )
        if len(seen) > MAX_TARGETS:
            raise Unmapped(
                f"there are more than {MAX_TARGETS} targets; if they are angles at which the hand "
                "arrived, map the targets that were shown"
            )
    by_text = {_label(label): next(iter(own)) for label, own in seen.items()}
    found["target_angle_deg"] = np.array([by_text[name] for name in naturally_sorted(by_text)])
    return found


def with_angles_of_trials(arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Where a file with one angle per target may have one per trial: those as one per target."""
    target, angles = arrays.get("target"), arrays.get("target_angle_deg")
    if target is None or angles is None or target.ndim != 1 or angles.shape != target.shape:
        return dict(arrays)
    if len(set(target.tolist())) == len(target):  # each trial has a target of its own
        return dict(arrays)
    return with_angles_per_target(arrays)


def angles_as_taken(arrays: Mapping[str, NDArray[Any]]) -> tuple[str, ...]:
    """Which target has which angle, where targets are words, whose order might be meant otherwise.

    Numbers have one order only; one angle per trial needs none.
    """
    target, angles = arrays.get("target"), arrays.get("target_angle_deg")
    if (
        target is None
        or angles is None
        or target.dtype.kind != "U"
        or angles.dtype.kind not in "iuf"
    ):
        return ()
    names = naturally_sorted(set(target.ravel().tolist()))
    if angles.shape != (len(names),) or target.shape == angles.shape or all(map(is_number, names)):
        return ()
    taken = ", ".join(f"{name} {angle:g}" for name, angle in zip(names, angles, strict=True))
    return (
        f"`target_angle_deg` is taken in alphabetical order of the targets: {taken}; if they are "
        "in another order, give one angle per trial",
    )


def described(columns: Collection[str]) -> str:
    """The columns in words, for a message."""
    shown = ", ".join(f"`{name}`" for name in list(columns)[:_SHOWN])
    more = f" and {len(columns) - _SHOWN} more" if len(columns) > _SHOWN else ""
    return f"{shown or 'no columns'}{more}"


def _count_columns(columns: Columns, mapping: TableMapping) -> list[str]:
    if mapping.counts is None:
        return []
    if isinstance(mapping.counts, tuple):
        return list(mapping.counts)
    found = [name for name in columns if name.startswith(mapping.counts.prefix)]
    if not found:
        raise Unmapped(
            f"no column begins with {mapping.counts.prefix!r}; the table has {described(columns)}",
            "counts",
        )
    return found


def _column(columns: Columns, name: str, source: Column) -> NDArray[Any]:
    if isinstance(source, Scaled):
        return _numbers(columns, name, source.column) * source.scale
    if source not in columns:
        raise Unmapped(f"there is no column {source!r}; the table has {described(columns)}", name)
    return columns[source]


def _numbers(columns: Columns, name: str, column: str) -> NDArray[Any]:
    values = _column(columns, name, column)
    if values.dtype.kind not in "iufb":
        shown = str(values[0])
        raise Unmapped(f"the column {column!r} holds text ({shown!r}); it must hold numbers", name)
    return values


def _label(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
