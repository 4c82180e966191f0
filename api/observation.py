"""Every request leaves a line in the log and its latency in the metrics.

Neither holds a secret: of the request they have the path, but no query, no header and no body.
"""

import logging
import re
import time
from contextlib import ExitStack

from prometheus_client import CollectorRegistry, Histogram
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workers.logs import about

log = logging.getLogger("solenoid.requests")

UNLOGGED = ("/healthz", "/readyz", "/metrics")
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_EXPERIMENT = re.compile(r"/v1/experiments/([0-9a-f-]{36})(?:/|$)")


class Observation:
    """ASGI middleware: measures until the answer begins, since event streams never end."""

    def __init__(self, app: ASGIApp, registry: CollectorRegistry) -> None:
        self.app = app
        self.latency = Histogram(
            "solenoid_request_seconds",
            "Seconds from a request until its answer begins.",
            ("method", "route", "status"),
            buckets=BUCKETS,
            registry=registry,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and look at how it is answered."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        start = time.perf_counter()

        async def seen(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._observe(scope, message, time.perf_counter() - start)
            await send(message)

        with ExitStack() as context:
            if found := _EXPERIMENT.match(scope["path"]):
                context.enter_context(about(found[1]))
            await self.app(scope, receive, seen)

    def _observe(self, scope: Scope, answer: Message, seconds: float) -> None:
        # A route is known once it was found; paths themselves would be labels without number.
        route = getattr(scope.get("route"), "path", "none")
        status = answer["status"]
        self.latency.labels(scope["method"], route, str(status)).observe(seconds)
        if scope["path"] in UNLOGGED:
            return
        extra = {
            "method": scope["method"],
            "path": scope["path"],
            "status": status,
            "seconds": round(seconds, 6),
            "caller": scope.get("solenoid_caller"),
        }
        if made := _EXPERIMENT.match(Headers(raw=answer["headers"]).get("location", "")):
            extra["experiment"] = made[1]
        log.info("request", extra=extra)
