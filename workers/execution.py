"""One attempt at one experiment: claim, compute with no transaction open, commit."""

import logging
from dataclasses import dataclass
from functools import cache

import numpy as np
import redis
import sqlalchemy as sa

from core.experiment import Cancelled, ExperimentError, degenerate
from core.kernels.compiled import while_compiling
from core.kinds import KINDS
from store import datasets, inputs, results
from store.attempts import outcome_of
from store.database import Database
from store.settings import Settings, settings
from store.tables import TERMINAL
from store.transitions import Claim, LeaseLost, cancelled, claim, fail
from workers.broker import connect, leaves
from workers.events import publish
from workers.logs import about
from workers.reporter import Reporter
from workers.versions import versions

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Workplace:
    """What a worker process needs at hand."""

    settings: Settings
    database: Database
    broker: redis.Redis
    worker: str


@cache
def workplace(worker: str) -> Workplace:
    """That of this process, for as long as it lives."""
    configured = settings()
    return Workplace(
        configured, Database(configured.resolved_database_url), connect(configured), worker
    )


def run_next(place: Workplace) -> bool:
    """Run the experiment that waits first, however it ends; False if nobody waits, or to leave."""
    if leaves(place.broker, place.worker):
        return False
    claimed = claim(place.database, worker=place.worker, lease_s=place.settings.lease_s)
    if claimed is None:
        return False
    with about(claimed.id):
        log.info("attempt %d begins", claimed.attempt)
        _tell(place, claimed, "running")
        status = _ended(place, claimed)
        if status is not None:
            log.info("attempt %d %s", claimed.attempt, status)
            _tell(place, claimed, status)
    return True


def _ended(place: Workplace, claimed: Claim) -> str | None:
    """Compute and write the end; its status, or None when another attempt owns the experiment."""
    try:
        return _outcome(place, Reporter(place.settings, place.database, place.broker, claimed))
    except LeaseLost:
        outcome = outcome_of(place.database, claimed.id, claimed.attempt)
        if outcome in TERMINAL:  # written by a transaction whose answer was lost, and then again
            return outcome
        log.warning("attempt %d lost its lease", claimed.attempt)
        return None
    except sa.exc.OperationalError as away:
        # A full disk, a database that is gone: no fault of the experiment, whose lease has run out.
        log.warning("attempt %d cannot be written: %s", claimed.attempt, away)
        return None


def _outcome(place: Workplace, reporter: Reporter) -> str:
    try:
        made = _computed(place, reporter)
        reporter.end(lambda database, claimed: results.commit(database, claimed, made))
    except Cancelled:
        reporter.end(cancelled)
        return "cancelled"
    except ExperimentError as mendable:
        return _failed(reporter, str(mendable))
    except np.linalg.LinAlgError as broken:
        log.warning("attempt %d: %s", reporter.claimed.attempt, broken)
        return _failed(reporter, degenerate(broken))
    except MemoryError:
        # Left to Celery, this would end the whole worker and its other experiments.
        limit = place.settings.memory_limit_bytes / 2**30
        return _failed(reporter, f"ran out of memory: the limit here is {limit:.1f} GiB")
    except (LeaseLost, sa.exc.OperationalError):
        raise
    except Exception:  # a bug must end the experiment, not the worker
        log.exception("attempt %d: unexpected error", reporter.claimed.attempt)
        return _failed(reporter, "an internal error; the worker's log has its traceback")
    return "succeeded"


def _failed(reporter: Reporter, error: str) -> str:
    reporter.end(lambda database, claimed: fail(database, claimed, error))
    return "failed"


def _computed(place: Workplace, reporter: Reporter) -> results.Outcome:
    claimed = reporter.claimed
    kind = KINDS[claimed.kind]
    spec = kind.spec.model_validate(claimed.spec)
    files = kind.datasets(spec)
    given = {name: datasets.load(place.settings, name, reporter.alive) for name in files}
    given |= {name: inputs.load(place.database, name) for name in kind.experiments(spec)}
    (spec,) = inputs.pinned(place.database, kind, [spec])
    with while_compiling(reporter.compiling):
        result = kind.run(spec, given, reporter)
    return results.prepare(claimed.id, kind, spec, result, versions(), reporter.alive)


def _tell(place: Workplace, claimed: Claim, status: str) -> None:
    content = {"id": claimed.id, "status": status, "progress": float(status == "succeeded")}
    publish(place.broker, claimed.id, "status", content)
