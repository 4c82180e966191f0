"""A database that is locked or away costs no run its work, on both databases."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import redis
import sqlalchemy as sa

from store import experiments
from store.database import Database
from store.settings import Settings
from tests.store.test_transitions import KIND, accepted, claimed
from workers.broker import connect
from workers.execution import Workplace, run_next
from workers.reporter import Reporter

SPEC = KIND.spec.model_validate(
    {"inputs": 4, "hidden": 4, "training": {"epochs": 1}, "replicates": 1}
)


@pytest.fixture
def broker() -> Iterator[redis.Redis]:
    with connect(Settings(redis_url="unix:///nowhere")) as client:
        yield client


@contextmanager
def locked(database: Database) -> Iterator[list[str]]:
    """No write begins; those that were tried."""
    tried: list[str] = []

    def begin(connection: sa.Connection) -> None:
        if connection.get_execution_options().get("immediate"):
            tried.append("a write")
            raise sa.exc.OperationalError("BEGIN", {}, Exception("database is locked"))

    sa.event.listen(database.engine, "begin", begin)
    yield tried
    sa.event.remove(database.engine, "begin", begin)


def reporter(database: Database, broker: redis.Redis, lease_s: float) -> Reporter:
    hasty = Settings().model_copy(update={"lease_s": lease_s, "checkpoint_s": 1e-9})
    report = Reporter(hasty, database, broker, claimed(database, accepted(database)))
    report._due = 0.0
    return report


def test_a_run_goes_on_while_its_lease_lasts(database: Database, broker: redis.Redis) -> None:
    report = reporter(database, broker, lease_s=600.0)
    with locked(database) as tried:
        report(0.25)
        report.keep(dict)
    assert len(tried) == 2
    report._due = 0.0
    report(0.5)
    assert experiments.get(database, report.claimed.id).progress == 0.5


def test_a_run_ends_when_its_lease_has_run_out(database: Database, broker: redis.Redis) -> None:
    report = reporter(database, broker, lease_s=1e-9)
    with locked(database), pytest.raises(sa.exc.OperationalError):
        report(0.25)


def test_a_result_is_written_when_the_lock_is_gone(
    database: Database, broker: redis.Redis, settings: Settings
) -> None:
    identifier = accepted(database, spec=SPEC)
    refused: list[str] = []

    @sa.event.listens_for(database.engine, "before_cursor_execute")
    def _full(_c: object, _cursor: object, statement: str, values: object, *_: object) -> None:
        if "'succeeded'" in str(values) and "UPDATE experiments" in statement and len(refused) < 2:
            refused.append(statement)
            raise sa.exc.OperationalError(statement, {}, Exception("database or disk is full"))

    patient = settings.model_copy(update={"lease_s": 60.0})
    assert run_next(Workplace(patient, database, broker, "w"))
    assert len(refused) == 2
    experiment = experiments.get(database, identifier)
    assert (experiment.status, experiment.attempt) == ("succeeded", 1)


def test_a_result_whose_acknowledgement_was_lost_is_no_lost_lease(
    database: Database, broker: redis.Redis, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    identifier = accepted(database, spec=SPEC)
    written: list[str] = []

    @sa.event.listens_for(database.engine, "before_cursor_execute")
    def _notice(_c: object, _cursor: object, statement: str, values: object, *_: object) -> None:
        if "'succeeded'" in str(values) and "UPDATE experiments" in statement:
            written.append(statement)

    @sa.event.listens_for(database.engine, "commit")
    def _lose(connection: sa.Connection) -> None:
        if len(written) == 1:
            connection.connection.driver_connection.commit()  # type: ignore[union-attr]
            raise sa.exc.OperationalError("COMMIT", {}, Exception("the connection was lost"))

    patient = settings.model_copy(update={"lease_s": 60.0})
    with caplog.at_level("INFO", "workers.execution"):
        assert run_next(Workplace(patient, database, broker, "w"))
    assert len(written) == 2
    experiment = experiments.get(database, identifier)
    assert (experiment.status, experiment.attempt) == ("succeeded", 1)
    told = [each.message for each in caplog.records if each.name == "workers.execution"]
    assert told == ["attempt 1 begins", "attempt 1 succeeded"]
