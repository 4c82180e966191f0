"""A TCP relay in front of the service that can cut its connections, as networks do."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx


class Relay:
    """Passes bytes on; `swallow` answers are cut off before their first byte."""

    def __init__(self, target: str) -> None:
        address = httpx.URL(target)
        self._target = (address.host, address.port or 80)
        self._server = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.swallow = 0
        self._passing = threading.Event()
        self._passing.set()

    @property
    def url(self) -> str:
        """Where the relay listens."""
        return f"http://127.0.0.1:{self._server.getsockname()[1]}"

    def partition(self) -> None:
        """Pass nothing on, without telling anybody."""
        self._passing.clear()

    def heal(self) -> None:
        """Pass everything on again, also what came meanwhile."""
        self._passing.set()

    def cut(self) -> None:
        """Break every connection there is."""
        for end in self._open:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def accept(self) -> None:
        """Relay until closed."""
        with contextlib.suppress(OSError):
            while True:
                here, _ = self._server.accept()
                there = socket.create_connection(self._target)
                self._open += [here, there]
                for source, sink, answers in ((here, there, False), (there, here, True)):
                    _in_background(self._pass_on, source, sink, answers)

    def close(self) -> None:
        """Stop listening and break what is open."""
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self.cut()
        for end in self._open:
            end.close()

    def _pass_on(self, source: socket.socket, sink: socket.socket, answers: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if answers and self.swallow:
                    self.swallow -= 1
                    break
                self._passing.wait()
                sink.sendall(data)
            for end in (source, sink):
                end.shutdown(socket.SHUT_RDWR)


@contextmanager
def relay(target: str) -> Iterator[Relay]:
    """A relay to the service at `target`."""
    relaying = Relay(target)
    _in_background(relaying.accept)
    yield relaying
    relaying.close()


def _in_background(work: object, *arguments: object) -> None:
    assert callable(work)
    threading.Thread(target=work, args=arguments, daemon=True).start()
