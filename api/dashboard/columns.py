"""The columns a table of experiments can show: parameters and metrics, by their query names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from api.dashboard.words import spaced
from api.experiments import Experiment
from core.experiment import Kind
from core.kinds import KINDS

PARAMETER, METRIC = "param.", "metric."
SHOWN_METRICS, SHOWN_ARMS = 2, 4


@dataclass(frozen=True)
class Column:
    """One column: its query name, its head, and what the head means."""

    name: str
    head: str
    help: str


@dataclass(frozen=True)
class Cell:
    """What a column says of one experiment: one value, or one per arm, of which more may be."""

    value: Any = None
    arms: Mapping[str, Any] | None = None
    more: int = 0


def offered(kind: str | None) -> dict[str, list[Column]]:
    """All columns to choose from, parameters and metrics, of one kind or of every kind."""
    kinds = [KINDS[kind]] if kind else list(KINDS.values())
    parameters = {
        c.name: Column(PARAMETER + c.name, spaced(c.name), c.dotted or "derived")
        for of_kind in kinds
        for c in of_kind.columns
    }
    metrics = {
        name: Column(METRIC + name, spaced(name), metric.description)
        for of_kind in kinds
        for name, metric in of_kind.metrics.items()
    }
    return {"Parameters": list(parameters.values()), "Metrics": list(metrics.values())}


def chosen(kind: str | None, names: Sequence[str]) -> list[Column]:
    """The named columns; without names the first metrics of the kind."""
    known = {column.name: column for group in offered(kind).values() for column in group}
    if not names and kind:
        names = [METRIC + name for name in list(KINDS[kind].metrics)[:SHOWN_METRICS]]
    return [known[name] for name in names if name in known]


def cells(experiment: Experiment, columns: Sequence[Column]) -> list[Cell]:
    """One experiment's values."""
    kind = KINDS[experiment.kind]
    wanted = any(column.name.startswith(PARAMETER) for column in columns)
    parameters = _parameters(kind, experiment.spec) if wanted else {}
    return [_cell(experiment, column.name, parameters) for column in columns]


def headline(experiment: Experiment) -> tuple[str, Cell]:
    """The first metric of the experiment's kind that has a value, of some arms, and its name."""
    for name in KINDS[experiment.kind].metrics:
        arms = _cell(experiment, METRIC + name, {}).arms
        if arms:
            shown = dict(list(arms.items())[:SHOWN_ARMS])
            return spaced(name), Cell(arms=shown, more=len(arms) - len(shown))
    return "", Cell()


def _cell(experiment: Experiment, name: str, parameters: Mapping[str, Any]) -> Cell:
    if name.startswith(PARAMETER):
        return Cell(value=parameters.get(name.removeprefix(PARAMETER)))
    metric = name.removeprefix(METRIC)
    found = {
        arm: values[metric].median
        for arm, values in (experiment.summary or {}).items()
        if metric in values
    }
    return Cell(arms={arm: value for arm, value in found.items() if value is not None} or None)


def _parameters(kind: Kind[Any], spec: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        return kind.parameters(kind.spec.model_validate(spec))
    except ValidationError:  # accepted by an earlier version of the kind
        return {}
