"""Rows of numbers as a user wants them: a list, a DataFrame, CSV, or a table in a notebook."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING, Any, overload

from solenoid.errors import MissingPackage

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

SHOWN_ROWS = 20


@dataclass(frozen=True)
class TypedRows(Sequence[Mapping[str, Any]]):
    """Rows kept as columns of one type each, and made when they are looked at."""

    arrow: "pa.Table"

    def __len__(self) -> int:
        return int(self.arrow.num_rows)

    @overload
    def __getitem__(self, place: int) -> Mapping[str, Any]: ...
    @overload
    def __getitem__(self, place: slice) -> "TypedRows": ...
    def __getitem__(self, place: int | slice) -> "Mapping[str, Any] | TypedRows":
        if isinstance(place, slice):
            return TypedRows(self.arrow[place])
        row: Mapping[str, Any]
        (row,) = self.arrow.slice(range(len(self))[place], 1).to_pylist()
        return row

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        for batch in self.arrow.to_batches():
            yield from batch.to_pylist()


@dataclass(frozen=True)
class Table:
    """Rows with the same columns; a number that does not exist is None."""

    rows: Sequence[Mapping[str, Any]]

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""
        if isinstance(self.rows, TypedRows):
            return tuple(self.rows.arrow.column_names)
        return tuple(self.rows[0]) if self.rows else ()

    def column(self, name: str) -> list[Any]:
        """One column as a list."""
        return [row[name] for row in self.rows]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        return iter(self.rows)

    def to_pandas(self) -> "pd.DataFrame":
        """A DataFrame, one column per column; missing numbers are NaN, times in UTC."""
        try:
            import pandas as pd
        except ImportError:
            raise MissingPackage("to_pandas() needs pandas: pip install pandas") from None
        if isinstance(self.rows, TypedRows):
            typed: pd.DataFrame = self.rows.arrow.to_pandas()
            return typed
        frame = pd.DataFrame(list(self.rows), columns=list(self.columns))
        absent = [name for name in frame.columns if frame[name].isna().all()]
        return frame.astype(dict.fromkeys(absent, float))

    def to_polars(self) -> "pl.DataFrame":
        """A polars DataFrame; missing numbers are null, numbers and texts in one column texts."""
        try:
            import polars as pl
        except ImportError:
            raise MissingPackage("to_polars() needs polars: pip install polars") from None
        if isinstance(self.rows, TypedRows):
            return pl.DataFrame(self.rows.arrow)
        # The first rows alone would not tell the type of a column that begins with nulls.
        rows = [dict(row) for row in self.rows]
        frame = pl.DataFrame(rows, schema=list(self.columns), infer_schema_length=None)
        return frame.cast({pl.Null: pl.Float64})

    def to_csv(self) -> str:
        """Comma-separated text with a header; missing numbers are empty."""
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(map(_written, row.values()) for row in self.rows)
        return buffer.getvalue()

    def __repr__(self) -> str:
        # Notebooks ask for this beside the HTML: not every row of a long table in every page.
        return f"<Table of {len(self)} rows: {', '.join(self.columns)}>"

    def _repr_html_(self) -> str:
        shown = self.rows[:SHOWN_ROWS]
        body = html_table(self.columns, (row.values() for row in shown))
        hidden = len(self.rows) - len(shown)
        return body + (f"<p>and {hidden} more rows</p>" if hidden else "")


def html_table(columns: Sequence[str], rows: Iterator[Any]) -> str:
    """A small table as HTML, everything in it escaped."""
    head = "".join(f"<th>{escape(name)}</th>" for name in columns)
    lines = ("".join(f"<td>{escape(cell(value))}</td>" for value in row) for row in rows)
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def cell(value: Any) -> str:
    """A value as people read it: four significant digits, nothing for what does not exist."""
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(_plain(value))


def iso(moment: datetime) -> str:
    """A moment in UTC as the service writes it."""
    return moment.isoformat().replace("+00:00", "Z")


def results_table(items: Sequence[Mapping[str, Any]]) -> Table:
    """The rows of a result as the service lists them: arm, replicate, then every metric."""
    rows = ({"arm": i["arm"], "replicate": i["replicate"], **i["metrics"]} for i in items)
    return Table(tuple(rows))


def sweep_table(items: Sequence[Mapping[str, Any]]) -> Table:
    """The experiments of a sweep: one row per arm, and one without metrics where none ended."""
    axes = dict.fromkeys(axis for item in items for axis in item["point"])
    found = [arm for item in items for arm in item["metrics"].values()]
    metrics = dict.fromkeys(metric for arm in found for metric in arm)
    rows = (
        {
            "experiment": item["id"],
            "status": item["status"],
            **{axis: item["point"].get(axis) for axis in axes},
            "arm": arm,
            **{metric: values.get(metric) for metric in metrics},
        }
        for item in items
        for arm, values in (item["metrics"] or {None: {}}).items()
    )
    return Table(tuple(rows))


def _written(value: Any) -> Any:
    """A value in CSV as the service itself writes it."""
    return str(value).lower() if isinstance(value, bool) else _plain(value)


def _plain(value: Any) -> Any:
    return iso(value) if isinstance(value, datetime) else value
