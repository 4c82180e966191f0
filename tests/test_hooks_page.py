"""The examples of the page about completion hooks do what it says."""

import json
import shlex
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from solenoid import Client
from solenoid.cli import main
from store.database import Database
from store.settings import Settings
from tests.pages import DOCS, commands, run, texts
from tests.stack import RunningStack
from tests.store.test_hooks import end_next, state
from tests.workers.test_hooks import script, submitted, told
from workers.receivers import NotDelivered, post

PAGE = DOCS / "hooks.md"


def test_the_command_of_the_page_sends_the_document_by_mail(
    database: Database, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (mail_me,) = (text for text in texts(PAGE, "sh") if text.startswith("#!"))
    post_office = tmp_path / "bin" / "mail"
    post_office.parent.mkdir()
    post_office.write_text('#!/bin/sh\necho "$@" > headers; cat > letter\n')
    post_office.chmod(0o755)
    monkeypatch.setenv("PATH", str(post_office.parent), prepend=":")
    receiver = script(settings, "mail-me", mail_me.partition("\n")[2])
    identifier = submitted(database, receiver)
    end_next(database)
    told(database, settings)
    assert state(database, identifier) == ("delivered", 1, None)
    headers = (tmp_path / "headers").read_text()
    assert headers == f"-s experiment {identifier}: failed me@example.org\n"
    assert json.loads((tmp_path / "letter").read_text())["id"] == identifier


def test_the_webhook_of_the_page_receives(tmp_path: Path) -> None:
    (server,) = (text for text in texts(PAGE, "python") if "HTTPServer" in text)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    code = server.replace("9000", str(port))
    command = [sys.executable, "-u", "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        document = {"type": "sweep", "id": "7", "status": "ended"}
        try:
            deliver_soon(f"http://127.0.0.1:{port}/", json.dumps(document).encode())
        finally:
            process.terminate()
        printed, _ = process.communicate()
    assert printed == b"sweep 7 ended\n"


def test_both_receivers_are_accepted_as_the_page_asks_for_them(
    stack: RunningStack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    receiver = stack.folder / "hooks" / "mail-me"
    receiver.parent.mkdir(exist_ok=True)
    receiver.write_text("#!/bin/sh\n")
    receiver.chmod(0o755)
    monkeypatch.setenv("SOLENOID_URL", stack.url)
    for call in commands(PAGE, "solenoid"):
        with pytest.raises(SystemExit) as ended:
            main(shlex.split(call.replace("https://example.org", "http://127.0.0.1:9"))[1:])
        assert not ended.value.code, (call, capsys.readouterr().err)
    (asked,) = (text for text in texts(PAGE, "python") if "client.submit" in text)
    with Client(stack.url) as client:
        _, (experiment, sweep) = run(asked, client=client)
        assert experiment.on_end["command"] == "mail-me"
        assert sum(sweep.counts.values()) == 3
        assert client.cancel_where("status in ('queued', 'running')") > 0  # the commands' too


def deliver_soon(url: str, document: bytes) -> None:
    """Post once the receiver has started."""
    deadline = time.monotonic() + 20
    while True:
        try:
            return post(url, document)
        except NotDelivered:
            assert time.monotonic() < deadline
            time.sleep(0.1)
