"""A run is looked after from its claim until its result is written, also while it says nothing.

Its lease is renewed and its cancellation heard where kernels are compiled and results packed.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numba
import numpy as np
import pytest

from core.experiment import Array, Dataset, Progress, Result
from core.kinds import KINDS
from core.reading import save_arrays
from store import experiments
from store.database import Database
from store.dataset_files import arrays_path
from store.experiments import Experiment
from store.settings import Settings
from store.transitions import reap, request_cancel
from tests.store.test_transitions import accepted, expire_lease
from workers.broker import connect
from workers.execution import Workplace, run_next

KIND = KINDS["curl_descent.simulation"]
AWAY = {"redis_url": "unix:///nowhere", "lease_s": 1e-3}  # so that it is renewed at every chance


def ended(database: Database, settings: Settings, identifier: str) -> Experiment:
    """The experiment after an attempt whose lease is renewed at every chance."""
    hasty = settings.model_copy(update=AWAY)
    assert run_next(Workplace(hasty, database, connect(hasty), "w"))
    return experiments.get(database, identifier)


def test_a_cancellation_is_heard_while_a_large_array_is_packed(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    identifier = accepted(database)

    def run(spec: Any, inputs: Mapping[str, Dataset], progress: Progress) -> Result:
        progress(0.75, loss=0.5)
        request_cancel(database, identifier)
        return Result({"weights": Array(np.zeros(2**22), ("weight",))})

    kind = replace(KIND, run=run, rows=lambda spec, result: (), reading=lambda spec, result: "")
    monkeypatch.setitem(KINDS, KIND.name, kind)
    experiment = ended(database, settings, identifier)
    assert experiment.status == "cancelled"
    assert (experiment.progress, experiment.live) == (0.75, {"loss": 0.5})


def test_a_cancellation_is_heard_while_a_kernel_is_compiled(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    identifier = accepted(database)
    compiled = numba.njit(lambda x: 2.0 * x)

    def run(spec: Any, inputs: Mapping[str, Dataset], progress: Progress) -> Result:
        request_cancel(database, identifier)
        return Result({"weights": Array(compiled(np.zeros(2)), ("weight",))})

    monkeypatch.setitem(KINDS, KIND.name, replace(KIND, run=run))
    assert ended(database, settings, identifier).status == "cancelled"
    assert compiled(1.0) == 2.0, "the compiler can begin again"


def test_a_lost_lease_is_told_once_the_kernel_is_compiled(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    identifier = accepted(database)
    compiled = numba.njit(lambda x: 3.0 * x)

    def run(spec: Any, inputs: Mapping[str, Dataset], progress: Progress) -> Result:
        expire_lease(database, identifier)
        reap(database, max_attempts=3)
        compiled(np.zeros(2))
        progress(1.0)
        raise AssertionError("the lease was lost")

    monkeypatch.setitem(KINDS, KIND.name, replace(KIND, run=run))
    assert ended(database, settings, identifier).status == "queued"
    assert compiled.signatures, "the next attempt need not compile it"


def test_a_cancellation_is_heard_while_a_large_dataset_is_loaded(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    identifier = accepted(database)
    path = arrays_path(settings, "large")
    path.parent.mkdir(parents=True)
    save_arrays({"counts": np.zeros(2**22)}, path)

    def used(spec: Any) -> tuple[str, ...]:
        request_cancel(database, identifier)
        return ("large",)

    monkeypatch.setitem(KINDS, KIND.name, replace(KIND, datasets=used, run=never))
    assert ended(database, settings, identifier).status == "cancelled"


def never(spec: Any, inputs: Mapping[str, Dataset], progress: Progress) -> Result:
    raise AssertionError("it was cancelled before")
