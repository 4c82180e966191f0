"""Completion hooks delivered: to a real HTTP server, and to real executables."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil
import pytest

from store import accepting, accepting_sweeps, changes, experiments, sweeps
from store.database import Database
from store.hooks import Receiver
from store.settings import Settings
from store.transitions import request_cancel
from tests.store.test_hooks import (
    KIND,
    end_next,
    pass_time,
    state,
    submission,
    swept,
    taken,
)
from workers.hooks import Deliveries, deliver


@dataclass
class Inbox:
    """What a webhook's server got, and what it answers: these statuses, and then 200."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    slow: threading.Event | None = None
    got: list[tuple[str, str | None, dict[str, Any]]] = field(default_factory=list)


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    """A server on this machine."""
    box = Inbox()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            box.got.append((self.path, self.headers["Content-Type"], json.loads(body)))
            if box.slow is not None:
                box.slow.wait(30)
            status = box.answers.pop(0) if box.answers else 200
            self.send_response(status)
            if status == 302:
                self.send_header("Location", f"{box.url}/elsewhere")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Silence."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        box.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield box
        if box.slow is not None:
            box.slow.set()
        server.shutdown()
        thread.join()


def submitted(database: Database, receiver: Receiver, **labels: Any) -> str:
    return accepting.accept(database, submission(on_end=receiver, **labels)).id


def told(database: Database, settings: Settings) -> None:
    """Deliver the one hook that is due."""
    deliver(settings, database, taken(database), threading.Event())


def script(settings: Settings, name: str, body: str) -> Receiver:
    path = settings.resolved_hooks_dir / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return Receiver(command=name)


def until(holds: Callable[[], bool], patience_s: float = 20.0) -> None:
    deadline = time.monotonic() + patience_s
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_webhook_gets_the_experiment_as_json(
    database: Database, settings: Settings, inbox: Inbox
) -> None:
    receiver = Receiver(webhook=f"{inbox.url}/done?token=1")
    identifier = submitted(database, receiver, name="α", tags={"project": "fig4"})
    end_next(database)
    told(database, settings)
    ((path, content_type, document),) = inbox.got
    assert (path, content_type) == ("/done?token=1", "application/json")
    assert document["type"] == "experiment"
    assert (document["id"], document["kind"]) == (identifier, KIND.name)
    assert (document["status"], document["error"], document["name"]) == ("failed", "no", "α")
    assert document["tags"] == {"project": "fig4"}
    assert document["spec"]["seed"] == 0
    assert document["links"]["self"] == f"/v1/experiments/{identifier}"
    assert state(database, identifier) == ("delivered", 1, None)


def test_a_webhook_gets_the_counts_of_a_sweep(
    database: Database, settings: Settings, inbox: Inbox
) -> None:
    identifier = accepting_sweeps.accept(
        database,
        KIND,
        {},
        [accepting_sweeps.Child(submission(), {})],
        name="scales",
        idempotency_key=None,
        request_hash="",
        on_end=Receiver(webhook=inbox.url),
    )
    end_next(database)
    told(database, settings)
    ((_, _, document),) = inbox.got
    assert (document["type"], document["id"], document["name"]) == ("sweep", identifier, "scales")
    assert document["status"] == "ended"
    assert document["counts"]["failed"] == 1
    assert document["links"]["results"] == f"/v1/sweeps/{identifier}/results"


def test_a_webhook_that_refuses_twice_is_told_the_third_time(
    database: Database, settings: Settings, inbox: Inbox
) -> None:
    inbox.answers = [503, 404]
    identifier = submitted(database, Receiver(webhook=inbox.url))
    end_next(database)
    for attempt, status in enumerate((503, 404), start=1):
        told(database, settings)
        assert state(database, identifier) == (
            *("waiting", attempt),
            f"the webhook answered {status}",
        )
        pass_time(database)
    told(database, settings)
    assert state(database, identifier) == ("delivered", 3, None)
    assert len(inbox.got) == 3


def test_a_redirection_is_not_followed(
    database: Database, settings: Settings, inbox: Inbox
) -> None:
    inbox.answers = [302]
    identifier = submitted(database, Receiver(webhook=f"{inbox.url}/here"))
    end_next(database)
    told(database, settings)
    assert [path for path, _, _ in inbox.got] == ["/here"]
    assert state(database, identifier) == ("waiting", 1, "the webhook answered 302")


def test_a_webhook_that_nobody_serves_is_tried_again(
    database: Database, settings: Settings
) -> None:
    identifier = submitted(database, Receiver(webhook="http://127.0.0.1:9/"))
    end_next(database)
    told(database, settings)
    waiting, attempts, error = state(database, identifier)
    assert (waiting, attempts) == ("waiting", 1)
    assert error is not None
    assert error.startswith("the webhook cannot be reached")


def test_a_webhook_that_does_not_answer_is_given_up(
    database: Database, settings: Settings, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.receivers.WEBHOOK_S", 0.3)
    inbox.slow = threading.Event()
    identifier = submitted(database, Receiver(webhook=inbox.url))
    end_next(database)
    told(database, settings)
    error = "the webhook did not answer within 0.3 s"
    assert state(database, identifier) == ("waiting", 1, error)


def test_a_command_gets_arguments_and_the_document(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    receiver = script(settings, "tell.sh", 'echo "$@" > arguments; pwd > folder; cat > document')
    identifier = submitted(database, receiver)
    request_cancel(database, identifier)
    told(database, settings)
    assert (tmp_path / "arguments").read_text() == f"experiment {identifier} cancelled\n"
    assert (tmp_path / "folder").read_text().strip() == str(tmp_path.resolve())
    document = json.loads((tmp_path / "document").read_text())
    assert (document["id"], document["status"]) == (identifier, "cancelled")
    assert state(database, identifier) == ("delivered", 1, None)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("exit 3", "tell ended with status 3"),
        ("kill -TERM $$", "tell ended with status -15"),
    ],
)
def test_a_command_that_fails_is_tried_again(
    database: Database,
    settings: Settings,
    body: str,
    error: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO", "workers")
    identifier = submitted(database, script(settings, "tell", body))
    end_next(database)
    told(database, settings)
    assert state(database, identifier) == ("waiting", 1, error)
    printed, attempt = caplog.records
    assert printed.message == "tell printed nothing"
    assert [vars(line).get("experiment") for line in (printed, attempt)] == [identifier] * 2


def test_a_command_that_went_or_is_no_program_is_tried_again(
    database: Database, settings: Settings
) -> None:
    identifier = submitted(database, script(settings, "tell", ""))
    (settings.resolved_hooks_dir / "tell").write_text("#!/no/such/shell\n")
    end_next(database)
    told(database, settings)
    assert state(database, identifier)[2] == "tell cannot be started: No such file or directory"
    pass_time(database)
    (settings.resolved_hooks_dir / "tell").unlink()
    told(database, settings)
    missing = "the hooks folder of this worker has no executable tell"
    assert state(database, identifier) == ("waiting", 2, missing)


def test_a_command_that_hangs_is_killed_with_all_it_started(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("workers.receivers.COMMAND_S", 0.5)
    receiver = script(settings, "hang", "sleep 600 & echo $! > child; trap '' TERM; sleep 600")
    identifier = submitted(database, receiver)
    end_next(database)
    told(database, settings)
    error = "hang was killed; it may take 0.5 s"
    assert state(database, identifier) == ("waiting", 1, error)
    child = int((tmp_path / "child").read_text())
    until(lambda: not psutil.pid_exists(child) or zombie(child))


def zombie(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_a_command_is_killed_when_its_worker_stops(database: Database, settings: Settings) -> None:
    submitted(database, script(settings, "hang", "sleep 600"))
    end_next(database)
    stopping = threading.Event()
    stopping.set()
    begun = time.monotonic()
    deliver(settings, database, taken(database), stopping)
    assert time.monotonic() - begun < 10


def test_a_command_that_prints_without_end_costs_no_memory(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.receivers.COMMAND_S", 1.0)
    logged: list[Any] = []
    monkeypatch.setattr("workers.receivers.log.info", lambda *given, **_: logged.append(given))
    identifier = submitted(database, script(settings, "shout", "exec yes"))
    end_next(database)
    told(database, settings)
    assert state(database, identifier)[2] == "shout was killed; it may take 1 s"
    assert 0 < len(logged[0][-1]) <= 4000


def test_a_process_left_behind_does_not_hold_up_the_delivery(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    receiver = script(settings, "leave", "sleep 600 & echo $! > child; echo bye")
    identifier = submitted(database, receiver)
    end_next(database)
    told(database, settings)
    assert state(database, identifier) == ("delivered", 1, None)
    psutil.Process(int((tmp_path / "child").read_text())).kill()


def test_one_deleted_or_run_again_meanwhile_is_not_told(
    database: Database, settings: Settings, inbox: Inbox
) -> None:
    first, second = (submitted(database, Receiver(webhook=inbox.url)) for _ in range(2))
    for _ in range(2):
        end_next(database)
    in_hand = [taken(database), taken(database)]
    experiments.delete(database, first)
    changes.retry(database, second)
    for each in in_hand:
        deliver(settings, database, each, threading.Event())
    assert inbox.got == []
    assert state(database, second) == ("waiting", 0, None)


def test_a_slow_receiver_holds_up_neither_the_dispatcher_nor_other_hooks(
    database: Database, settings: Settings, inbox: Inbox
) -> None:
    inbox.slow = threading.Event()
    slow = submitted(database, Receiver(webhook=inbox.url))
    end_next(database)
    deliveries = Deliveries(settings, database, threading.Event())
    deliveries.begin()
    until(lambda: len(inbox.got) == 1)
    quick = [submitted(database, script(settings, "quick", "")) for _ in range(6)]
    for _ in quick:
        end_next(database)
    begun = time.monotonic()
    deliveries.begin()
    assert time.monotonic() - begun < 5
    until(lambda: all(state(database, each)[0] == "delivered" for each in quick))
    assert state(database, slow)[0] == "waiting"
    inbox.slow.set()
    until(lambda: state(database, slow) == ("delivered", 1, None))


def test_workers_that_look_at_once_tell_each_hook_once(
    database: Database, settings: Settings, inbox: Inbox
) -> None:
    made = {submitted(database, Receiver(webhook=inbox.url)) for _ in range(12)}
    for _ in made:
        end_next(database)
    sweep = swept(database, 1)
    both = [Deliveries(settings, database, threading.Event()) for _ in range(2)]
    for each in both:
        each.begin()
    until(lambda: all(state(database, each)[0] == "delivered" for each in made))
    assert sorted(document["id"] for _, _, document in inbox.got) == sorted(made)
    assert sweeps.get(database, sweep).counts["queued"] == 1
