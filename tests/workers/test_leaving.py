"""A worker that is told to stop takes nothing new, not even what it hands back itself."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
import sqlalchemy as sa

from store import experiments
from store.database import Database
from store.settings import Settings
from tests.store.test_transitions import KIND, accepted
from workers import redis_server
from workers.app import make_app
from workers.broker import arrive, connect, leave
from workers.dispatcher import Dispatcher
from workers.execution import Workplace, run_next

SPEC = KIND.spec.model_validate(
    {"inputs": 4, "hidden": 4, "training": {"epochs": 1}, "replicates": 1}
)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[redis.Redis]:
    """A server of the test's own."""
    socket = tmp_path / "redis.sock"
    client = connect(Settings(data_dir=tmp_path, redis_url=f"unix://{socket}"))
    with subprocess.Popen(redis_server.command(socket), stdout=subprocess.DEVNULL) as server:
        while not socket.exists():
            time.sleep(0.01)
        yield client
        client.close()
        server.terminate()


def test_only_a_worker_that_stays_claims(
    broker: redis.Redis, database: Database, settings: Settings
) -> None:
    identifier = accepted(database, spec=SPEC)
    place = Workplace(settings, database, broker, "w")
    leave(broker, "w")
    assert not run_next(place)
    assert experiments.get(database, identifier).status == "queued"
    arrive(broker, "w")  # another, by the same name
    assert run_next(place)
    assert experiments.get(database, identifier).status == "succeeded"


def test_a_surprise_ends_neither_the_loop_of_the_dispatcher_nor_its_leaving(
    database: Database, settings: Settings
) -> None:
    hasty = {"redis_url": "unix:///nowhere", "dispatch_s": 0.01, "grace_s": 0.01}
    alone = settings.model_copy(update=hasty)
    dispatcher = Dispatcher(alone, make_app(alone), database, connect(alone), "w", 1)
    begun: list[str] = []

    @sa.event.listens_for(database.engine, "begin")
    def _surprise(_: sa.Connection) -> None:
        begun.append("a transaction")
        if len(begun) == 3:
            dispatcher.stop()
        if len(begun) == 5:
            dispatcher.end()
        raise RuntimeError("nobody thought of this")

    dispatcher.run()
    assert len(begun) == 5, "three turns, and handing back until it could be"
