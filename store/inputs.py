"""Results of experiments as inputs of others: found, pinned by their content, and loaded."""

import hashlib
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import sqlalchemy as sa

from core.dataset import ArraySummary, DatasetSummary
from core.experiment import Dataset, ExperimentError, Kind, Result, Row, Spec
from store import results
from store.database import Database
from store.experiments import NotFound, get
from store.tables import arrays


def as_input(result: Result, found: Sequence[Row]) -> Dataset:
    """The arrays of a result, and the labels of its arms and replicates in order."""
    return {**{name: array.values for name, array in result.arrays.items()}, **_labels(found)}


def load(database: Database, identifier: str) -> Dataset:
    """The result of an experiment, for the run of another."""
    try:
        return as_input(results.result(database, identifier), results.rows(database, identifier))
    except NotFound:
        raise ExperimentError(
            f"experiment {identifier}, whose result this needs, is gone"
        ) from None


def summary(database: Database, identifier: str) -> DatasetSummary:
    """What is in a result, without reading it."""
    shapes = {
        entry.name: ArraySummary(shape=entry.shape, dtype=entry.dtype)
        for entry in results.catalogue(database, identifier)
    }
    return DatasetSummary(format=get(database, identifier).kind, arrays=shapes)


def status(database: Database, identifier: str) -> str | None:
    """The status of an experiment, None if there is none."""
    try:
        return get(database, identifier).status
    except NotFound:
        return None


def digest(database: Database, identifier: str) -> str:
    """SHA-256 of all arrays of a result: their names, and what they are as `.npy` files."""
    hashed = hashlib.sha256()
    query = sa.select(arrays.c.name, arrays.c.content).where(arrays.c.experiment_id == identifier)
    with database.read() as connection:
        for name, content in connection.execute(query.order_by(arrays.c.name)):
            npy = zlib.decompress(content)
            hashed.update(f"{name}:{len(npy)}:".encode())
            hashed.update(npy)
    return hashed.hexdigest()


def pinned(database: Database, kind: Kind[Any], specs: Sequence[Spec]) -> list[Spec]:
    """The specs with the hashes of the results that they name."""
    named = dict.fromkeys(name for spec in specs for name in kind.experiments(spec))
    hashes = {name: digest(database, name) for name in named}
    return [kind.pinned(spec, hashes) for spec in specs]


def _labels(found: Sequence[Row]) -> Dataset:
    return {
        "arm": np.array(list(dict.fromkeys(row.arm for row in found))),
        "replicate": np.array(list(dict.fromkeys(row.replicate for row in found))),
    }
