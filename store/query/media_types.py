"""The formats of answers as files, for those who only speak of them: to write one takes Arrow."""

from collections.abc import Mapping
from typing import Literal

Format = Literal["csv", "jsonl", "parquet", "arrow"]

MEDIA_TYPES: Mapping[Format, str] = {
    "csv": "text/csv",
    "jsonl": "application/jsonl",
    "parquet": "application/vnd.apache.parquet",
    "arrow": "application/vnd.apache.arrow.file",
}
