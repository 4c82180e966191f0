"""One experiment: its spec in words, what came of it, and all it takes to repeat or cite it."""

import json
from collections.abc import Mapping
from typing import Any

from fastapi import Request, Response

from api.context import Context, Service
from api.dashboard.rendering import page
from api.dashboard.routing import pages
from api.dashboard.spec_form import tree
from api.dashboard.words import title
from api.experiments import Experiment, Id, show
from api.kinds import KindEntry, show_kind
from api.query import ResultsQuery, query_results
from api.results import list_arrays, list_figures

router = pages()

SPREAD = {"median": "median({})", "low": "quantile({}, 0.1)", "high": "quantile({}, 0.9)"}
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
        "metrics": _metrics(experiment, kind, service) if succeeded else [],
        "arrays": list_arrays(id, service).items if succeeded else [],
        "curl": _curl(experiment, str(request.base_url)),
        "python": _python(experiment, str(request.base_url)),
        "citation": _citation(experiment, kind),
        "printed": experiment.kind.endswith(PRINTED),
    }


def _metrics(
    experiment: Experiment, kind: KindEntry, service: Context
) -> list[tuple[str, Any, dict[str, Any]]]:
    """Each metric with its spread over the replicates of every arm."""
    terms = [form.format(f"metric.{name}") for name in kind.metrics for form in SPREAD.values()]
    asked = ResultsQuery(
        where=f"experiment = '{experiment.id}'",
        kind=experiment.kind,
        group_by="arm",
        aggregate=", ".join(["count()", *terms]),
    )
    rows = {row["arm"]: list(row.values()) for row in query_results(asked, service).items}
    arms = [arm for arm in experiment.summary or {} if arm in rows]
    table = []
    for place, (name, metric) in enumerate(kind.metrics.items()):
        first = 2 + place * len(SPREAD)
        cells = {
            arm: {
                **dict(zip(SPREAD, rows[arm][first:], strict=False)),
                **_missing(experiment, arm, name),
            }
            for arm in arms
        }
        if any(cell["median"] is not None for cell in cells.values()):
            table.append(
                (name, metric, {**cells, "": {"replicates": max(rows[arm][1] for arm in arms)}})
            )
    return table


def _missing(experiment: Experiment, arm: str, name: str) -> dict[str, int]:
    found = (experiment.summary or {}).get(arm, {}).get(name)
    return {"missing": found.missing if found else 0}


def _curl(experiment: Experiment, base: str) -> str:
    body = json.dumps({"kind": experiment.kind, "spec": experiment.spec}, indent=2)
    quoted = body.replace("'", "'\\''")
    return f"curl -s {base}v1/experiments -H 'Content-Type: application/json' -d '{quoted}'"


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
