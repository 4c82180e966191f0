"""Extensions of sweeps: none is lost, and none is done twice."""

import pytest

from core.kinds import KINDS
from store import accepting_sweeps, extensions, sweeps
from store.accepting import KeyReused, Submission
from store.database import Database
from store.experiments import Conflict

KIND = KINDS["curl_descent.simulation"]


def child(seed: int) -> accepting_sweeps.Child:
    spec = KIND.spec.model_validate({"seed": seed})
    return accepting_sweeps.Child(Submission(KIND, spec, KIND.estimate(spec, {})), {"seed": seed})


@pytest.fixture
def before(database: Database) -> sweeps.Sweep:
    identifier = accepting_sweeps.accept(
        database,
        KIND,
        {"axes": {"seed": [0]}},
        [child(0)],
        name=None,
        idempotency_key=None,
        request_hash="",
    )
    return sweeps.get(database, identifier)


def extended(
    database: Database, before: sweeps.Sweep, seeds: list[int], key: str | None = None
) -> int:
    definition = {"axes": {"seed": seeds}}
    request = extensions.request(before.id, definition, key)
    children = [child(seed) for seed in seeds]
    return extensions.extend(database, before, definition, children, request)


def test_an_extension_of_what_was_extended_meanwhile_changes_nothing(
    database: Database, before: sweeps.Sweep
) -> None:
    assert extended(database, before, [0, 1]) == 1
    with pytest.raises(Conflict, match="another request extended the sweep meanwhile"):
        extended(database, before, [0, 2])
    after = sweeps.get(database, before.id)
    assert after.definition == {"axes": {"seed": [0, 1]}}
    assert after.counts["queued"] == 2


def test_one_request_sent_twice_at_once_extends_once(
    database: Database, before: sweeps.Sweep
) -> None:
    counts = [extended(database, before, [0, 1, 2], key="k") for _ in range(2)]
    assert counts == [2, 2]
    assert sweeps.get(database, before.id).counts["queued"] == 3


def test_a_key_stands_for_one_request_to_one_sweep(
    database: Database, before: sweeps.Sweep
) -> None:
    extended(database, before, [0, 1], key="k")
    with pytest.raises(KeyReused, match=before.id):
        extensions.done(database, extensions.request(before.id, {"other": 1}, "k"))
    assert extensions.done(database, extensions.request("another sweep", {}, "k")) is None
