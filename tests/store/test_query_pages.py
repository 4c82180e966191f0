"""Pages: in any order they join to the whole list, without repeating or hiding a row."""

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store.database import Database
from store.query import experiments as among
from store.query import few
from store.query.cursors import LONGEST_CURSOR, decoded, encoded
from store.query.errors import CursorRefused, QueryError
from store.query.experiments import listed
from store.query.ordering import Key
from store.query.parsing import MOST_KEYS
from store.query.plans import Question
from store.query.results import page
from tests.store.query_oracle import fields
from tests.store.query_world import CURL, World, made

on_one_database = settings(
    deadline=None,
    max_examples=30,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
OF_CURL = f"kind = '{CURL}'"


@pytest.fixture
def world(database: Database) -> World:
    return made(database, seed=3)


def orders(*, rows: bool) -> st.SearchStrategy[list[tuple[str, bool]]]:
    names = sorted({*fields(CURL, rows=rows), "id", "status", "kind"})
    return st.lists(
        st.tuples(st.sampled_from(names), st.booleans()),
        min_size=1,
        max_size=3,
        unique_by=lambda order: order[0],
    )


def as_text(order: Sequence[tuple[str, bool]]) -> str:
    quoted = {"tag.my key": 'tag."my key"'}
    return ", ".join(
        f"{quoted.get(name, name)} {'desc' if descending else 'asc'}" for name, descending in order
    )


def in_order(rows: Sequence[Mapping[str, Any]], order: Sequence[tuple[str, bool]]) -> list[Any]:
    """Sorted key by key from the last, which is what a stable sort is for; null comes last."""
    found = list(rows)
    for name, descending in reversed(order):
        known = [row for row in found if row.get(name) is not None]
        null = [row for row in found if row.get(name) is None]
        found = sorted(known, key=lambda row: row[name], reverse=descending) + null
    return found


def all_experiments(database: Database, where: str, order_by: str, limit: int) -> list[str]:
    found: list[str] = []
    cursor = None
    while True:
        part = listed(database, where=where, order_by=order_by, limit=limit, cursor=cursor)
        found += [experiment.id for experiment in part.items]
        cursor = part.next_cursor
        if cursor is None:
            return found


def all_rows(database: Database, question: Question, limit: int) -> list[Sequence[Any]]:
    found: list[Sequence[Any]] = []
    cursor = None
    while True:
        part = page(database, question, limit=limit, cursor=cursor)
        found += part.rows
        cursor = part.next_cursor
        if cursor is None:
            return found


def with_best_arm(
    experiment: Mapping[str, Any], arms: Sequence[Mapping[str, Any]], order: list[tuple[str, bool]]
) -> dict[str, Any]:
    best: dict[str, Any] = {}
    for name, descending in order:
        values = [arm[name] for arm in arms if arm.get(name) is not None]
        if values:
            best[name] = max(values) if descending else min(values)
    return {**experiment, **best}


@pytest.fixture(params=[(1, 1), (few.FEW, among.AMONG)], ids=["many", "few"])
def planned_for(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The small world as the planner sees a large one, and as it is."""
    monkeypatch.setattr(few, "FEW", request.param[0])
    monkeypatch.setattr(among, "AMONG", request.param[1])


@pytest.mark.usefixtures("planned_for")
@on_one_database
@given(order=orders(rows=False), limit=st.integers(1, 5))
def test_pages_of_experiments_join_to_the_sorted_list(
    database: Database, world: World, order: list[tuple[str, bool]], limit: int
) -> None:
    known = [
        with_best_arm(each, world.arms[each["id"]], order)
        for each in world.experiments
        if each["kind"] == CURL
    ]
    total = [*order, ("id", order[0][1])]
    expected = [each["id"] for each in in_order(known, total)]
    assert all_experiments(database, OF_CURL, as_text(order), limit) == expected


@pytest.mark.usefixtures("planned_for")
@on_one_database
@given(order=orders(rows=True), limit=st.integers(2, 9))
def test_pages_of_rows_join_to_the_sorted_table(
    database: Database, world: World, order: list[tuple[str, bool]], limit: int
) -> None:
    names = [name for name, _ in order]
    keys = [name for name in ("experiment", "arm", "replicate") if name not in names]
    quoted = ['tag."my key"' if name == "tag.my key" else name for name in [*names, *keys]]
    question = Question(where=OF_CURL, select=", ".join(quoted), order_by=as_text(order))
    found = all_rows(database, question, limit)
    rows = [row for row in world.rows if row["kind"] == CURL]
    assert len(found) == len(rows)
    assert set(map(tuple, found)) == {tuple(row.get(n) for n in [*names, *keys]) for row in rows}
    sorted_keys = [tuple(row.get(name) for name in names) for row in in_order(rows, order)]
    assert [tuple(row[: len(names)]) for row in found] == sorted_keys


def test_the_default_order_is_newest_first(database: Database, world: World) -> None:
    newest = sorted((each["id"] for each in world.experiments), reverse=True)
    found = [each.id for each in listed(database, limit=10).items]
    assert found == newest[:10]


@pytest.mark.usefixtures("planned_for")
@pytest.mark.parametrize("also", ["", " and param.seed >= 0"])
def test_sorting_by_a_metric_looks_only_at_arms_that_were_found(
    database: Database, world: World, also: str
) -> None:
    where = f"{OF_CURL} and (metric.final_test_error > 0.1{also})"
    found = all_experiments(database, where, "metric.final_test_error", 500)
    smallest = [
        min(
            arm["metric.final_test_error"]
            for arm in world.arms[identifier]
            if (arm["metric.final_test_error"] or 0) > 0.1
        )
        for identifier in found
    ]
    assert smallest == sorted(smallest)
    assert len(smallest) > 1


def test_a_row_that_appears_meanwhile_does_not_shift_the_pages(
    database: Database, world: World
) -> None:
    first = listed(database, limit=5)
    newcomers = made(database, seed=4, experiments_of_each_kind=2)
    second = listed(database, limit=5, cursor=first.next_cursor)
    ids = [each.id for each in [*first.items, *second.items]]
    assert ids == sorted((each["id"] for each in world.experiments), reverse=True)[:10]
    assert len(newcomers.experiments) == 4


def test_a_cursor_of_another_question_is_refused(database: Database, world: World) -> None:
    cursor = listed(database, limit=1).next_cursor
    with pytest.raises(CursorRefused, match="another question"):
        listed(database, where="priority = 0", limit=1, cursor=cursor)
    with pytest.raises(CursorRefused, match="another question"):
        page(database, Question(), limit=1, cursor=cursor)


@pytest.mark.parametrize("keys", [["\0"], [3], [None], [], ["a", "b"], [True], [1e308], [{}]])
def test_a_forged_cursor_is_refused(database: Database, keys: list[Any]) -> None:
    asked = listed_fingerprint(database)
    with pytest.raises(CursorRefused):
        listed(database, limit=1, cursor=encoded(asked, keys))


@pytest.mark.parametrize("cursor", ["x", "", "W10=", "bnVsbA==", "é", "W" * 3000])
def test_nonsense_is_no_cursor(database: Database, cursor: str) -> None:
    with pytest.raises(CursorRefused, match="not a cursor"):
        listed(database, limit=1, cursor=cursor)


def listed_fingerprint(database: Database) -> str:
    made(database, seed=5, experiments_of_each_kind=1)
    cursor = listed(database, limit=1).next_cursor
    assert cursor is not None
    asked: str = json.loads(base64.urlsafe_b64decode(cursor))[0]
    return asked


def test_a_cursor_keeps_moments_and_numbers_exactly(database: Database, world: World) -> None:
    question = Question(
        where=OF_CURL,
        select="created_at, metric.final_test_error, experiment, arm, replicate",
        order_by="created_at desc, metric.final_test_error",
    )
    found = all_rows(database, question, 1)
    assert len(set(map(tuple, found))) == len(found)
    assert all(isinstance(row[0], datetime) for row in found)
    assert len(found) == len([row for row in world.rows if row["kind"] == CURL])


def test_the_longest_cursor_is_one_that_is_taken_back() -> None:
    tags = ("\N{MICROSCOPE}" * 500,) * MOST_KEYS
    keys = [Key(sa.column("tag"), "text")] * MOST_KEYS
    cursor = encoded("0" * 16, tags)
    assert len(cursor) < LONGEST_CURSOR
    assert decoded(cursor, "0" * 16, keys) == tags


def test_texts_too_long_for_a_cursor_say_so() -> None:
    with pytest.raises(CursorRefused, match="ask for fewer of them, or for a file"):
        encoded("0" * 16, ("\N{MICROSCOPE}" * 500,) * (MOST_KEYS + 1))


def test_more_keys_than_a_cursor_holds_are_refused(database: Database) -> None:
    order = ", ".join(f"tag.t{number}" for number in range(MOST_KEYS + 1))
    with pytest.raises(QueryError, match=f"the limit is {MOST_KEYS}"):
        listed(database, order_by=order, limit=1)


def test_aggregates_are_no_order_of_experiments(database: Database) -> None:
    with pytest.raises(QueryError, match="aggregates are for"):
        listed(database, order_by="count()", limit=1)


@pytest.mark.parametrize("name", ["experiment", "id"])
def test_what_is_named_tells_the_kind(world: World, database: Database, name: str) -> None:
    own = {row["id"] for row in world.rows if row["kind"] == CURL}
    ids = ", ".join(f"'{id}'" for id in sorted(own))
    answer = page(database, Question(where=f"{name} in ({ids})"), limit=1000)
    same = page(database, Question(where=f"{name} in ({ids})", kind=CURL), limit=1000)
    assert answer.rows
    assert answer == same
    assert "metric.final_test_error" in {column.name for column in answer.columns}


def test_what_is_named_of_several_kinds_is_asked_of_all(world: World, database: Database) -> None:
    ids = ", ".join(f"'{row['id']}'" for row in world.rows)
    columns = page(database, Question(where=f"id in ({ids})"), limit=1000).columns
    assert columns == page(database, Question(), limit=1).columns
