"""What a dataset is: named arrays of one uploaded file, found by their content.

A dataset is one blob read through one mapping, so its id is a name-based UUID of both hashes: the
same file read the same way has the same id on every installation, and a spec that names a dataset
pins its content.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid5

from pydantic import BaseModel, ConfigDict

_DATASETS = UUID("6d0f6c3e-6f1c-5d6b-9f3b-2f6d3b1f6a51")


def blob_hash(content: bytes) -> str:
    """SHA-256 of a file's bytes, as 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def dataset_id(blob_sha256: str, mapping: Mapping[str, Any] | None) -> str:
    """The id of a blob read through a mapping (None: the file's own keys)."""
    canonical = json.dumps(mapping or {}, sort_keys=True, separators=(",", ":"))
    return str(uuid5(_DATASETS, f"{blob_sha256}:{canonical}"))


class ArraySummary(BaseModel):
    """Shape and type of one named array."""

    model_config = ConfigDict(frozen=True)

    shape: tuple[int, ...]
    dtype: str


class CellSummary(BaseModel):
    """How many trials one combination of target and block labels has."""

    model_config = ConfigDict(frozen=True)

    target: str
    blocks: dict[str, str]
    trials: int


class BehaviourSummary(BaseModel):
    """What there is of behaviour: trials, those on which the hand was not seen, clamp trials.

    `measure` is the array that it was read from, `reach` or `error`.
    """

    model_config = ConfigDict(frozen=True)

    measure: str
    trials: int
    missing: int
    clamp: int


class DatasetSummary(BaseModel):
    """What inspection found in a file: enough to check and cost a spec without opening it again.

    `directions` counts the distinct angles of targets; `mixed_group` is a group with trials of
    several targets. Null where there are none, or where the file was read before they were kept.
    """

    model_config = ConfigDict(frozen=True)

    format: str
    arrays: dict[str, ArraySummary]
    trials: int | None = None
    neurons: int | None = None
    targets: tuple[str, ...] = ()
    factors: dict[str, dict[str, int]] = {}
    cells: tuple[CellSummary, ...] = ()
    silent_neurons: tuple[int, ...] = ()
    lowest_activity: float | None = None
    directions: int | None = None
    mixed_group: str | None = None
    behaviour: BehaviourSummary | None = None
    warnings: tuple[str, ...] = ()
