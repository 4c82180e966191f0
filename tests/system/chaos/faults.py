"""What may break, each as one function of the world. Some mend themselves after a while."""

import contextlib
import random
import resource
import signal
import threading
from collections.abc import Callable, Mapping
from functools import partial

import psutil

from tests.system.chaos.world import SETTINGS, SLOTS, World

Fault = Callable[[World, random.Random], None]

CHILD, WORKER, API, BROKER = "spawn_main", "-m workers --slots", "-m api", "valkey-server"
FULL_S = 2.0


def fault_of(name: str, number: signal.Signals = signal.SIGKILL) -> Fault:
    """A signal to one process of a name."""

    def strike(world: World, rng: random.Random) -> None:
        if (process := _one(world, rng, name)) is not None:
            process.send_signal(number)

    return strike


def stop_child(world: World, rng: random.Random) -> None:
    """SIGSTOP for longer than the lease: the zombie that wakes up must not write."""
    process = _one(world, rng, CHILD)
    if process is None:
        return
    process.send_signal(signal.SIGSTOP)
    _later(float(SETTINGS["lease_s"]) + 2.0, lambda: process.send_signal(signal.SIGCONT))


def fill_disk(world: World, rng: random.Random) -> None:
    """No process of the stack can make any file longer, for a while."""
    limited = [each for name in (CHILD, WORKER, API) for each in _all(world, name)]
    for process in limited:
        _limit_files(process, 0)
        _later(FULL_S, partial(_limit_files, process, resource.RLIM_INFINITY))


def fill_database(world: World, rng: random.Random) -> None:
    """SQLite may not grow, for a while: its own `max_page_count`, set as `preload` says."""
    full = world.folder / "full"
    full.touch()
    _later(FULL_S, partial(full.unlink, missing_ok=True))


def restart_database(world: World, rng: random.Random) -> None:
    """PostgreSQL loses every connection and comes back."""
    if world.server is not None:
        world.server.restart()


def kill_stack(world: World, rng: random.Random) -> None:
    """The supervisor is killed, and the next one finds what it left."""
    world.kill()


FAULTS: Mapping[str, Fault] = {
    "kill child": fault_of(CHILD),
    "kill worker": fault_of(WORKER),
    "kill API": fault_of(API),
    "kill broker and its data": fault_of(BROKER),
    "stop child beyond its lease": stop_child,
    "fill disk": fill_disk,
    "fill database": fill_database,
    "restart database": restart_database,
    "kill stack": kill_stack,
}


MOST_LOST: Mapping[str, int] = {
    "kill child": 1,
    "kill worker": SLOTS,
    "kill API": 0,
    "kill broker and its data": 0,
    "stop child beyond its lease": 1,
    "fill disk": SLOTS,
    "fill database": SLOTS,
    "restart database": SLOTS,
    "kill stack": SLOTS,
}
"""How many attempts a fault may cost."""


def schedule(rng: random.Random, count: int) -> list[str]:
    """Names of faults in random order, each as often as any other, but for one."""
    rounds = [rng.sample(list(FAULTS), len(FAULTS)) for _ in range(-(-count // len(FAULTS)))]
    return [name for one in rounds for name in one][:count]


def _one(world: World, rng: random.Random, name: str) -> psutil.Process | None:
    found = _all(world, name)
    return rng.choice(found) if found else None


def _all(world: World, name: str) -> list[psutil.Process]:
    with contextlib.suppress(psutil.NoSuchProcess):
        return world.stack.descendants(name)
    return []


def _later(seconds: float, undo: Callable[[], object]) -> None:
    def undone() -> None:
        with contextlib.suppress(psutil.NoSuchProcess):
            undo()

    timer = threading.Timer(seconds, undone)
    timer.daemon = True
    timer.start()


def _limit_files(process: psutil.Process, size: int) -> None:
    with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
        _, hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size, hard))
