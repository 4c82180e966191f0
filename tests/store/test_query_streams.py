"""A file of results is written in the same memory however many rows it has."""

import tracemalloc

import pyarrow as pa
import pytest
import sqlalchemy as sa

from store.database import Database
from store.query.formats import ROW_GROUP, written
from store.query.media_types import MEDIA_TYPES, Format
from store.query.plans import Question
from store.query.results import stream
from tests.store.many_rows import filled
from tests.store.query_world import CURL

FEW = ROW_GROUP + 5_000  # so that Parquet has filled a row group
DOUBLINGS = 13
SLACK = 1_000_000  # bytes; a few hundred thousand rows held at once would be tens of millions
QUESTION = Question(kind=CURL, select="experiment, replicate, metric.final_test_error")


@pytest.fixture
def rows(database: Database) -> int:
    """Two hundred thousand rows."""
    return filled(database, DOUBLINGS)


def peaks(database: Database, form: Format, limit: int) -> tuple[int, int, int]:
    """Most memory held at once by Python and by Arrow, and the size of the file, in bytes."""
    tracemalloc.start()
    before, of_arrow, size = pa.total_allocated_bytes(), 0, 0
    for piece in written(stream(database, QUESTION, limit=limit), form):
        of_arrow = max(of_arrow, pa.total_allocated_bytes() - before)
        size += len(piece)
    of_python = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return of_python, of_arrow, size


def test_memory_does_not_grow_with_the_rows_of_a_file(database: Database, rows: int) -> None:
    assert rows > 200_000
    for form in MEDIA_TYPES:
        least, most = (FEW, rows) if form == "parquet" else (FEW // 10, rows // 5)
        *few, small = peaks(database, form, least)
        *many, large = peaks(database, form, most)
        assert large > 2 * small, form
        assert many[0] < few[0] + SLACK, form
        assert many[1] < few[1] + SLACK, form


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_postgresql_keeps_the_rows_that_were_not_taken_yet(database: Database) -> None:
    # What its client library buffers is no memory of Python's, so look at what it asks for.
    filled(database, 7)
    batches = stream(database, QUESTION).batches
    next(batches)
    asked = sa.text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE state = 'idle in transaction' AND query LIKE 'FETCH FORWARD%'"
    )
    with database.read() as connection:
        assert connection.execute(asked).scalar_one() == 1
    assert sum(len(batch[0]) for batch in batches) > 0
