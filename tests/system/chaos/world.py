"""The stack that is broken, and a user who does not give up."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from store.database import Database
from tests.postgresql import PostgreSQL
from tests.stack import RunningStack
from tests.system.chaos.work import slowly

SLOTS = 2
SETTINGS: dict[str, Any] = {
    "lease_s": 5,
    "checkpoint_s": 1,
    "dispatch_s": 0.5,
    # No schedule hits one experiment so often between two checkpoints: who is given up was lost
    # without a fault.
    "max_attempts": 6,
}
PAUSE_S = 0.2
PRELOAD = Path(__file__).with_name("preload")


@dataclass
class World:
    """A stack in a folder, on SQLite or on a PostgreSQL server."""

    folder: Path
    server: PostgreSQL | None = None
    stack: RunningStack = field(init=False)
    restarts: int = 0
    uploads: list[threading.Thread] = field(default_factory=list)

    def __post_init__(self) -> None:
        url: dict[str, Any] = {} if self.server is None else {"database_url": self.server.url}
        self.stack = RunningStack(self.folder, workers=SLOTS, preload=PRELOAD, **SETTINGS, **url)

    @contextmanager
    def database(self) -> Iterator[Database]:
        """The truth, read behind the service's back."""
        url = f"sqlite:///{self.folder / 'solenoid.db'}"
        opened = Database(url if self.server is None else self.server.url)
        try:
            yield opened
        finally:
            opened.close()

    def start(self) -> None:
        """Bring the stack up, until it stays up."""
        self.stack.__enter__()

    def revive(self) -> None:
        """Bring up a stack that has ended, as its owner would."""
        if self.stack.process.poll() is not None:
            self.stack.kill()
            self.restarts += 1
            self.start()

    def kill(self) -> None:
        """kill -9 of the whole stack's supervisor, and `up` again."""
        self.stack.process.kill()
        self.stack.process.wait()
        self.revive()

    def stop(self) -> None:
        """The ordinary end."""
        self.stack.http.close()
        self.stack.stop(signal.SIGTERM)

    def post(self, path: str, key: str | None = None, **body: Any) -> dict[str, Any]:
        """Send a document until somebody answers that it was accepted."""
        headers = {} if key is None else {"Idempotency-Key": key}
        while True:
            self.revive()
            try:
                answer = self.stack.http.post(path, json=body, headers=headers)
            except httpx.HTTPError:
                answer = None
            if answer is not None and answer.status_code in (202, 409):
                document: dict[str, Any] = answer.json()
                return document
            assert answer is None or answer.status_code >= 500, answer.text
            time.sleep(PAUSE_S)

    def begin_upload(self, content: bytes) -> None:
        """Send a recording over a slow line, beside everything else, until it was taken in."""
        uploading = threading.Thread(target=self._upload, args=(content,), daemon=True)
        self.uploads.append(uploading)
        uploading.start()

    @property
    def uploading(self) -> bool:
        """Whether an upload goes on."""
        return any(thread.is_alive() for thread in self.uploads)

    def _upload(self, content: bytes) -> None:
        while True:
            with suppress(httpx.HTTPError):
                url = f"{self.stack.url}/v1/datasets"
                answer = httpx.post(url, content=slowly(content), timeout=30.0, trust_env=False)
                if answer.status_code == 201:
                    return
            time.sleep(PAUSE_S)
