"""One experiment: its spec in words, what came of it, and all it takes to repeat or cite it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response

from api.access import present_token
from api.context import Context, Service
from api.dashboard.rendering import page
from api.dashboard.spec_form import tree
from api.dashboard.words import title
from api.experiments import Experiment, Id, show
from api.kinds import KindEntry, show_kind
from api.query import ResultsQuery, query_results
from api.results import list_arrays, list_figures
from core.kinds import KINDS

router = APIRouter()

PRINTED = ("report",)


@router.get("/experiments/{id:uuid}")
def experiment_page(id: Id, request: Request, service: Service) -> Response:
    """One experiment."""
    return page(request, "experiment.html", **shown(request, id, service))


@router.get("/experiments/{id:uuid}/report")
def report_page(id: Id, request: Request, service: Service) -> Response:
    """The same on paper: every figure and every number, nothing to press."""
    return page(request, "report.html", **shown(request, id, service))


def shown(request: Request, id: Id, service: Context) -> dict[str, Any]:
    """All that a page of an experiment shows."""
    experiment = show(id, service)
    kind = show_kind(experiment.kind)
    succeeded = experiment.status == "succeeded"
    return {
        "experiment": experiment,
        "title": title(vars(experiment)),
        "kind": kind,
        "words": tree(kind.spec_schema, experiment.spec),
        "spec": json.dumps(experiment.spec, indent=2),
        "figures": list_figures(id, service).items,
        "wide": [name for name, figure in KINDS[experiment.kind].figures.items() if figure.wide],
        "numbers": _numbers(experiment, kind, service) if succeeded else None,
        "arrays": list_arrays(id, service).items if succeeded else [],
        "curl": _curl(experiment, str(request.base_url)),
        "python": _python(experiment, str(request.base_url)),
        "citation": _citation(experiment, kind),
        "printed": experiment.kind.endswith(PRINTED),
    }


@dataclass(frozen=True)
class Spread:
    """One metric of one arm over its replicates: the median as the summary has it, 10th and 90th
    percentiles of the values there are."""

    median: float | None
    low: float | None
    high: float | None
    missing: int


@dataclass(frozen=True)
class Numbers:
    """The table of metrics: those that any arm has a value of, arm by arm."""

    arms: Sequence[str]
    replicates: int
    rows: Mapping[str, Mapping[str, Spread]]


def _numbers(experiment: Experiment, kind: KindEntry, service: Context) -> Numbers:
    terms = [term for name in kind.metrics for term in _ends(f"metric.{name}")]
    asked = ResultsQuery(
        where=f"experiment = '{experiment.id}'",
        kind=experiment.kind,
        group_by="arm",
        aggregate=", ".join(["count()", *terms]),
    )
    answers = [list(row.values()) for row in query_results(asked, service).items]
    found = {arm: (count, values) for arm, count, *values in answers}
    arms = [arm for arm in experiment.summary or {} if arm in found]
    rows = {
        name: {arm: _spread(experiment, arm, name, found[arm][1][2 * place :]) for arm in arms}
        for place, name in enumerate(kind.metrics)
    }
    return Numbers(
        arms=arms,
        replicates=max((found[arm][0] for arm in arms), default=0),
        rows={
            name: of_arms
            for name, of_arms in rows.items()
            if any(spread.low is not None for spread in of_arms.values())
        },
    )


def _ends(metric: str) -> tuple[str, str]:
    return f"quantile({metric}, 0.1)", f"quantile({metric}, 0.9)"


def _spread(experiment: Experiment, arm: str, name: str, values: Sequence[Any]) -> Spread:
    summary = (experiment.summary or {}).get(arm, {}).get(name)
    if summary is None:
        return Spread(None, None, None, 0)
    return Spread(summary.median, values[0], values[1], summary.missing)


def _curl(experiment: Experiment, base: str) -> str:
    body = json.dumps({"kind": experiment.kind, "spec": experiment.spec}, indent=2)
    quoted = body.replace("'", "'\\''")
    token = "" if present_token() is None else ' -H "Authorization: Bearer $SOLENOID_TOKEN"'
    return f"curl -s {base}v1/experiments{token} -H 'Content-Type: application/json' -d '{quoted}'"


def _python(experiment: Experiment, base: str) -> str:
    spec = json.dumps(experiment.spec, indent=4)
    return (
        "import json\n\nfrom solenoid import Client\n\n"
        f'spec = json.loads(r"""{spec}""")\n\n'
        f'with Client("{base.rstrip("/")}") as client:\n'
        f'    experiment = client.submit("{experiment.kind}", spec)\n'
        "    experiment.wait()\n"
        "    print(experiment.results().to_pandas())\n"
    )


def _citation(experiment: Experiment, kind: KindEntry) -> list[str]:
    """What to write into a paper: what computed this, and whose method it is."""
    versions: Mapping[str, str] = experiment.versions or {}
    solenoid = versions.get("solenoid", "")
    seed = f", seed {experiment.spec['seed']}" if "seed" in experiment.spec else ""
    made = f"Computed with Solenoid {solenoid}".strip()
    what = f"{experiment.kind} version {experiment.kind_version}{seed}"
    own = f"{made}: {what}, experiment {experiment.id}."
    return [own, *kind.references]
