"""Every filter means on both databases what plain three-valued logic says."""

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from core.kinds import KINDS
from store.database import Database
from store.query.experiments import listed, matching
from store.query.plans import Question
from store.query.results import page
from store.tables import experiments
from tests.store.query_oracle import KINDS_OR_NONE, Filter, filters, unsaid
from tests.store.query_world import ATTACK, CURL, RATIO, World, made

on_one_database = settings(
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def world(database: Database) -> World:
    return made(database, seed=1)


def names_of(kind: str) -> set[str]:
    return {f"param.{column.name}" for column in KINDS[kind].columns} | {
        f"metric.{name}" for name in KINDS[kind].metrics
    }


OF_ONE_KIND = {
    name
    for name in names_of(CURL) | names_of(RATIO)
    if sum(name in names_of(k) for k in KINDS) == 1
}


def found_experiments(database: Database, where: str) -> set[str]:
    with database.read() as connection:
        return set(connection.execute(matching(where)).scalars())


def expected_experiments(world: World, wanted: Filter) -> set[str]:
    of_arms = any(name == "arm" or name.startswith("metric.") for name in wanted.names)
    return {
        each["id"]
        for each in world.experiments
        if any(
            wanted.holds({**each, **arm}) for arm in (world.arms[each["id"]] if of_arms else [{}])
        )
    }


def rename(database: Database, identifier: str, name: str) -> None:
    change = experiments.update().where(experiments.c.id == identifier).values(name=name)
    database.write(lambda connection: connection.execute(change))


@on_one_database
@given(wanted=st.one_of([filters(kind, rows=False) for kind in KINDS_OR_NONE]))
def test_experiments_are_found_as_plain_logic_finds_them(
    database: Database, world: World, wanted: Filter
) -> None:
    assert found_experiments(database, wanted.text) == expected_experiments(world, wanted)


@on_one_database
@given(wanted=st.one_of([filters(kind, rows=False) for kind in (CURL, RATIO)]))
def test_the_kind_may_be_left_out_where_only_one_has_the_names(
    database: Database, world: World, wanted: Filter
) -> None:
    assume(wanted.names & OF_ONE_KIND)
    found = found_experiments(database, unsaid(wanted).text)
    assert found == expected_experiments(world, wanted)


@on_one_database
@given(wanted=st.one_of([filters(kind, rows=True) for kind in KINDS_OR_NONE]))
def test_rows_are_found_as_plain_logic_finds_them(
    database: Database, world: World, wanted: Filter
) -> None:
    question = Question(where=wanted.text, select="experiment, arm, replicate")
    found = page(database, question, limit=1000).rows
    expected = [row for row in world.rows if wanted.holds(row)]
    assert len(found) == len(expected)
    assert {tuple(row) for row in found} == {
        (row["experiment"], row["arm"], row["replicate"]) for row in expected
    }


@pytest.mark.parametrize("part", ["where", "select", "group_by", "aggregate", "order_by"])
def test_any_part_of_a_question_tells_its_kind(database: Database, world: World, part: str) -> None:
    name = sorted(name for name in OF_ONE_KIND if name.startswith("metric.f"))[0]
    asked = {"where": f"{name} is null or {name} is not null", "aggregate": f"count({name})"}
    question = Question(**{part: asked.get(part, name)})
    said = Question(**{part: asked.get(part, name)}, kind=CURL)
    assert page(database, question, limit=1000).rows == page(database, said, limit=1000).rows


def test_sorting_by_a_metric_lists_only_experiments_that_can_have_it(
    database: Database, world: World
) -> None:
    found = listed(database, order_by="metric.final_test_error", limit=500).items
    assert len(found) == len([each for each in world.experiments if each["kind"] == CURL])


def test_arm_and_metric_of_one_filter_mean_the_same_arm(database: Database, world: World) -> None:
    of_curl = [each for each in world.experiments if "param.activation" in each]
    apart = [
        (each["id"], one["arm"], other["metric.final_test_error"])
        for each in of_curl
        for one in world.arms[each["id"]]
        for other in world.arms[each["id"]]
        if one is not other
        and other["metric.final_test_error"] is not None
        and one["metric.final_test_error"] != other["metric.final_test_error"]
        and "'" not in one["arm"]
    ]
    assert apart, "the world holds experiments whose arms differ"
    for identifier, arm, error in apart:
        where = (
            f"kind = 'curl_descent.simulation' and id = '{identifier}' "
            f"and arm = '{arm}' and metric.final_test_error = {error!r}"
        )
        assert found_experiments(database, where) == set()


@pytest.mark.parametrize(
    "text", [ATTACK, "' or '1'='1", '" or ""="', "%", "x\\", "${1}", "%(a)s", ":a", "?", "/*", "\n"]
)
def test_an_attack_is_data(database: Database, text: str) -> None:
    world = made(database, seed=2, experiments_of_each_kind=2)
    identifier = world.experiments[0]["id"]
    rename(database, identifier, text)
    quoted = text.replace("'", "''")
    assert found_experiments(database, f"name = '{quoted}'") == {identifier}
    assert (
        found_experiments(database, f"name != '{quoted}' and tag.'{quoted}' = '{quoted}'") == set()
    )
    assert sa.inspect(database.engine).has_table("experiments")
    assert len(listed(database, limit=500).items) == len(world.experiments)


def test_upper_and_lower_case_differ_but_for_keywords(database: Database, world: World) -> None:
    lower, upper = (each["id"] for each in world.experiments[:2])
    for identifier, name in ((lower, "curl"), (upper, "Curl")):
        rename(database, identifier, name)
    assert found_experiments(database, "name like 'cur_%' and not name is null") == {lower}
    assert found_experiments(database, "name LIKE 'Cur_%' AND NOT name IS NULL") == {upper}
