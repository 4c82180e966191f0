"""Home: what this is, what is running, what came out last, and what to try."""

from typing import Any

from fastapi import Request, Response

from api.context import Context, Service
from api.dashboard.assets import prepare_vega
from api.dashboard.columns import headline
from api.dashboard.rendering import page
from api.dashboard.routing import pages
from api.dashboard.words import title
from api.experiments import Experiment, ListQuery, list_experiments
from api.pages import PageQuery
from api.sweeps import list_sweeps
from core.kinds import KINDS
from core.presets import PRESETS

router = pages()

MOST_RUNNING, MOST_QUEUED, LATEST, SWEEPS = 12, 100, 6, 4
LOOKED_AT = 60  # for the latest results, of which a sweep has one
OFFERED = ("toy", "phase-diagram-theory", "hidden-flips-linear-short", "speedup-linear-normal")
"""Presets for one click: half a minute at most, at the quick scale."""


@router.get("/")
def home_page(request: Request, service: Service) -> Response:
    """The first page."""
    prepare_vega(service.settings)
    latest = _one_of_a_sweep(
        # A sweep may be larger than what is looked at: what it would hide is asked for beside it.
        *_found(service, "status = 'succeeded'", LOOKED_AT),
        *_found(service, "status = 'succeeded' and sweep is null", LATEST),
    )[:LATEST]
    return page(
        request,
        "home.html",
        running=_found(service, "status = 'running'", MOST_RUNNING),
        queued=len(_found(service, "status = 'queued'", MOST_QUEUED)),
        most_queued=MOST_QUEUED,
        latest=[_latest(experiment) for experiment in latest],
        sweeps=list_sweeps(PageQuery(limit=SWEEPS), service).items,
        presets=[PRESETS[name] for name in OFFERED],
        title=lambda thing: title(vars(thing)),
    )


def _found(service: Context, where: str, limit: int) -> list[Experiment]:
    return list_experiments(ListQuery(where=where, limit=limit), service).items


def _one_of_a_sweep(*found: Experiment) -> list[Experiment]:
    """The newest of each sweep and all others, newest first."""
    newest: dict[str, Experiment] = {}
    for experiment in sorted(found, key=lambda each: each.id, reverse=True):
        newest.setdefault(experiment.sweep or experiment.id, experiment)
    return list(newest.values())


def _latest(experiment: Experiment) -> dict[str, Any]:
    first = next(iter(KINDS[experiment.kind].figures))
    name, cell = headline(experiment)
    return {
        "experiment": experiment,
        "figure": f"{experiment.links['figures']}/{first}.json",
        "metric": name,
        "cell": cell,
    }
