"""The reference of the database, from the tables' declarations."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from core.experiment import Kind
from core.kinds import KINDS
from handbook.markdown import code, table
from store.kind_tables import all_tables, results

TOP = """# Tables

The columns of every table. What they are for, and queries that use them, is on
[the results database](../database.md). Types are those of PostgreSQL. `parameters_<kind>` and
`medians_<kind>` have the columns of `results_<kind>` that are parameters, and the medians of those
that are metrics.

"""
FAMILIES = ("parameters_", "medians_", "results_")
DIALECT: sa.Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]


def page() -> str:
    """The shared tables, then the results of each kind."""
    shared = [each for name, each in all_tables.tables.items() if not name.startswith(FAMILIES)]
    parts = [f"## {each.name}\n\n{_columns(each)}" for each in shared]
    kinds = [f"## {results[name].name}\n\n{_results(kind)}" for name, kind in KINDS.items()]
    return TOP + "".join(parts + kinds)


def _columns(described: sa.Table) -> str:
    return table(
        ("column", "type", ""),
        ((code(c.name), _type(c), _role(c)) for c in described.columns),
    )


def _results(kind: Kind[Any]) -> str:
    described = results[kind.name]
    parameters = {column.name for column in kind.columns}
    return table(
        ("column", "type", ""),
        ((code(c.name), _type(c), _meaning(kind, c, parameters)) for c in described.columns),
    )


def _meaning(kind: Kind[Any], column: sa.Column[object], parameters: set[str]) -> str:
    for name, metric in kind.metrics.items():
        if name.lower() == column.name:
            return metric.description + ("" if metric.unit == "1" else f" ({metric.unit})")
    return "parameter" if column.name in parameters else _role(column)


def _type(column: sa.Column[object]) -> str:
    return str(column.type.compile(DIALECT)).lower()


def _role(column: sa.Column[object]) -> str:
    owners = ", ".join(code(key.target_fullname) for key in column.foreign_keys)
    key = "key" if column.primary_key else ""
    return ", ".join(part for part in (key, f"of {owners}" if owners else "") if part)
