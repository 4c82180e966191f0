"""A comparison as a user holds it: several experiments beside each other, and their figures."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from solenoid.errors import NotFound
from solenoid.experiment import Experiment
from solenoid.figure import Figure
from solenoid.table import Table
from solenoid.transport import Transport

if TYPE_CHECKING:
    import pandas as pd

PATH = "/v1/compare"
ABSENT = "absent"
_TAKEN = ("field", "arm", "metric", "unit")


class Comparison:
    """Experiments beside each other, as they were when they were compared."""

    def __init__(self, transport: Transport, data: Mapping[str, Any]) -> None:
        self._transport = transport
        self.data = data

    @property
    def experiments(self) -> "pd.DataFrame":
        """What each experiment is called here, its id, kind and status."""
        return experiment_table(self.data).to_pandas()

    @property
    def differences(self) -> "pd.DataFrame":
        """The fields in which the specs differ; `absent` where a spec has no such field."""
        return difference_table(self.data).to_pandas()

    @property
    def metrics(self) -> "pd.DataFrame":
        """The medians of every metric by arm, a column for each experiment."""
        return metric_table(self.data).to_pandas()

    @property
    def ranking(self) -> "pd.DataFrame":
        """The experiments in order, equal values on one rank; empty unless ranked by a metric."""
        return ranking_table(self.data).to_pandas()

    def figures(self) -> list[Figure]:
        """The figures that show all of them in one frame; none for experiments of two kinds."""
        params = {"ids": ",".join(one["id"] for one in self.data["experiments"])}
        return [
            Figure(self._transport, f"{PATH}/figures", each["name"], each["description"], params)
            for each in self.data["figures"]
        ]

    def figure(self, name: str) -> Figure:
        """One of these figures by name."""
        known = {figure.name: figure for figure in self.figures()}
        if name not in known:
            there = ", ".join(known) or "none"
            raise NotFound(404, f"this comparison has no figure {name!r}; it has {there}")
        return known[name]

    def __repr__(self) -> str:
        return f"<Comparison of {', '.join(_columns(self.data).values())}>"

    def _repr_html_(self) -> str:
        same = f"<p>{self.data['same']} fields of the specs are the same</p>"
        tables = (difference_table(self.data), metric_table(self.data), ranking_table(self.data))
        shown = "".join(table._repr_html_() for table in tables if table)
        return experiment_table(self.data)._repr_html_() + same + shown


def compared(
    transport: Transport,
    experiments: Iterable[str | Experiment],
    *,
    rank_by: str | None,
    arm: str | None,
    order: str | None,
) -> Comparison:
    """Ask the service to compare experiments, given themselves or by their ids."""
    ids = [one.id if isinstance(one, Experiment) else one for one in experiments]
    asked = {"rank_by": rank_by, "arm": arm, "order": order}
    return Comparison(transport, transport.get(PATH, ids=",".join(ids), **asked))


def experiment_table(data: Mapping[str, Any]) -> Table:
    """The experiments by what they are called."""
    facts = ("label", "id", "kind", "status")
    return Table(tuple({fact: one[fact] for fact in facts} for one in data["experiments"]))


def difference_table(data: Mapping[str, Any]) -> Table:
    """The fields in which the specs differ, a column for each experiment."""
    return _side_by_side(data, data["differences"], {"field": "path"}, ABSENT)


def metric_table(data: Mapping[str, Any]) -> Table:
    """The medians by arm and metric, a column for each experiment."""
    heads = {name: name for name in ("arm", "metric", "unit")}
    return _side_by_side(data, data["metrics"], heads, None)


def ranking_table(data: Mapping[str, Any]) -> Table:
    """The experiments in the order of the metric they were ranked by."""
    columns = _columns(data)
    return Table(
        tuple(
            {
                "rank": place["rank"],
                "label": columns[place["experiment"]],
                "arm": place["arm"],
                "value": place["value"],
                "experiment": place["experiment"],
            }
            for place in data["ranking"] or ()
        )
    )


def _side_by_side(
    data: Mapping[str, Any],
    items: Sequence[Mapping[str, Any]],
    heads: Mapping[str, str],
    missing: str | None,
) -> Table:
    columns = _columns(data)
    rows = (
        {head: item[part] for head, part in heads.items()}
        | {name: item["values"].get(id, missing) for id, name in columns.items()}
        for item in items
    )
    return Table(tuple(rows))


def _columns(data: Mapping[str, Any]) -> dict[str, str]:
    """The column of each experiment: its label, but where the table has a column of that name."""
    found = {one["id"]: str(one["label"]) for one in data["experiments"]}
    return {id: id[-8:] if label in _TAKEN else label for id, label in found.items()}
