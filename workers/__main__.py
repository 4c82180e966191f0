"""`python -P -m workers [--slots N]`: one worker, its pool, and its share of dispatching."""

import argparse
import os
import sys
import threading
from pathlib import Path

from store.settings import settings
from workers.process import environment, new_name, set_defaults

set_defaults(environment(settings().data_dir))

from celery import signals  # noqa: E402, numpy reads its environment when it is first imported
from celery.apps.worker import Worker  # noqa: E402

from store.database import Database  # noqa: E402
from store.incoming import sweep  # noqa: E402
from workers.broker import PATIENT_S, connect  # noqa: E402
from workers.dispatcher import Dispatcher  # noqa: E402
from workers.logs import log_json_lines  # noqa: E402
from workers.tasks import app  # noqa: E402


class Leaving(Worker):  # type: ignore[misc]  # it is untyped
    """Celery's worker, which stops as if it were told to also where an error of its own ends it.

    Celery's own would then wait for what still runs, however long, and take nothing new. Celery 5.7
    meets such an error when the broker comes back while a dead child is not yet cleared away.
    """

    def stop(self, in_sighandler: bool = False, exitcode: int | None = None) -> None:
        """Let the dispatcher hand back what runs after the grace time, and wait for it."""
        signals.worker_shutting_down.send(
            sender=self.hostname, sig="none", how="Warm", exitcode=exitcode
        )
        super().stop(in_sighandler, exitcode)


def main() -> None:
    """Run until told to stop."""
    arguments = argparse.ArgumentParser(prog="python -P -m workers", description=__doc__)
    arguments.add_argument("--slots", type=int, default=os.cpu_count() or 1)
    slots = arguments.parse_args().slots
    name = new_name()
    log_json_lines()  # before Celery has something to say
    print_nothing()
    sweep(settings())
    dispatch(name, slots)
    app.Worker = app.subclass_with_self(Leaving)
    # Gossip, mingle and heartbeats are talk among workers, who here meet in the database.
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    # The level is that of Celery's own handlers, which ours replace, but for its pool's.
    app.worker_main(
        [
            "--quiet",
            "worker",
            f"--hostname={name}",
            f"--concurrency={slots}",
            "--loglevel=WARNING",
            *quiet,
        ]
    )


def print_nothing() -> None:
    """Give standard output away: there Celery says that it stops, in words that are no JSON."""
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


def dispatch(name: str, slots: int) -> None:
    """Dispatch in a thread from when the worker is ready until it shuts down."""
    configured = settings()
    dispatcher = Dispatcher(
        configured,
        app,
        Database(configured.resolved_database_url),
        connect(configured, PATIENT_S),
        name,
        slots,
    )
    thread = threading.Thread(target=dispatcher.run, name="dispatcher", daemon=True)
    signals.worker_ready.connect(lambda **_: thread.start(), weak=False)
    signals.worker_shutting_down.connect(lambda **_: dispatcher.stop(), weak=False)
    signals.worker_shutdown.connect(lambda **_: dispatcher.end(), weak=False)


if __name__ == "__main__":
    main()
