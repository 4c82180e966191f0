"""One JSON object per line: what every process of the service writes to its log.

A line that is about an experiment carries its id as `experiment`, wherever in the code it comes
from: the id is put in place once, where the work on an experiment begins.
"""

import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_EXPERIMENT: ContextVar[str | None] = ContextVar("experiment", default=None)

FIELDS = ("experiment", "sweep", "caller", "method", "path", "status", "seconds")
QUIET = ("httpx", "httpcore", "alembic", "celery.worker.strategy", "celery.app.trace")
"""They would write a line for every message or request, and the URL of a webhook is a secret."""

_SECRET = re.compile(r"solenoid_[\w-]{43}")
"""What a token looks like, wherever its owner has put it by mistake, such as into a path."""

POOL = "multiprocessing"
"""The logger of Celery's pool, which says there that a process has died, and which."""


@contextmanager
def about(experiment: str) -> Iterator[None]:
    """Everything logged meanwhile is about this experiment."""
    before = _EXPERIMENT.set(experiment)
    try:
        yield
    finally:
        _EXPERIMENT.reset(before)


class JsonLines(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Time, level, logger, message, and of `FIELDS` what is known."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "process": record.process,
            "message": record.getMessage(),
            "experiment": _EXPERIMENT.get(),
        }
        line |= {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        text = json.dumps({name: value for name, value in line.items() if value is not None})
        return _SECRET.sub("solenoid_...", text)


def log_json_lines() -> None:
    """Let every logger of this process write JSON lines to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(True)
    pool = logging.getLogger(POOL)  # which the pool cuts off from the root
    pool.handlers, pool.propagate = [handler], False
    logging.getLogger("celery.worker.request").addFilter(_is_news)


def _is_news(record: logging.LogRecord) -> bool:
    """Celery tells the same with a traceback of its own, which knows neither process nor work."""
    return "WorkerLostError" not in record.getMessage()
