"""The API alone, served from a thread of the test: no worker, and a broker that is away."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import uvicorn

from api.access import Door
from api.app import create_app
from store.settings import Settings

START_S = 30.0


@contextmanager
def served(settings: Settings, door: Door) -> Iterator[httpx.Client]:
    """A client of an API on any free port."""
    app = create_app(settings, lambda: server.should_exit, door)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + START_S
    while not server.started:
        assert thread.is_alive(), "the API ended while starting"
        assert time.monotonic() < deadline, "the API did not start"
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30.0) as client:
        yield client
    server.should_exit = True
    thread.join()
