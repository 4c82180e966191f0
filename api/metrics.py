"""`/metrics` for Prometheus.

What is true of the service (queue, statuses, attempts) is read from the database at the moment of
the scrape, so that every API process tells the same and no worker needs to be asked. What is true
of one process (its latencies) it counts itself: each process is a target of its own.
"""

from collections.abc import Iterator, Mapping
from itertools import accumulate

import sqlalchemy as sa
from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from api.context import Context, Service
from api.problems import documented, problem
from store.statistics import BOUNDS_S, Durations, by_status, durations
from workers.broker import live_workers

router = APIRouter(tags=["system"])


@router.get(
    "/metrics",
    response_class=Response,
    responses={
        200: {"content": {"text/plain": {"schema": {"type": "string"}}}},
        **documented(503),
    },
)
def metrics(request: Request, service: Service) -> Response:
    """Figures in the text format of Prometheus."""
    try:
        state = generate_latest(_registry(service))
    except sa.exc.DBAPIError:
        return problem(503, "the database is away")
    own: CollectorRegistry = request.app.state.registry
    return Response(state + generate_latest(own), media_type=CONTENT_TYPE_LATEST)


def _registry(service: Context) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(State(service))
    return registry


class State(Collector):
    """The state of the service at the moment of a scrape."""

    def __init__(self, service: Context) -> None:
        self._service = service

    def describe(self) -> list[Metric]:
        """Nothing: registering must not ask the database."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Ask the database and the broker."""
        statuses = by_status(self._service.database)
        yield _by_status(statuses)
        yield _gauge("solenoid_queue_depth", "Experiments that wait.", statuses["queued"])
        yield _gauge("solenoid_running", "Experiments that run.", statuses["running"])
        attempts = durations(self._service.database)
        yield _histogram(attempts)
        expiries = CounterMetricFamily("solenoid_lease_expiries", "Attempts whose worker was lost.")
        expiries.add_metric([], sum(attempts["lost"].counts))
        yield expiries
        yield from self._workers()

    def _workers(self) -> Iterator[Metric]:
        """The broker and who can be reached through it."""
        try:
            slots: Mapping[str, int] | None = live_workers(self._service.broker)
        except (RedisError, OSError):
            slots = None
        yield _gauge("solenoid_broker_up", "Whether the broker answers.", int(slots is not None))
        if slots is not None:
            yield _gauge("solenoid_workers", "Workers that gave a sign of life.", len(slots))
            yield _gauge("solenoid_slots", "Experiments that can run at once.", sum(slots.values()))


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)


def _by_status(statuses: Mapping[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily("solenoid_experiments", "Experiments by status.", labels=["status"])
    for status, count in statuses.items():
        family.add_metric([status], count)
    return family


def _histogram(attempts: Mapping[str, Durations]) -> HistogramMetricFamily:
    family = HistogramMetricFamily(
        "solenoid_attempt_seconds",
        "Seconds that attempts took, by how they ended.",
        labels=["outcome"],
    )
    bounds = [*map(str, BOUNDS_S), "+Inf"]
    for outcome, each in attempts.items():
        buckets = list(zip(bounds, map(float, accumulate(each.counts)), strict=True))
        family.add_metric([outcome], buckets, sum_value=each.seconds)
    return family
