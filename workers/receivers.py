"""The two kinds of receivers that a completion hook tells: an executable of ours, and a URL."""

import asyncio
import logging
import os
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryFile

import httpx

log = logging.getLogger(__name__)

COMMAND_S = 30.0
WEBHOOK_S = 10.0
POLL_S = 0.1
LOGGED_BYTES = 4000
PIPE_BYTES = 2**16


class NotDelivered(Exception):
    """The receiver was not told; says why."""


def post(url: str, document: bytes) -> None:
    """POST a JSON document; only an answer of the 200s, given in time, is a delivery."""
    asyncio.run(_post(url, document))


async def _post(url: str, document: bytes) -> None:
    headers = {"Content-Type": "application/json", "User-Agent": "solenoid"}
    try:
        # One limit for everything: httpx's own are for each step, and a slow drip has many steps.
        # The body of the answer is left unread: it may be endless.
        async with (
            asyncio.timeout(WEBHOOK_S),
            httpx.AsyncClient(timeout=None) as client,
            client.stream("POST", url, content=document, headers=headers) as answer,
        ):
            status = answer.status_code
    except TimeoutError:
        raise NotDelivered(f"the webhook did not answer within {WEBHOOK_S:g} s") from None
    except (httpx.HTTPError, httpx.InvalidURL) as failure:
        raise NotDelivered(f"the webhook cannot be reached: {failure}") from None
    if not 200 <= status < 300:
        raise NotDelivered(f"the webhook answered {status}")


def run(
    command: Path,
    arguments: Sequence[str],
    document: bytes,
    *,
    folder: Path,
    stopping: threading.Event,
) -> None:
    """Run an executable with a document on its standard input; it must end with status 0."""
    with TemporaryFile() as given:
        given.write(document)
        given.seek(0)
        try:
            process = subprocess.Popen(
                [command, *arguments],
                stdin=given,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                bufsize=0,
                cwd=folder,
                start_new_session=True,
            )
        except OSError as failure:
            raise NotDelivered(f"{command.name} cannot be started: {failure.strerror}") from None
    printed = _watched(process, stopping)
    noun, identifier, _ = arguments
    log.info("%s printed %s", command.name, printed or "nothing", extra={noun: identifier})
    if process.returncode == -signal.SIGKILL:
        raise NotDelivered(f"{command.name} was killed; it may take {COMMAND_S:g} s")
    if process.returncode:
        raise NotDelivered(f"{command.name} ended with status {process.returncode}")


def _watched(process: subprocess.Popen[bytes], stopping: threading.Event) -> str:
    """The end of what a process prints; it and what it started are killed when its time is up."""
    assert process.stdout is not None
    os.set_blocking(process.stdout.fileno(), False)
    deadline = time.monotonic() + COMMAND_S
    printed, ended = b"", False
    with process.stdout as pipe:
        # Not until the pipe is closed: a process left behind may hold it open for ever.
        while not ended:
            ended = _ended(process)
            printed = (printed + (pipe.read(PIPE_BYTES) or b""))[-LOGGED_BYTES:]
            if not ended and (stopping.is_set() or time.monotonic() > deadline):
                os.killpg(process.pid, signal.SIGKILL)
    return printed.decode(errors="replace")


def _ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether it has ended, after waiting a little for that."""
    try:
        process.wait(POLL_S)
    except subprocess.TimeoutExpired:
        return False
    return True
