"""`python -P -m workers.embedded`: the whole service on one machine, as real processes.

A Redis-protocol server on a unix socket, one worker with its pool, and the API; the database is
migrated first. This process only starts, watches and stops them. It is light on purpose: it
imports neither the science nor the database.
"""

import argparse
import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import httpx
import redis
from celery.platforms import set_pdeathsig

from store.settings import PRIVATE, Settings, read_settings
from workers.addresses import free_port, needs_token, open_to_all, url_of
from workers.process import environment
from workers.redis_server import command as redis_command
from workers.redis_server import private_socket

START_S = 120.0
POLL_S = 0.05
RESTART_PAUSE_S = 1.0
QUICK_S = 10.0
MAX_QUICK_DEATHS = 5


class StartFailed(Exception):
    """A process of the stack ended or did not answer while the stack was starting."""


class AlreadyRunning(Exception):
    """Another stack holds this data directory."""


@dataclass
class Process:
    """One process of the stack, in its own session: Ctrl-C reaches only the supervisor."""

    name: str
    command: list[str]
    variables: dict[str, str]
    folder: Path
    lasting: bool
    running: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    quick_deaths: int = 0

    def start(self) -> None:
        """Start it, with its output in `logs/NAME.log`."""
        self.started_at = time.monotonic()
        with (self.folder / "logs" / f"{self.name}.log").open("ab") as log:
            self.running = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=self.variables,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self.running is not None and self.running.poll() is None

    def stop(self, patience_s: float) -> None:
        """Ask it to end, wait, then end it and whatever it started."""
        if self.running is None:
            return
        for number, wait_s in ((signal.SIGTERM, patience_s), (signal.SIGQUIT, 3.0)):
            if self._ended_after(number, wait_s):
                break
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.running.pid, signal.SIGKILL)
        self.running.wait()

    def _ended_after(self, number: signal.Signals, wait_s: float) -> bool:
        assert self.running is not None
        if self.alive:
            self.running.send_signal(number)
        try:
            self.running.wait(wait_s)
        except subprocess.TimeoutExpired:
            return False
        return True


def _die_with_parent() -> None:
    """Linux: end with the supervisor, however that ends. Elsewhere leases make orphans harmless."""
    set_pdeathsig(signal.SIGTERM)


@dataclass
class Stack:
    """The processes in starting order; they are stopped in the reverse one."""

    settings: Settings
    host: str
    port: int
    slots: int
    processes: list[Process] = field(default_factory=list)
    cleanup: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    @property
    def url(self) -> str:
        """Where the API answers."""
        return url_of(self.host, self.port)

    def start(self) -> None:
        """Start everything and return when an experiment submitted now would run."""
        folder = self.settings.data_dir
        variables = {**environment(folder), **os.environ, "PYTHONSAFEPATH": "1"}
        variables["SOLENOID_DATA_DIR"] = str(folder)
        python = [sys.executable, "-P", "-m"]
        if needs_token(self.settings, self.host):
            known = _finish([*python, "store.tokens", "list"], variables, folder)
            if not known:
                raise StartFailed(open_to_all(self.host))
        variables["SOLENOID_REDIS_URL"] = self._broker(variables)
        # Of a database that is ours alone; on another one other machines may be at work.
        ours = ["take-over"] if self.settings.database_url is None else []
        _say(_finish([*python, "migrations", *ours], variables, folder))
        at = ["--host", self.host, "--port", str(self.port)]
        self._launch("worker", [*python, "workers", "--slots", str(self.slots)], variables)
        self._launch("api", [*python, "api", *at], variables)
        self._await_ready()
        self._launch("warm", [*python, "workers.warm"], variables, lasting=False)

    def watch(self) -> None:
        """Restart whatever dies, until a signal ends the wait."""
        while True:
            time.sleep(RESTART_PAUSE_S)
            for process in self.processes:
                if not process.alive and process.lasting:
                    _restart(process)

    def stop(self) -> None:
        """API first, so that nothing new comes in; then workers; the broker last."""
        for process in reversed(self.processes):
            process.stop(self.settings.grace_s + 5.0)
        self.cleanup.close()

    def _launch(
        self, name: str, command: list[str], variables: dict[str, str], *, lasting: bool = True
    ) -> None:
        process = Process(name, command, variables, self.settings.data_dir, lasting)
        self.processes.append(process)
        process.start()

    def _broker(self, variables: dict[str, str]) -> str:
        if self.settings.redis_url is not None:
            return self.settings.redis_url
        path = self.cleanup.enter_context(private_socket(self.settings.data_dir))
        self._launch("redis", redis_command(path), variables)
        client = redis.Redis(unix_socket_path=str(path))
        self._until("redis", lambda: bool(client.ping()))
        client.close()
        return f"unix://{path}"

    def _await_ready(self) -> None:
        # Not through a proxy that the environment may name: this is our own machine.
        with httpx.Client(base_url=self.url, trust_env=False) as client:
            self._until("api", lambda: client.get("/readyz").status_code == 200)

    def _until(self, name: str, holds: Any) -> None:
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            dead = [process for process in self.processes if not process.alive]
            if dead:
                raise StartFailed(f"{dead[0].name} ended while starting\n{_log(dead[0])}")
            with contextlib.suppress(redis.RedisError, httpx.HTTPError):
                if holds():
                    return
            time.sleep(POLL_S)
        raise StartFailed(f"{name} did not answer within {START_S:g} s")


@contextlib.contextmanager
def sole_owner(folder: Path) -> Iterator[IO[str]]:
    """Hold a data directory; a second stack on it is refused, naming the first."""
    with (folder / "stack.json").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise AlreadyRunning(f"another stack runs on {folder}: {lock.read()}") from None
        _tell(lock)
        yield lock
        lock.truncate(0)


def _tell(lock: IO[str], **state: str) -> None:
    """Let others know whose directory this is; its `url` is there once the stack answers."""
    lock.truncate(0)
    json.dump({"pid": os.getpid(), **state}, lock)
    lock.flush()


def main() -> None:
    """Run the stack in the foreground until SIGINT or SIGTERM."""
    arguments = argparse.ArgumentParser(prog="solenoid up", description=__doc__)
    arguments.add_argument("--data-dir", type=Path, help="where everything is kept")
    arguments.add_argument("--host", default="127.0.0.1")
    arguments.add_argument("--port", type=int, default=8000, help="0: any free one")
    arguments.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    given = arguments.parse_args()
    try:
        settings = _settings(given.data_dir)
        with sole_owner(settings.data_dir) as lock:
            port = _free_port(given.host, given.port)
            _tell(lock, starting=url_of(given.host, port))
            _say("starting")
            _run(Stack(settings, given.host, port, given.workers), lock)
    except (AlreadyRunning, StartFailed) as failed:
        raise SystemExit(str(failed)) from None


def _settings(data_dir: Path | None) -> Settings:
    try:
        given = {} if data_dir is None else {"data_dir": data_dir.absolute()}
        settings = read_settings(**given)
        # Others on the machine have no business in it: uploads, and the URLs of webhooks.
        settings.data_dir.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        for inner in (settings.data_dir / "logs", settings.datasets_dir):
            inner.mkdir(mode=PRIVATE, exist_ok=True)
    except OSError as unusable:
        raise StartFailed(f"the data directory cannot be used: {unusable}") from None
    return settings


def _run(stack: Stack, lock: IO[str]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        stack.start()
        _tell(lock, url=stack.url)
        _say(f"Solenoid answers at {stack.url}")
        _say(f"data, logs and database: {stack.settings.data_dir}")
        _say("Ctrl-C stops it; running experiments go on at the next start")
        stack.watch()
    except KeyboardInterrupt:
        _say("stopping")
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        stack.stop()


def _restart(process: Process) -> None:
    quick = time.monotonic() - process.started_at < QUICK_S
    process.quick_deaths = process.quick_deaths + 1 if quick else 1
    if process.quick_deaths > MAX_QUICK_DEATHS:
        raise StartFailed(f"{process.name} dies as soon as it is started\n{_log(process)}")
    _say(f"{process.name} has died; starting it again")
    process.start()


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _finish(command: list[str], variables: dict[str, str], folder: Path) -> str:
    """Run a command to its end; what it printed."""
    done = subprocess.run(
        command, env=variables, cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise StartFailed(f"{' '.join(command)} failed\n{done.stderr}")
    return done.stdout.rstrip()


def _log(process: Process) -> str:
    text = (process.folder / "logs" / f"{process.name}.log").read_text(errors="replace")
    return "\n".join(text.splitlines()[-20:])


def _free_port(host: str, wanted: int) -> int:
    """The port that is wanted, or any free one for 0; raises `StartFailed` if it is taken."""
    try:
        return free_port(host, wanted)
    except OSError as taken:
        raise StartFailed(
            f"{host}:{wanted} cannot be served: {taken.strerror}; --port 0 takes any free port"
        ) from None


def _say(line: str) -> None:
    if line:
        sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
