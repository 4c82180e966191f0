"""What a run may keep for the attempt after it, and how long it may take, on both databases."""

import time
from collections.abc import Iterator

import numpy as np
import pytest
import redis

from core.checkpoints import Checkpoints, checkpoints
from core.experiment import silent
from store.database import Database
from store.settings import Settings
from store.transitions import Claim, fail, reap
from tests.store.test_transitions import accepted, claimed, expire_lease
from workers.broker import connect
from workers.reporter import OutOfTime, Reporter


@pytest.fixture
def broker() -> Iterator[redis.Redis]:
    """A broker that is away: events are lost, and nothing else."""
    with connect(Settings(redis_url="unix:///nowhere")) as client:
        yield client


def reporter(database: Database, broker: redis.Redis, claim: Claim, **limits: float) -> Reporter:
    at_once = Settings().model_copy(update={"checkpoint_s": 1e-9, **limits})
    return Reporter(at_once, database, broker, claim)


def test_the_next_attempt_finds_what_was_kept(database: Database, broker: redis.Redis) -> None:
    identifier = accepted(database)
    first = reporter(database, broker, claimed(database, identifier))
    assert checkpoints(first) is first
    assert first.kept() is None
    first.keep(lambda: {"epoch": np.array(3), "weights": np.eye(2)})
    first.keep(lambda: {"epoch": np.array(4), "weights": np.full((2, 2), np.nan)})
    expire_lease(database, identifier)
    reap(database, max_attempts=3)
    kept = reporter(database, broker, claimed(database, identifier)).kept()
    assert kept is not None
    assert kept["epoch"] == 4
    assert np.isnan(kept["weights"]).all()


def test_a_state_is_not_asked_for_before_it_is_time(
    database: Database, broker: redis.Redis
) -> None:
    mine = claimed(database, accepted(database))
    early = reporter(database, broker, mine, checkpoint_s=1000.0)
    early.keep(lambda: pytest.fail("the state was copied for nothing"))


def test_nothing_is_kept_of_a_run_that_nobody_watches() -> None:
    place: Checkpoints = checkpoints(silent)
    place.keep(lambda: pytest.fail("the state was copied for nothing"))
    assert place.kept() is None


def test_an_attempt_beyond_its_time_limit_ends_with_a_sentence(
    database: Database, broker: redis.Redis
) -> None:
    mine = claimed(database, accepted(database, time_limit_s=1e-6))
    with pytest.raises(OutOfTime, match="time limit of 1e-06 s") as late:
        reporter(database, broker, mine)(0.5)
    fail(database, mine, str(late.value))


def test_without_a_limit_of_its_own_the_installations_holds(
    database: Database, broker: redis.Redis
) -> None:
    mine = claimed(database, accepted(database))
    with pytest.raises(OutOfTime, match="2e-06"):
        reporter(database, broker, mine, time_limit_s=2e-6)(0.5)


def test_a_broker_that_is_away_does_not_keep_a_run_waiting(
    database: Database, broker: redis.Redis
) -> None:
    report = reporter(database, broker, claimed(database, accepted(database)))
    waits: list[float] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "sleep", waits.append)
        report(0.5)
    assert sum(waits) == 0
