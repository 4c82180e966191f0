"""CSV and Parquet files as columns, read piece by piece and counted as they come."""

import csv
import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from core.npz import TooLarge, UnreadableFile

MAX_COLUMNS = 100_000
SEPARATORS = ",;\t"
_LINE_BYTES = 2**20
_ROWS_AT_ONCE = 65_536
_MISSING = ["", "NA", "NaN", "nan", "N/A", "n/a", "NULL"]  # "null" is the name of a field


def read_csv(content: BinaryIO, max_bytes: int) -> dict[str, NDArray[Any]]:
    """The columns of a text table with a header, separated by commas, semicolons or tabs."""
    head = content.read(_LINE_BYTES)
    content.seek(0)
    names, separator = _header(head)
    _check_names(names)
    with _damage("table"):
        batches = pa_csv.open_csv(
            content,
            parse_options=pa_csv.ParseOptions(delimiter=separator),
            convert_options=pa_csv.ConvertOptions(
                null_values=_MISSING, strings_can_be_null=True, timestamp_parsers=[]
            ),
        )
        for column in batches.schema:
            if pa.types.is_binary(column.type):
                raise UnreadableFile(f"the column {column.name!r} is not text in UTF-8")
        return _columns(batches, max_bytes)


def read_parquet(source: BinaryIO | Path, max_bytes: int) -> dict[str, NDArray[Any]]:
    """The columns of a Parquet file."""
    with _damage("Parquet file"):
        file = pq.ParquetFile(source)
        _check_names(file.schema_arrow.names)
        rows = file.metadata.num_rows
        if 8 * rows * len(file.schema_arrow.names) > max_bytes:
            raise TooLarge(
                f"the table has {rows} rows of {len(file.schema_arrow.names)} columns; at most "
                f"{max_bytes} bytes are read"
            )
        return _columns(file.iter_batches(_ROWS_AT_ONCE), max_bytes)


def looks_like_csv(start: bytes) -> bool:
    """Whether a file's first bytes are a header of two columns or more, and more lines of text."""
    header, _, rest = start.partition(b"\n")
    try:
        text = header.decode("utf-8-sig").rstrip("\r")
    except UnicodeDecodeError:
        return False
    printable = all(mark.isprintable() or mark == "\t" for mark in text)
    return printable and bool(rest) and b"\0" not in rest and _separator(text) in text


@contextmanager
def _damage(what: str) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError, ValueError, KeyError, IndexError, OverflowError) as broken:
        first = str(broken).partition("\n")[0][:200]
        raise UnreadableFile(f"the {what} is damaged or incomplete: {first}") from None


def _header(head: bytes) -> tuple[list[str], str]:
    try:
        line = head.partition(b"\n")[0].decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableFile("the table's first line is not text in UTF-8") from None
    separator = _separator(line)
    return next(csv.reader(io.StringIO(line), delimiter=separator)), separator


def _separator(line: str) -> str:
    return max(SEPARATORS, key=line.count)


def _check_names(names: list[str]) -> None:
    if len(names) > MAX_COLUMNS:
        raise TooLarge(f"the table has {len(names)} columns; at most {MAX_COLUMNS} are read")
    twice = sorted({name for name in names if names.count(name) > 1}) if _repeats(names) else []
    if twice:
        raise UnreadableFile(f"the table has two columns named {twice[0]!r}; rename one")


def _repeats(names: list[str]) -> bool:
    return len(set(names)) < len(names)


def _columns(batches: Iterable[pa.RecordBatch], max_bytes: int) -> dict[str, NDArray[Any]]:
    """Numbers, flags and text of all batches; columns of other types are passed over."""
    parts: dict[str, list[NDArray[Any]]] = {}
    size = 0
    for batch in batches:
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            if _is_plain(column.type):
                parts.setdefault(name, []).append(_values(column, max_bytes - size))
                size += parts[name][-1].nbytes
        if size > max_bytes:
            raise TooLarge(f"the table takes more than {max_bytes} bytes, the most read")
    if not parts or not sum(map(len, next(iter(parts.values())))):
        raise UnreadableFile("the table has no rows")
    return {name: np.concatenate(values) for name, values in parts.items()}


def _is_plain(of: pa.DataType) -> bool:
    if pa.types.is_dictionary(of):
        return _is_text(of.value_type)
    return _is_text(of) or _is_number(of) or pa.types.is_null(of)


def _is_text(of: pa.DataType) -> bool:
    return bool(pa.types.is_string(of) or pa.types.is_large_string(of))


def _is_number(of: pa.DataType) -> bool:
    return bool(pa.types.is_floating(of) or pa.types.is_integer(of) or pa.types.is_boolean(of))


def _values(column: pa.Array, left: int) -> NDArray[Any]:
    """A missing number is NaN, a missing text is empty."""
    if pa.types.is_null(column.type):
        return np.full(len(column), np.nan)
    if _is_number(column.type):
        if column.null_count:
            column = column.cast(pa.float64(), safe=False)
        return np.asarray(column.to_numpy(zero_copy_only=False))
    texts = [text or "" for text in column.to_pylist()]
    if 4 * len(texts) * max(map(len, texts), default=0) > left:
        raise TooLarge(f"the text of the table takes more than the {left} bytes that may be read")
    return np.array(texts, dtype=np.str_)
