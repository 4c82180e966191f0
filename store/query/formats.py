"""Answers as files, written while they are read from the database: memory does not grow with them.

CSV, Parquet and Arrow go through Arrow's columns.
"""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute
import pyarrow.csv
import pyarrow.parquet
from pydantic_core import to_json

from store.query.fields import FieldType
from store.query.media_types import Format
from store.query.plans import OutputColumn
from store.query.results import ResultStream, Values

ROW_GROUP = 65_536

_ARROW_TYPES: Mapping[FieldType, pa.DataType] = {
    "number": pa.float64(),
    "integer": pa.int64(),
    "boolean": pa.bool_(),
    "text": pa.string(),
    "time": pa.timestamp("us", tz="UTC"),
}


def written(stream: ResultStream, form: Format) -> Iterator[bytes]:
    """The bytes of a file, piece by piece."""
    return _WRITERS[form](stream)


def _json_lines(stream: ResultStream) -> Iterator[bytes]:
    names = [column.name for column in stream.columns]
    for batch in stream.batches:
        lines = [to_json(dict(zip(names, row, strict=True))) for row in zip(*batch, strict=True)]
        yield b"\n".join((*lines, b""))


def _csv(stream: ResultStream) -> Iterator[bytes]:
    header = io.StringIO()
    csv.writer(header, lineterminator="\n").writerow(column.name for column in stream.columns)
    yield header.getvalue().encode()
    options = pa.csv.WriteOptions(include_header=False, quoting_style="needed")
    schema = _schema(stream.columns)
    for batch in stream.batches:
        text = io.BytesIO()
        pa.csv.write_csv(_with_iso_times(_record_batch(batch, schema)), text, write_options=options)
        yield text.getvalue()


def _with_iso_times(batch: pa.RecordBatch) -> pa.RecordBatch:
    # Arrow would write a space between date and time, where ISO 8601 has a T.
    for place, field in enumerate(batch.schema):
        if pa.types.is_timestamp(field.type):
            times = pa.compute.strftime(batch.column(place), format="%Y-%m-%dT%H:%M:%SZ")
            batch = batch.set_column(place, field.name, times)
    return batch


def _parquet(stream: ResultStream) -> Iterator[bytes]:
    schema, sink = _schema(stream.columns), _Sink()
    # A dictionary of numbers, most of them different, takes longer and saves nothing.
    texts = [column.name for column in stream.columns if column.type == "text"]
    with pa.parquet.ParquetWriter(sink, schema, use_dictionary=texts) as writer:
        for group in _row_groups(stream, schema):
            writer.write_table(group)
            yield sink.taken()
    yield sink.taken()


def _row_groups(stream: ResultStream, schema: pa.Schema) -> Iterator[pa.Table]:
    """Batches joined to row groups, which readers like larger than a database cursor does."""
    waiting: list[pa.RecordBatch] = []
    for batch in stream.batches:
        waiting.append(_record_batch(batch, schema))
        if sum(part.num_rows for part in waiting) >= ROW_GROUP:
            yield pa.Table.from_batches(waiting)
            waiting = []
    if waiting:
        yield pa.Table.from_batches(waiting)


def _arrow(stream: ResultStream) -> Iterator[bytes]:
    schema, sink = _schema(stream.columns), _Sink()
    with pa.ipc.new_file(sink, schema) as writer:
        for batch in stream.batches:
            writer.write_batch(_record_batch(batch, schema))
            yield sink.taken()
    yield sink.taken()


class _Sink(io.RawIOBase):
    """A file that keeps what is written until it is taken."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        """Writing is all it does."""
        return True

    def write(self, content: Any) -> int:
        """Keep a piece."""
        self._parts.append(bytes(content))
        return len(self._parts[-1])

    def taken(self) -> bytes:
        """What was written since the last time."""
        parts, self._parts = self._parts, []
        return b"".join(parts)


def _schema(columns: Sequence[OutputColumn]) -> pa.Schema:
    return pa.schema([(column.name, _ARROW_TYPES[column.type]) for column in columns])


def _record_batch(batch: Sequence[Values], schema: pa.Schema) -> pa.RecordBatch:
    arrays = [pa.array(*typed) for typed in zip(batch, schema.types, strict=True)]
    return pa.record_batch(arrays, schema=schema)


_WRITERS: Mapping[Format, Callable[[ResultStream], Iterator[bytes]]] = {
    "csv": _csv,
    "jsonl": _json_lines,
    "parquet": _parquet,
    "arrow": _arrow,
}
