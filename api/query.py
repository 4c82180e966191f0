"""The results of all experiments: filtered, sorted, grouped; in pages or streamed as a file."""

from datetime import datetime
from typing import Annotated, Any, Literal, get_args

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from api.context import Service
from api.files import files
from api.pages import OrderBy, Page, QueryCursor, Where
from api.problems import BadRequest, documented
from store.query.errors import LONGEST_TEXT
from store.query.media_types import MEDIA_TYPES, Format
from store.query.plans import Question
from store.query.results import page, stream

router = APIRouter(prefix="/v1/results", tags=["results"])

DEFAULT_ROWS = 100
MOST_ROWS = 1000
LARGEST_LIMIT = 2**53 - 1

Text = Annotated[str | None, Field(max_length=LONGEST_TEXT)]
Row = dict[str, float | int | bool | str | datetime | None]


class ResultsQuery(BaseModel):
    """A question about the metric rows of all experiments."""

    model_config = ConfigDict(extra="forbid")

    where: Where = None
    kind: str | None = Field(
        default=None,
        max_length=100,
        description="The kind in question; the same as `kind = '...'` in `where`.",
    )
    select: Text = Field(
        default=None,
        description="Names of columns, such as `arm, param.seed, metric.final_test_error`; "
        "absent: experiment, arm, replicate and everything of the kind.",
    )
    group_by: Text = Field(
        default=None, description="Names; one row for each combination of their values."
    )
    aggregate: Text = Field(
        default=None,
        description="What to say of each group: `count()`, `count(name)`, and `mean median std "
        "sem min max` of a name, `quantile(name, 0.9)`; nulls are left out.",
    )
    order_by: OrderBy = None
    format: Literal["json", "csv", "jsonl", "parquet", "arrow"] = Field(
        default="json", description="json comes in pages; all others hold every row, streamed."
    )
    limit: int | None = Field(
        default=None,
        ge=1,
        le=LARGEST_LIMIT,
        description=f"Rows: on a JSON page {DEFAULT_ROWS} unless given, at most {MOST_ROWS}; "
        "of other formats all unless given.",
    )
    cursor: QueryCursor = None

    @property
    def question(self) -> Question:
        """The question without how to deliver its answer."""
        names = Question.__dataclass_fields__
        return Question(**{name: getattr(self, name) or None for name in names})


@router.get(
    "",
    response_model=Page[Row],
    responses={**files(*MEDIA_TYPES.values()), **documented(400, 422)},
)
def query_results(query: Annotated[ResultsQuery, Query()], service: Service) -> Any:
    """Rows of (experiment, arm, replicate), or of groups of them, over all experiments."""
    if query.format in get_args(Format):
        return _file(query, service, query.format)  # type: ignore[arg-type]
    limit = query.limit or DEFAULT_ROWS
    if limit > MOST_ROWS:
        message = (
            f"a JSON page has at most {MOST_ROWS} rows; follow next_cursor for more, "
            f"or stream all of them with format={', '.join(get_args(Format))}"
        )
        raise BadRequest("limit", limit, message)
    found = page(service.database, query.question, limit=limit, cursor=query.cursor)
    names = [column.name for column in found.columns]
    items = [dict(zip(names, row, strict=True)) for row in found.rows]
    return Page(items=items, next_cursor=found.next_cursor)


def _file(query: ResultsQuery, service: Service, form: Format) -> StreamingResponse:
    from store.query.formats import written  # Arrow would be a twentieth of the API's start

    if query.cursor is not None:
        raise BadRequest("cursor", query.cursor, f"{form} has no pages; it holds every row")
    answer = stream(service.database, query.question, limit=query.limit)
    return StreamingResponse(
        written(answer, form),
        media_type=MEDIA_TYPES[form],
        headers={"Content-Disposition": f'attachment; filename="results.{form}"'},
    )
