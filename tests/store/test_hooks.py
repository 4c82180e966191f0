"""Completion hooks as rows, on both databases: when they are taken, by whom, and how often."""

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from core.kinds import KINDS
from store import accepting, accepting_sweeps, changes, experiments, extensions, hooks, sweeps
from store.accepting import KeyReused, Submission
from store.database import Database, epoch_now
from store.hooks import Receiver
from store.tables import completion_hooks, utc_now
from store.tables import experiments as table
from store.transitions import claim, fail, request_cancel

KIND = KINDS["curl_descent.simulation"]
HOOK = Receiver(webhook="http://127.0.0.1:9/")


def submission(**options: Any) -> Submission:
    spec = KIND.spec(seed=options.pop("seed", 0))
    return Submission(KIND, spec, KIND.estimate(spec, {}), **options)


def accepted(database: Database, **options: Any) -> str:
    return accepting.accept(database, submission(on_end=HOOK, **options)).id


def swept(database: Database, children: int) -> str:
    return accepting_sweeps.accept(
        database,
        KIND,
        {},
        [accepting_sweeps.Child(submission(seed=seed), {"seed": seed}) for seed in range(children)],
        name=None,
        idempotency_key=None,
        request_hash="",
        on_end=HOOK,
    )


def extended(database: Database, identifier: str, children: list[accepting_sweeps.Child]) -> int:
    request = extensions.request(identifier, {}, None)
    before = sweeps.get(database, identifier)
    return extensions.extend(database, before, {}, children, request)


def end_next(database: Database, status: str = "failed") -> None:
    """End the experiment that waits first."""
    mine = claim(database, worker="w", lease_s=30.0)
    assert mine is not None
    if status == "failed":
        fail(database, mine, "no")
        return
    end = table.update().where(table.c.id == mine.id).values(status=status, finished_at=utc_now())
    database.write(lambda connection: connection.execute(end))


def taken(database: Database) -> hooks.Taken:
    found = hooks.take(database)
    assert found is not None
    return found


def pass_time(database: Database) -> None:
    """Every pause is over."""
    change = completion_hooks.update().values(due=0.0)
    database.write(lambda connection: connection.execute(change))


def state(database: Database, identifier: str) -> tuple[str, int, str | None]:
    hook = experiments.get(database, identifier).on_end
    assert hook is not None
    return hook.state, hook.attempts, hook.error


def sweep_state(database: Database, identifier: str) -> str:
    hook = sweeps.get(database, identifier).on_end
    assert hook is not None
    return hook.state


def test_a_hook_is_stored_with_what_it_waits_for(database: Database) -> None:
    told = experiments.get(database, accepted(database)).on_end
    assert told == hooks.Hook(HOOK, "waiting", 0, None)
    assert accepting.accept(database, submission()).on_end is None
    assert sweeps.get(database, swept(database, 1)).on_end == told


def test_a_hook_is_not_taken_before_its_experiment_has_ended(database: Database) -> None:
    identifier = accepted(database)
    assert hooks.take(database) is None
    mine = claim(database, worker="w", lease_s=30.0)
    assert mine is not None
    assert hooks.take(database) is None
    fail(database, mine, "no")
    found = taken(database)
    assert (found.experiment_id, found.receiver) == (identifier, HOOK)


@pytest.mark.parametrize("status", ["succeeded", "failed", "cancelled"])
def test_every_end_is_told(database: Database, status: str) -> None:
    identifier = accepted(database)
    if status == "cancelled":
        request_cancel(database, identifier)
    else:
        end_next(database, status)
    assert taken(database).experiment_id == identifier


def test_a_hook_in_hand_is_not_taken_by_another(database: Database) -> None:
    identifier = accepted(database)
    end_next(database)
    found = taken(database)
    assert hooks.take(database) is None
    hooks.delivered(database, found)
    pass_time(database)
    assert hooks.take(database) is None
    assert state(database, identifier) == ("delivered", 1, None)


def test_a_hook_whose_deliverer_died_is_taken_again(database: Database) -> None:
    identifier = accepted(database)
    end_next(database)
    first = taken(database)
    pass_time(database)
    second = taken(database)
    assert (second.id, second.attempts) == (first.id, 2)
    hooks.not_delivered(database, first, "from one who is too late")
    hooks.delivered(database, first)
    assert state(database, identifier) == ("waiting", 2, None)
    hooks.delivered(database, second)
    assert state(database, identifier) == ("delivered", 2, None)


def test_a_receiver_that_refuses_is_tried_five_times_at_growing_distances(
    database: Database,
) -> None:
    identifier = accepted(database)
    end_next(database)
    pauses = []
    for attempt in range(1, 6):
        hooks.not_delivered(database, taken(database), f"no {attempt}")
        assert hooks.take(database) is None, "a pause comes first"
        pauses.append(pause(database))
        if attempt < 5:
            pass_time(database)
    assert state(database, identifier) == ("failed", 5, "no 5")
    assert pauses[:4] == pytest.approx(hooks.PAUSES_S, abs=2)
    assert sorted(hooks.PAUSES_S) == list(hooks.PAUSES_S)
    pass_time(database)
    assert hooks.take(database) is None


def pause(database: Database) -> float:
    """Seconds until the only hook is due."""
    with database.read() as connection:
        query = sa.select(completion_hooks.c.due - epoch_now())
        return float(connection.execute(query).scalar_one())


def test_a_hook_whose_deliverers_all_died_has_failed(database: Database) -> None:
    identifier = accepted(database)
    end_next(database)
    for _ in range(hooks.MAX_ATTEMPTS):
        taken(database)
        pass_time(database)
    assert hooks.take(database) is None
    assert state(database, identifier)[:2] == ("failed", 5)


def test_one_run_again_tells_its_new_end_too(database: Database) -> None:
    identifier = accepted(database)
    end_next(database)
    late = taken(database)
    changes.retry(database, identifier)
    hooks.delivered(database, late)
    assert state(database, identifier) == ("waiting", 0, None)
    assert hooks.take(database) is None
    end_next(database)
    hooks.delivered(database, taken(database))
    assert changes.bulk(database, "status = 'failed'", "retry") == 1
    assert state(database, identifier) == ("waiting", 0, None)


def test_the_hook_of_a_sweep_is_taken_once_after_its_last_child(database: Database) -> None:
    identifier = swept(database, 3)
    for _ in range(3):
        assert hooks.take(database) is None
        end_next(database)
    found = taken(database)
    assert (found.sweep_id, found.experiment_id) == (identifier, None)
    hooks.delivered(database, found)
    pass_time(database)
    assert hooks.take(database) is None


def test_a_sweep_that_goes_on_tells_its_new_end_too(database: Database) -> None:
    identifier = swept(database, 2)
    end_next(database)
    sweeps.cancel(database, identifier)
    hooks.delivered(database, taken(database))
    assert sweeps.retry(database, identifier, ["failed"]) == 1
    assert sweep_state(database, identifier) == "waiting"
    end_next(database)
    hooks.delivered(database, taken(database))
    assert sweeps.retry(database, identifier, ["failed", "cancelled"]) == 2
    end_next(database, "succeeded")
    end_next(database, "succeeded")
    hooks.delivered(database, taken(database))
    again = [accepting_sweeps.Child(submission(seed=seed), {"seed": seed}) for seed in range(2)]
    assert extended(database, identifier, again) == 0
    assert sweep_state(database, identifier) == "delivered"
    more = accepting_sweeps.Child(submission(seed=2), {"seed": 2})
    assert extended(database, identifier, [*again, more]) == 1
    assert sweep_state(database, identifier) == "waiting"
    assert hooks.take(database) is None


def test_running_one_again_leaves_the_hooks_of_others_alone(database: Database) -> None:
    first = accepted(database)
    end_next(database)
    hooks.delivered(database, taken(database))
    swept(database, 1)
    end_next(database)
    hooks.delivered(database, taken(database))
    second = accepted(database)
    end_next(database)
    changes.retry(database, second)
    with database.read() as connection:
        states = connection.execute(sa.select(completion_hooks.c.state)).scalars().all()
    assert sorted(states) == ["delivered", "delivered", "waiting"]
    assert state(database, first)[0] == "delivered"


def test_hooks_go_with_what_they_belong_to(database: Database) -> None:
    sweep = swept(database, 1)
    end_next(database)
    identifier = accepted(database)
    end_next(database)
    experiments.delete(database, identifier)
    sweeps.delete(database, sweep)
    with database.read() as connection:
        assert connection.execute(sa.select(sa.func.count(completion_hooks.c.id))).scalar() == 0


def test_another_hook_makes_another_request(database: Database) -> None:
    first = accepted(database, idempotency_key="k")
    assert accepted(database, idempotency_key="k") == first
    with pytest.raises(KeyReused, match=first):
        accepting.accept(database, submission(idempotency_key="k"))


def test_only_executables_with_plain_names_are_commands(tmp_path: Path) -> None:
    folder = tmp_path / "hooks"
    assert hooks.commands(folder) == []
    (folder / "folder").mkdir(parents=True)
    for name, mode in (("tell.sh", 0o755), ("notes", 0o644), (".hidden", 0o755), ("a b", 0o755)):
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(mode)
    assert hooks.commands(folder) == ["tell.sh"]
