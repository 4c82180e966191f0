"""Whose experiment is run next, on both databases."""

from store.database import Database
from store.transitions import claim
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


def test_priority_goes_before_fairness(database: Database) -> None:
    urgent = [accepted(database, owner="ann", priority=1) for _ in range(3)]
    usual = accepted(database, owner="bea")
    sweep = accepted(database, owner="bea", priority=-1)
    assert order(database) == [*urgent, usual, sweep]


def test_of_one_owner_the_oldest_is_first(database: Database) -> None:
    made = [accepted(database) for _ in range(4)]
    assert order(database) == made
