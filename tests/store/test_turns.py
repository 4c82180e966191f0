"""Whose experiment is run next, on both databases."""

from pathlib import Path

import sqlalchemy as sa

from store.database import Database
from store.transitions import Claim, claim, fail
from store.turns import next_owner
from tests.store.test_transitions import LEASE_S, accepted


def order(database: Database) -> list[str]:
    """The ids in the order in which workers take them, none of which ends."""
    taken = []
    while (one := claim(database, worker="w", lease_s=LEASE_S)) is not None:
        taken.append(one.id)
    return taken


def test_owners_take_turns_however_much_each_has_queued(database: Database) -> None:
    ann = [accepted(database, owner="ann") for _ in range(5)]
    bea = [accepted(database, owner="bea") for _ in range(2)]
    first = order(database)
    assert first == [ann[0], bea[0], ann[1], bea[1], *ann[2:]]


def taken(database: Database) -> Claim:
    """What a worker takes now."""
    one = claim(database, worker="w", lease_s=LEASE_S)
    assert one is not None
    return one


def next_after(database: Database, ends: Claim) -> Claim:
    """What a slot takes when the experiment in it ends."""
    fail(database, ends, "the end")
    return taken(database)


def test_owners_who_fill_all_slots_keep_another_waiting_only_until_one_of_theirs_ends(
    database: Database,
) -> None:
    for owner in ("ann", "bea") * 5:
        accepted(database, owner=owner)
    slots = [taken(database) for _ in range(2)]
    for slot in (0, 1, 1, 0):
        slots[slot] = next_after(database, slots[slot])
    single = accepted(database, owner="cyd")
    assert next_after(database, slots[0]).id == single


def test_with_one_slot_owners_take_turns(database: Database) -> None:
    ann = [accepted(database, owner="ann") for _ in range(4)]
    bea = [accepted(database, owner="bea") for _ in range(2)]
    cyd = accepted(database, owner="cyd")
    ran = [taken(database)]
    for _ in range(6):
        ran.append(next_after(database, ran[-1]))
    assert [one.id for one in ran] == [ann[0], bea[0], cyd, ann[1], bea[1], ann[2], ann[3]]


def test_priority_goes_before_fairness(database: Database) -> None:
    urgent = [accepted(database, owner="ann", priority=1) for _ in range(3)]
    usual = accepted(database, owner="bea")
    sweep = accepted(database, owner="bea", priority=-1)
    assert order(database) == [*urgent, usual, sweep]


def test_of_one_owner_the_oldest_is_first(database: Database) -> None:
    made = [accepted(database) for _ in range(4)]
    assert order(database) == made


def test_a_long_queue_is_not_read_to_find_whose_turn_it_is(migrated_sqlite: Path) -> None:
    database = Database(f"sqlite:///{migrated_sqlite}")
    asked: list[tuple[str, tuple[object, ...]]] = []
    sa.event.listen(
        database.engine,
        "before_cursor_execute",
        lambda _c, _cursor, statement, values, *_: asked.append((statement, values)),
    )
    with database.read() as connection:
        next_owner(connection)
        ((query, values),) = (each for each in asked if each[0].startswith("WITH"))
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", values)
        searches = [row.detail for row in plan if row.detail.startswith("SEARCH")]
    of_queued = [detail for detail in searches if "ix_experiments_turns" in detail]
    of_turns = [detail for detail in searches if detail.startswith("SEARCH turns")]
    assert (len(of_queued), len(of_turns)) == (4, 1)
    assert len(searches) == 6, "only what runs is counted otherwise"
    database.close()
