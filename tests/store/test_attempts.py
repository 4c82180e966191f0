"""The history of an experiment, and how many attempts may be lost, on both databases."""

from datetime import timedelta

import pytest

from store import experiments
from store.attempts import watched
from store.checkpoints import newest
from store.database import Database
from store.recovery import take_over
from store.tables import attempts, utc_now
from store.tables import experiments as table
from store.transitions import (
    LeaseLost,
    cancelled,
    claim,
    fail,
    keep,
    reap,
    release,
    request_cancel,
    requeue,
)
from tests.store.test_transitions import LEASE_S, accepted, claimed, expire_lease, status

VERSIONS = {"solenoid": "1"}


def outcomes(database: Database, identifier: str) -> list[str | None]:
    return [attempt.outcome for attempt in experiments.get(database, identifier).history]


def test_every_attempt_leaves_who_made_it_and_how_it_ended(database: Database) -> None:
    identifier = accepted(database)
    claimed(database, identifier, "first")
    expire_lease(database, identifier)
    reap(database, max_attempts=3)
    claimed(database, identifier, "second")
    release(database, "second")
    fail(database, claimed(database, identifier, "third"), "no")
    history = experiments.get(database, identifier).history
    assert [(each.number, each.worker, each.outcome) for each in history] == [
        (1, "first", "lost"),
        (2, "second", "handed_back"),
        (3, "third", "failed"),
    ]
    assert all(each.ended_at and each.ended_at >= each.started_at for each in history)


def test_an_attempt_that_goes_on_has_no_end(database: Database) -> None:
    identifier = accepted(database)
    claimed(database, identifier)
    (attempt,) = experiments.get(database, identifier).history
    assert attempt.ended_at is None
    assert attempt.outcome is None


def test_cancelled_attempts_say_so(database: Database) -> None:
    asked, left, silent = (accepted(database) for _ in range(3))
    cancelled(database, claimed(database, asked))
    claimed(database, left, "leaving")
    request_cancel(database, left)
    release(database, "leaving")
    claimed(database, silent)
    request_cancel(database, silent)
    expire_lease(database, silent)
    reap(database, max_attempts=3)
    assert outcomes(database, asked) == outcomes(database, left) == ["cancelled"]
    assert outcomes(database, silent) == ["lost"]
    assert status(database, silent) == "cancelled"


def lose(database: Database, identifier: str, *, progress: bool) -> str:
    """Lose the worker of an attempt; the status after."""
    mine = claimed(database, identifier)
    if progress:
        keep(database, mine, lease_s=LEASE_S, versions=VERSIONS, content=b"x")
    expire_lease(database, identifier)
    reap(database, max_attempts=2)
    return status(database, identifier)


def test_an_attempt_that_got_as_far_as_a_checkpoint_does_not_count(database: Database) -> None:
    identifier = accepted(database)
    for _ in range(4):
        assert lose(database, identifier, progress=True) == "queued"
    assert experiments.get(database, identifier).lost_attempts == 0
    assert lose(database, identifier, progress=False) == "queued"
    assert lose(database, identifier, progress=True) == "queued", "progress begins anew"
    assert lose(database, identifier, progress=False) == "queued"
    assert lose(database, identifier, progress=False) == "failed"


def test_a_hand_back_is_no_lost_attempt(database: Database) -> None:
    identifier = accepted(database)
    for _ in range(5):
        claimed(database, identifier, "rebooting")
        assert release(database, "rebooting") == (identifier,)
    assert lose(database, identifier, progress=False) == "queued"


def test_a_retried_experiment_keeps_its_history(database: Database) -> None:
    identifier = accepted(database)
    fail(database, claimed(database, identifier), "no")
    database.write(lambda connection: requeue(connection, table.c.id == identifier))
    claimed(database, identifier)
    assert outcomes(database, identifier) == ["failed", None]


def test_only_the_holder_of_the_lease_keeps_a_checkpoint(database: Database) -> None:
    identifier = accepted(database)
    slow = claimed(database, identifier, "slow")
    expire_lease(database, identifier)
    reap(database, max_attempts=3)
    quick = claim(database, worker="quick", lease_s=LEASE_S)
    assert quick is not None
    keep(database, quick, lease_s=LEASE_S, versions=VERSIONS, content=b"quick")
    with pytest.raises(LeaseLost):
        keep(database, slow, lease_s=LEASE_S, versions=VERSIONS, content=b"slow")
    assert newest(database, identifier, VERSIONS) == b"quick"


def test_other_software_does_not_go_on_with_a_checkpoint(database: Database) -> None:
    identifier = accepted(database)
    mine = claimed(database, identifier)
    keep(database, mine, lease_s=LEASE_S, versions=VERSIONS, content=b"x")
    assert newest(database, identifier, {"solenoid": "2"}) is None


def ends(database: Database) -> dict[str, str]:
    """Experiments with a checkpoint each, ended in every way there is: id by way."""
    made = {}
    for way in ("failed", "cancelled", "lost", "left", "queued"):
        identifier = made[way] = accepted(database)
        mine = claimed(database, identifier, way)
        keep(database, mine, lease_s=LEASE_S, versions=VERSIONS, content=b"x")
        if way == "failed":
            fail(database, mine, "no")
        elif way == "cancelled":
            cancelled(database, mine)
        elif way == "lost":
            request_cancel(database, identifier)
            expire_lease(database, identifier)
            reap(database, max_attempts=9)
        elif way == "left":
            request_cancel(database, identifier)
            release(database, way)
        else:
            release(database, way)
            request_cancel(database, identifier)
    return made


def test_no_checkpoint_outlives_its_experiment(database: Database) -> None:
    for way, identifier in ends(database).items():
        assert status(database, identifier) in ("failed", "cancelled"), way
        assert newest(database, identifier, VERSIONS) is None, way


def test_what_a_killed_stack_ran_goes_on_at_the_next_start(database: Database) -> None:
    running, waiting, ended = (accepted(database) for _ in range(3))
    claimed(database, running)
    request_cancel(database, ended)
    told = take_over(database, max_attempts=3)
    assert told.splitlines() == [
        "the last stack was killed; experiments that go on: 1",
        "experiments in the queue: 1",
    ]
    assert outcomes(database, running) == ["lost"]
    assert [status(database, each) for each in (running, waiting)] == ["queued", "queued"]


def test_a_start_says_what_a_killed_stack_was_to_cancel_and_what_fails(database: Database) -> None:
    unwanted, hopeless = accepted(database), accepted(database)
    for identifier in (unwanted, hopeless):
        claimed(database, identifier)
    request_cancel(database, unwanted)
    assert take_over(database, max_attempts=1).splitlines() == [
        "the last stack was killed; cancelled, as was asked for: 1",
        "the last stack was killed; failed after too many lost attempts: 1",
    ]
    assert [status(database, each) for each in (unwanted, hopeless)] == ["cancelled", "failed"]


def test_a_start_after_an_ordinary_stop_says_nothing(database: Database) -> None:
    assert take_over(database, max_attempts=3) == ""


def test_a_process_must_stop_after_a_cancel_before_and_after_its_lease_ran_out(
    database: Database,
) -> None:
    identifier = accepted(database)
    claimed(database, identifier, "deaf")
    request_cancel(database, identifier)
    assert [each.reason for each in watched(database, "deaf", 60.0)] == ["cancel"]
    expire_lease(database, identifier)
    assert reap(database, max_attempts=3).cancelled == (identifier,)
    assert [each.reason for each in watched(database, "deaf", 60.0)] == ["cancel"]


def test_the_process_of_a_lost_attempt_must_stop(database: Database) -> None:
    identifier = accepted(database)
    claimed(database, identifier, "slow")
    expire_lease(database, identifier)
    reap(database, max_attempts=3)
    assert [each.reason for each in watched(database, "slow", 60.0)] == ["lost"]


def test_a_process_that_has_begun_another_run_is_left_alone_though_the_clock_was_set_back(
    database: Database,
) -> None:
    lost = accepted(database)
    claimed(database, lost, "busy")
    expire_lease(database, lost)
    reap(database, max_attempts=1)
    other = accepted(database)
    claimed(database, other, "busy")
    mine = attempts.update().where(attempts.c.experiment_id == other)
    back = mine.values(started_at=utc_now() - timedelta(hours=1))
    database.write(lambda connection: connection.execute(back))
    found = [(each.experiment_id, each.reason) for each in watched(database, "busy", 60.0)]
    assert found == [(other, "time")]
