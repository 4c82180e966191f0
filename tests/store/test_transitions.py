"""The life of an experiment, on both databases: who may change a row, and who may not."""

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from core.experiment import Row
from core.kinds import KINDS
from store import accepting, experiments, results
from store.accepting import KeyReused, Submission
from store.database import Database
from store.experiments import Conflict, NotFound
from store.kind_tables import medians, parameters
from store.query.experiments import listed
from store.tables import experiments as table
from store.tables import utc_now
from store.transitions import (
    Claim,
    LeaseLost,
    cancelled,
    claim,
    fail,
    heartbeat,
    reap,
    release,
    request_cancel,
    waiting,
)

KIND = KINDS["curl_descent.simulation"]
LEASE_S = 30.0


def accepted(database: Database, **options: Any) -> str:
    spec = options.pop("spec", KIND.spec())
    submission = Submission(KIND, spec, KIND.estimate(spec, {}), **options)
    return accepting.accept(database, submission).id


def claimed(database: Database, identifier: str, worker: str = "w") -> Claim:
    taken = claim(database, worker=worker, lease_s=LEASE_S)
    assert taken is not None
    assert taken.id == identifier
    return taken


def expire_lease(database: Database, identifier: str) -> None:
    change = table.update().where(table.c.id == identifier).values(lease_until=0.0)
    database.write(lambda connection: connection.execute(change))


def status(database: Database, identifier: str) -> str:
    return experiments.get(database, identifier).status


def test_an_experiment_is_claimed_once(database: Database) -> None:
    identifier = accepted(database)
    claimed(database, identifier)
    assert claim(database, worker="other", lease_s=LEASE_S) is None


def test_an_experiment_never_starts_before_it_was_created(database: Database) -> None:
    identifier = accepted(database)
    ahead = utc_now() + timedelta(minutes=5)  # the clock of the machine that accepted it
    change = table.update().where(table.c.id == identifier).values(created_at=ahead)
    database.write(lambda connection: connection.execute(change))
    claimed(database, identifier)
    assert experiments.get(database, identifier).started_at == ahead


@pytest.mark.parametrize("queued", [1, 3, 8])
def test_of_many_claims_at_once_each_gets_another_experiment(
    database: Database, queued: int
) -> None:
    made = {accepted(database) for _ in range(queued)}
    start = threading.Barrier(8)
    taken: list[Claim | None] = []

    def compete(name: str) -> None:
        start.wait()
        taken.append(claim(database, worker=name, lease_s=LEASE_S))

    threads = [threading.Thread(target=compete, args=(f"w{i}",)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 8
    won = [one.id for one in taken if one is not None]
    assert len(won) == len(set(won))
    assert set(won) <= made
    assert won, "somebody wins"


def test_a_claim_whose_answer_was_lost_takes_no_second_experiment(database: Database) -> None:
    first, second = accepted(database), accepted(database)
    lost: list[str] = []

    @sa.event.listens_for(database.engine, "commit")
    def _lose_the_answer(connection: sa.Connection) -> None:
        if not lost:
            lost.append("the answer")
            connection.connection.cursor().execute("COMMIT")
            gone = ConnectionError("server closed the connection")
            raise sa.exc.OperationalError("COMMIT", {}, gone, connection_invalidated=True)

    mine = claimed(database, first)
    assert lost
    assert not heartbeat(database, mine, lease_s=LEASE_S, progress=0.5, live={})
    assert status(database, second) == "queued"
    assert claimed(database, second).id == second


def test_an_expired_lease_is_taken_over_and_the_first_owner_writes_nothing(
    database: Database,
) -> None:
    identifier = accepted(database)
    first = claimed(database, identifier, "slow")
    expire_lease(database, identifier)
    reap(database, max_attempts=3)
    second = claimed(database, identifier, "quick")
    assert second.attempt == first.attempt + 1
    with pytest.raises(LeaseLost):
        heartbeat(database, first, lease_s=LEASE_S, progress=0.5, live={})
    with pytest.raises(LeaseLost):
        fail(database, first, "too late")
    with pytest.raises(LeaseLost):
        results.commit(database, first, outcome(identifier))
    assert status(database, identifier) == "running"
    assert results.rows(database, identifier) == []
    assert results.catalogue(database, identifier) == []


def outcome(identifier: str) -> results.Outcome:
    parameters = KIND.parameters(KIND.spec())
    row = {
        "experiment_id": identifier,
        "arm": "gradient_descent",
        "replicate": 0,
        **parameters,
        **dict.fromkeys(KIND.metrics),
        "final_test_error": 0.25,
    }
    stored = {
        "experiment_id": identifier,
        "name": "epoch",
        "axes": ["record"],
        "shape": [1],
        "dtype": "int64",
        "unit": "epoch",
        "content": b"x",
    }
    median = {"experiment_id": identifier, "arm": "gradient_descent", "final_test_error": 0.25}
    return results.Outcome(
        [row], [median], [stored], {"gradient_descent": {}}, ["careful"], {"numpy": "2"}
    )


def test_status_rows_and_arrays_are_written_together(database: Database) -> None:
    identifier = accepted(database)
    results.commit(database, claimed(database, identifier), outcome(identifier))
    experiment = experiments.get(database, identifier)
    assert (experiment.status, experiment.progress) == ("succeeded", 1.0)
    assert experiment.warnings == ["careful"]
    (row,) = results.rows(database, identifier)
    assert isinstance(row, Row)
    assert row.metrics["final_test_error"] == 0.25
    assert row.metrics["min_test_error"] is None
    assert [entry.name for entry in results.catalogue(database, identifier)] == ["epoch"]


def test_a_result_that_cannot_be_written_leaves_nothing(database: Database) -> None:
    identifier = accepted(database)
    mine = claimed(database, identifier)
    good = outcome(identifier)
    doubled = replace(good, rows=[*good.rows, *good.rows])
    with pytest.raises(sa.exc.IntegrityError):
        results.commit(database, mine, doubled)
    assert status(database, identifier) == "running"
    assert results.rows(database, identifier) == []


def test_a_terminal_status_is_never_overwritten(database: Database) -> None:
    identifier = accepted(database)
    mine = claimed(database, identifier)
    fail(database, mine, "no")
    with pytest.raises(LeaseLost):
        results.commit(database, mine, outcome(identifier))
    with pytest.raises(Conflict, match="already failed"):
        request_cancel(database, identifier)
    assert status(database, identifier) == "failed"


def test_a_queued_experiment_is_cancelled_at_once_and_never_claimed(database: Database) -> None:
    identifier = accepted(database)
    assert request_cancel(database, identifier) == "cancelled"
    assert claim(database, worker="w", lease_s=LEASE_S) is None
    assert request_cancel(database, identifier) == "cancelled"


def test_a_running_experiment_hears_of_cancellation_at_its_next_heartbeat(
    database: Database,
) -> None:
    identifier = accepted(database)
    mine = claimed(database, identifier)
    assert not heartbeat(database, mine, lease_s=LEASE_S, progress=0.1, live={"x": None})
    assert request_cancel(database, identifier) == "running"
    assert heartbeat(database, mine, lease_s=LEASE_S, progress=0.2, live={})
    cancelled(database, mine)
    assert status(database, identifier) == "cancelled"


def test_the_reaper_queues_what_lost_its_worker_and_fails_it_after_three_losses(
    database: Database,
) -> None:
    identifier = accepted(database)
    for _ in range(2):
        claimed(database, identifier)
        expire_lease(database, identifier)
        assert reap(database, max_attempts=3).queued == (identifier,)
    claimed(database, identifier)
    expire_lease(database, identifier)
    assert reap(database, max_attempts=3).failed == (identifier,)
    experiment = experiments.get(database, identifier)
    assert experiment.status == "failed"
    assert experiment.error is not None
    assert experiment.error.startswith("worker lost")
    assert (experiment.attempt, experiment.lost_attempts) == (3, 3)


def test_the_reaper_leaves_live_leases_alone(database: Database) -> None:
    identifier = accepted(database)
    claimed(database, identifier)
    reaped = reap(database, max_attempts=3)
    assert reaped.queued == reaped.failed == reaped.cancelled == ()
    assert status(database, identifier) == "running"


def test_the_reaper_honours_a_cancellation_whose_worker_was_lost(database: Database) -> None:
    identifier = accepted(database)
    claimed(database, identifier)
    request_cancel(database, identifier)
    expire_lease(database, identifier)
    assert reap(database, max_attempts=3).cancelled == (identifier,)


def test_work_handed_back_is_not_counted_as_lost(database: Database) -> None:
    mine = accepted(database)
    attempt = claimed(database, mine, "leaving")
    other = accepted(database)
    claimed(database, other, "staying")
    assert release(database, "leaving") == (mine,)
    with pytest.raises(LeaseLost):
        heartbeat(database, attempt, lease_s=LEASE_S, progress=0.5, live={})
    experiment = experiments.get(database, mine)
    assert (experiment.status, experiment.lost_attempts) == ("queued", 0)
    assert claimed(database, mine).attempt == 2


def test_work_to_be_cancelled_is_not_handed_back(database: Database) -> None:
    identifier = accepted(database)
    claimed(database, identifier, "leaving")
    request_cancel(database, identifier)
    assert release(database, "leaving") == ()
    assert status(database, identifier) == "cancelled"


def test_experiments_are_claimed_by_priority_then_age(database: Database) -> None:
    low, first, second = (accepted(database, priority=p) for p in (-1, 0, 0))
    high = accepted(database, priority=5)
    assert waiting(database, 10) == 4
    assert waiting(database, 2) == 2
    for identifier in (high, first, second, low):
        claimed(database, identifier)
    assert waiting(database, 10) == 0


def test_an_idempotency_key_stands_for_one_request(database: Database) -> None:
    first = accepted(database, idempotency_key="k", name="a")
    assert accepted(database, idempotency_key="k", name="a") == first
    with pytest.raises(KeyReused, match=first):
        accepted(database, idempotency_key="k", name="b")
    assert len(listed(database, limit=10).items) == 1


def test_identical_specs_find_the_finished_twin(database: Database) -> None:
    spec = KIND.spec()
    submission = Submission(KIND, spec, KIND.estimate(spec, {}))
    assert accepting.finished_twin(database, submission) is None
    identifier = accepted(database)
    assert accepting.finished_twin(database, submission) is None
    results.commit(database, claimed(database, identifier), outcome(identifier))
    twin = accepting.finished_twin(database, submission)
    assert twin is not None
    assert twin.id == identifier


def test_only_ended_experiments_are_deleted_and_with_all_their_rows(database: Database) -> None:
    identifier = accepted(database, tags={"project": "fig5"})
    with pytest.raises(Conflict, match="queued"):
        experiments.delete(database, identifier)
    results.commit(database, claimed(database, identifier), outcome(identifier))
    experiments.delete(database, identifier)
    with pytest.raises(NotFound, match=identifier):
        experiments.get(database, identifier)
    with database.read() as connection:
        for name in (
            "arrays",
            "tags",
            KIND.table,
            parameters[KIND.name].name,
            medians[KIND.name].name,
        ):
            count = connection.execute(sa.text(f"SELECT count(*) FROM {name}")).scalar()
            assert count == 0, name


def test_experiments_are_listed_newest_first_in_pages(database: Database) -> None:
    made = [accepted(database, tags={"n": str(i)}) for i in range(5)]
    newest = listed(database, limit=2)
    assert [one.id for one in newest.items] == made[:2:-1]
    rest = listed(database, limit=10, cursor=newest.next_cursor).items
    assert [one.id for one in rest] == made[2::-1]
    assert rest[0].tags == {"n": "2"}
