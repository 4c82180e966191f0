"""Lists in pages: a cursor is opaque to its user and says where the next page begins."""

import base64
import json
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query
from pydantic import AfterValidator, BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

from api.problems import BadRequest
from store.documents import document
from store.query.cursors import LONGEST_CURSOR
from store.query.errors import LONGEST_TEXT

T = TypeVar("T")

MOST_ITEMS = 500


def _of_one_page(limit: int) -> int:
    if limit > MOST_ITEMS:
        message = "a page has at most {most} items; follow next_cursor for more"
        raise PydanticCustomError("beyond_a_page", message, {"most": MOST_ITEMS})
    return limit


Limit = Annotated[
    int,
    Query(ge=1, json_schema_extra={"maximum": MOST_ITEMS}, description="Items on one page."),
    AfterValidator(_of_one_page),
]
Cursor = Annotated[
    str | None,
    Query(max_length=300, description="`next_cursor` of the page before; absent: the first page."),
]
QueryCursor = Annotated[
    str | None,
    Query(
        max_length=LONGEST_CURSOR,
        description="`next_cursor` of the page before, of the same question.",
    ),
]
Where = Annotated[
    str | None,
    Query(
        max_length=LONGEST_TEXT,
        description="A filter, such as `param.compression_ratio < 0.3 and arm = 'curl_descent'`.",
    ),
]
OrderBy = Annotated[
    str | None,
    Query(
        max_length=LONGEST_TEXT,
        description="Names to sort by, such as `metric.log_se desc, id`; nulls come last.",
    ),
]


class Page(BaseModel, Generic[T]):
    """One page of a list; `next_cursor` is null on the last."""

    items: list[T]
    next_cursor: str | None = None


class PageQuery(BaseModel):
    """Which page of a list."""

    model_config = ConfigDict(extra="forbid")

    limit: Limit = 50
    cursor: Cursor = None


def encoded(*key: str) -> str:
    """A cursor for the page after a key."""
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def decoded(cursor: str | None, parts: int) -> tuple[str, ...] | None:
    """The key in a cursor, or None without one."""
    if cursor is None:
        return None
    try:
        key: Any = document(base64.urlsafe_b64decode(cursor.encode()))
    except ValueError:
        key = None
    well_made = isinstance(key, list) and len(key) == parts
    if not well_made or not all(isinstance(part, str) for part in key):
        raise BadRequest("cursor", cursor, "not a cursor of this list")
    return tuple(key)
