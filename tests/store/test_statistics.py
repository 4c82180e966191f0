"""Totals never go down, whatever is deleted, on both databases."""

import threading

import pytest

from store import changes, experiments, sweeps
from store.database import Database
from store.experiments import Conflict
from store.statistics import durations
from store.transitions import fail, reap
from tests.store.test_hooks import end_next, swept
from tests.store.test_transitions import accepted, claimed, expire_lease


def failed(database: Database) -> str:
    """An experiment that was lost once and failed then."""
    identifier = accepted(database)
    claimed(database, identifier)
    expire_lease(database, identifier)
    reap(database, max_attempts=9)
    fail(database, claimed(database, identifier), "no")
    return identifier


def counts(database: Database) -> dict[str, tuple[int, ...]]:
    return {outcome: each.counts for outcome, each in durations(database).items()}


def test_what_was_deleted_still_counts(database: Database) -> None:
    made = [failed(database) for _ in range(4)]
    before = durations(database)
    assert [sum(before[each].counts) for each in ("lost", "failed")] == [4, 4]
    experiments.delete(database, made[0])
    assert changes.bulk(database, "status = 'failed'", "delete") == 3
    after = durations(database)
    assert {name: each.counts for name, each in after.items()} == {
        name: each.counts for name, each in before.items()
    }
    assert after["lost"].seconds == pytest.approx(before["lost"].seconds)


def test_what_was_deleted_with_its_sweep_still_counts(database: Database) -> None:
    sweep = swept(database, 2)
    end_next(database)
    with pytest.raises(Conflict, match="1 children are queued"):
        sweeps.delete(database, sweep)
    end_next(database)
    before = counts(database)
    sweeps.delete(database, sweep)
    assert counts(database) == before
    assert sum(map(sum, before.values())) == 2


def test_two_deletions_at_once_keep_each_attempt_once(database: Database) -> None:
    for _ in range(12):
        failed(database)
    before = counts(database)
    start = threading.Barrier(3)
    gone: list[int] = []

    def delete() -> None:
        start.wait()
        gone.append(changes.bulk(database, "status = 'failed'", "delete"))

    threads = [threading.Thread(target=delete) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(gone) == 12
    assert counts(database) == before
