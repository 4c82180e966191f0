"""Aggregates are the same on both databases as in numpy; nulls are left out."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from statistics import stdev
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store.database import Database
from store.kind_tables import results
from store.query.errors import QueryError
from store.query.parsing import parsed_aggregates
from store.query.plans import Question
from store.query.results import page, stream
from tests.store.query_oracle import fields
from tests.store.query_world import CURL, World, made

AGGREGATES: Mapping[str, Callable[[Any], Any]] = {
    "count": len,
    "mean": lambda x: np.mean(x) if len(x) else None,
    "median": lambda x: np.median(x) if len(x) else None,
    "std": lambda x: stdev(x) if len(x) > 1 else None,
    "sem": lambda x: stdev(x) / np.sqrt(len(x)) if len(x) > 1 else None,
    "min": lambda x: np.min(x) if len(x) else None,
    "max": lambda x: np.max(x) if len(x) else None,
    "quantile": lambda x: np.quantile(x, 0.9) if len(x) else None,
}
OF_CURL = f"kind = '{CURL}'"
NUMERIC = sorted(
    name for name, of in fields(CURL, rows=True).items() if of in ("number", "integer", "boolean")
)


@pytest.fixture
def world(database: Database) -> World:
    return made(database, seed=6, experiments_of_each_kind=20)


@settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    groups=st.lists(
        st.sampled_from(["arm", "param.seed", "param.data_online", "tag.t", "status", "name"]),
        unique=True,
        max_size=2,
    ),
    of=st.sampled_from(NUMERIC),
)
def test_groups_have_the_aggregates_that_numpy_computes(
    database: Database, world: World, groups: list[str], of: str
) -> None:
    flag = fields(CURL, rows=True)[of] == "boolean"
    functions = [name for name in AGGREGATES if not (flag and name in ("min", "max"))]
    texts = [f"quantile({of}, 0.9)" if n == "quantile" else f"{n}({of})" for n in functions]
    question = Question(
        where=OF_CURL, group_by=", ".join(groups), aggregate=", ".join([*texts, "count()"])
    )
    found = {
        tuple(row[: len(groups)]): row[len(groups) :]
        for row in page(database, question, limit=999).rows
    }
    gathered: dict[tuple[Any, ...], list[Any]] = defaultdict(list)
    for row in world.rows:
        if row["kind"] == CURL:
            gathered[tuple(row.get(name) for name in groups)].append(row[of])
    assert set(found) == set(gathered)
    for group, values in gathered.items():
        known = np.array([float(value) for value in values if value is not None])
        expected = [AGGREGATES[name](known) for name in functions]
        for number, wanted in zip(found[group], [*expected, len(values)], strict=True):
            rounding = 1e-12 * max(map(abs, known), default=0.0)
            close = None if wanted is None else pytest.approx(wanted, rel=1e-9, abs=rounding)
            assert number == close


def test_groups_come_in_order_and_in_pages(database: Database, world: World) -> None:
    question = Question(
        where=OF_CURL,
        group_by="arm",
        aggregate="median(metric.final_test_error), count()",
        order_by="count() desc",
    )
    whole = page(database, question, limit=999).rows
    counts = [row[2] for row in whole]
    assert counts == sorted(counts, reverse=True)
    joined: list[Sequence[Any]] = []
    cursor = None
    while True:
        part = page(database, question, limit=2, cursor=cursor)
        joined += part.rows
        cursor = part.next_cursor
        if cursor is None:
            break
    assert joined == whole


def test_a_quantile_is_named_by_its_whole_fraction() -> None:
    asked = ["quantile(metric.log_se, 0.9)", "quantile(metric.log_se, 0.9999999)"]
    found = parsed_aggregates(", ".join([*asked, "quantile(metric.log_se, 1)"]))
    assert [each.text for each in found] == [*asked, "quantile(metric.log_se, 1)"]


def test_group_by_alone_counts(database: Database, world: World) -> None:
    found = page(database, Question(group_by="kind"), limit=9)
    assert [column.name for column in found.columns] == ["kind", "count()"]
    assert sum(row[1] for row in found.rows) == len(world.rows)


def test_nothing_at_all_counts_as_zero(database: Database) -> None:
    question = Question(where=OF_CURL, aggregate="count(), mean(metric.final_test_error)")
    assert page(database, question, limit=9).rows == [(0, None)]


def test_texts_and_times_have_a_smallest_and_a_largest(database: Database, world: World) -> None:
    question = Question(aggregate="min(arm), max(arm), min(created_at), max(created_at)")
    [found] = page(database, question, limit=9).rows
    arms = [row["arm"] for row in world.rows]
    times = [row["created_at"] for row in world.rows]
    assert tuple(found) == (min(arms), max(arms), min(times), max(times))


@pytest.mark.parametrize("function", ["mean", "std", "sem"])
def test_numbers_beyond_the_range_are_refused_not_wrong(
    database: Database, world: World, function: str
) -> None:
    replicate = results[CURL].c.replicate
    change = results[CURL].update().values(final_test_error=1.2e308 + 1e307 * replicate)
    database.write(lambda connection: connection.execute(change))
    question = Question(where=OF_CURL, aggregate=f"{function}(metric.final_test_error)")
    for answered in (lambda: page(database, question, limit=9), lambda: stream(database, question)):
        with pytest.raises(QueryError, match=r"beyond 1\.8e308"):
            answered()


def test_large_numbers_have_a_mean(database: Database, world: World) -> None:
    change = results[CURL].update().values(final_test_error=1e200)
    database.write(lambda connection: connection.execute(change))
    question = Question(where=OF_CURL, aggregate="mean(metric.final_test_error)")
    assert page(database, question, limit=9).rows[0][0] == pytest.approx(1e200)
