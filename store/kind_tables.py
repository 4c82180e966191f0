"""The tables of each kind, made from its declaration: `results_<kind>` and two smaller ones."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from core.experiment import Kind
from core.kinds import KINDS
from store.tables import id_column, metadata

_COLUMN_TYPES: Mapping[str, sa.types.TypeEngine[Any]] = {
    "number": sa.Double(),
    "integer": sa.BigInteger(),
    "boolean": sa.Boolean(),
    "text": sa.String(200),
}


def _typed(kind: Kind[Any], *, parameters: bool, metrics: bool) -> list[sa.Column[Any]]:
    """The kind's own columns: its scalar parameters, its metrics, or both."""
    named = [(column.name, column.type) for column in kind.columns if parameters]
    measured = [(name, metric.type) for name, metric in kind.metrics.items() if metrics]
    return [sa.Column(name, _COLUMN_TYPES[kind_of]) for name, kind_of in named + measured]


def _results_table(kind: Kind[Any]) -> sa.Table:
    return sa.Table(
        kind.table,
        metadata,
        id_column("experiment_id", "experiments.id", primary_key=True),
        sa.Column("arm", sa.String(100), primary_key=True),
        sa.Column("replicate", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("sweep_id", sa.String(36), index=True),
        *_typed(kind, parameters=True, metrics=True),
        *(sa.Index(f"ix_{kind.table}_{place}", *cols) for place, cols in enumerate(kind.indexes)),
    )


def _parameters_table(kind: Kind[Any]) -> sa.Table:
    return sa.Table(
        kind.table.replace("results_", "parameters_", 1),
        metadata,
        id_column("experiment_id", "experiments.id", primary_key=True),
        *_typed(kind, parameters=True, metrics=False),
    )


def _medians_table(kind: Kind[Any]) -> sa.Table:
    first = {columns[0] for columns in kind.indexes}  # what experiments are sorted by
    metrics = (sa.Column(name, sa.Double, index=name in first) for name in kind.metrics)
    return sa.Table(
        kind.table.replace("results_", "medians_", 1),
        metadata,
        id_column("experiment_id", "experiments.id", primary_key=True),
        sa.Column("arm", sa.String(100), primary_key=True),
        *metrics,
    )


results: Mapping[str, sa.Table] = {name: _results_table(kind) for name, kind in KINDS.items()}
"""By kind: one row per experiment, arm and replicate, with all parameters and metrics."""

parameters: Mapping[str, sa.Table] = {name: _parameters_table(k) for name, k in KINDS.items()}
"""By kind: one row per experiment from the moment it is accepted."""

medians: Mapping[str, sa.Table] = {name: _medians_table(kind) for name, kind in KINDS.items()}
"""By kind, experiment and arm: the median of each metric over replicates, the share of flags."""

all_tables = metadata
"""These, and those that `store.tables` declares for every kind."""
