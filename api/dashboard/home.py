"""Home: what this is, what is running, what came out last, and what to try."""

from typing import Any

from fastapi import APIRouter, Request, Response

from api.context import Context, Service
from api.dashboard.assets import prepare_vega
from api.dashboard.columns import headline
from api.dashboard.rendering import page
from api.dashboard.words import title
from api.experiments import Experiment, ListQuery, list_experiments
from api.sweeps import SweepQuery, list_sweeps
from core.kinds import KINDS
from core.presets import PRESETS

router = APIRouter()

MOST_RUNNING, MOST_QUEUED, LATEST, SWEEPS = 12, 100, 6, 4
OFFERED = ("toy", "phase-diagram-theory", "hidden-flips-linear-short", "speedup-linear-normal")
"""Presets for one click: half a minute at most, at the quick scale."""


@router.get("/")
def home_page(request: Request, service: Service) -> Response:
    """The first page."""
    first = page(
        request,
        "home.html",
        running=_found(service, "status = 'running'", MOST_RUNNING),
        queued=len(_found(service, "status = 'queued'", MOST_QUEUED)),
        most_queued=MOST_QUEUED,
        latest=[_shown(experiment) for experiment in _latest(service)],
        sweeps=list_sweeps(SweepQuery(limit=SWEEPS), service).items,
        presets=[PRESETS[name] for name in OFFERED],
        title=lambda thing: title(vars(thing)),
    )
    prepare_vega(service.settings)  # not before: for some seconds it takes a core
    return first


def _found(service: Context, where: str, limit: int) -> list[Experiment]:
    return list_experiments(ListQuery(where=where, limit=limit), service).items


def _latest(service: Context) -> list[Experiment]:
    """The newest results, of which a sweep has one however many it made."""
    found: list[Experiment] = []
    where = done = "status = 'succeeded'"
    while len(found) < LATEST and (older := _found(service, where, LATEST)):
        for experiment in older:
            if experiment.sweep is None or all(experiment.sweep != each.sweep for each in found):
                found.append(experiment)
        where = f"{done} and id < '{older[-1].id}'"
        sweeps = {f"'{each.sweep}'" for each in found if each.sweep}
        if sweeps:
            where += f" and (sweep is null or not sweep in ({', '.join(sorted(sweeps))}))"
    return found[:LATEST]


def _shown(experiment: Experiment) -> dict[str, Any]:
    first = next(iter(KINDS[experiment.kind].figures))
    name, cell = headline(experiment)
    return {
        "experiment": experiment,
        "figure": f"{experiment.links['figures']}/{first}.json",
        "metric": name,
        "cell": cell,
    }
