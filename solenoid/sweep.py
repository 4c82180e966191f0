"""A sweep as a user holds it: many experiments that are watched, changed and read as one."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

from solenoid.accepted import Accepted
from solenoid.errors import TimedOut
from solenoid.experiment import Experiment
from solenoid.figure import Figure
from solenoid.pages import pages
from solenoid.table import Table, html_table, sweep_table


class Sweep(Accepted):
    """One sweep. Its properties are as of the last answer; `refresh()` asks again."""

    _folder = "/v1/sweeps"

    @property
    def succeeded(self) -> bool:
        """Whether every experiment has succeeded."""
        return self.counts["succeeded"] == sum(self.counts.values())

    @property
    def counts(self) -> dict[str, int]:
        """How many of its experiments have each status."""
        return dict(self.data["counts"])

    @property
    def seconds_left(self) -> float:
        """Estimated work left, in seconds on one core."""
        return float(self.data["seconds_left"])

    @property
    def definition(self) -> dict[str, Any]:
        """Base, axes and derived settings."""
        return dict(self.data["definition"])

    def wait(self, timeout: float | None = None) -> "Sweep":
        """Return when every experiment has ended, however it ended."""
        try:
            for _ in self.watch(timeout):
                pass
        except TimedOut:
            progress = self.refresh().progress
            if not self.ended:
                raise TimedOut(
                    f"sweep {self.id} is {progress:.0%} done after {timeout:g} s"
                ) from None
        return self.refresh()

    def cancel(self) -> int:
        """Cancel every experiment that has not ended; how many."""
        return self._changed("/cancel", {})

    def rename(self, name: str | None) -> "Sweep":
        """Give it another name, or none; its experiments keep theirs."""
        self.data = self._transport.patch(self._path(), {"name": name})
        return self

    def retry(self, cancelled: bool = False) -> int:
        """Run the failed experiments again, and those that were cancelled if asked; how many."""
        statuses = ["failed", "cancelled"] if cancelled else ["failed"]
        return self._changed("/retry", {"statuses": statuses})

    def extend(self, axes: Mapping[str, Any] | None = None, replicates: int = 0) -> int:
        """Add values to its axes, or replicates to every point; how many experiments are new."""
        body = {"axes": axes or {}, "replicates": replicates}
        return self._changed("/extend", body, uuid4().hex)

    def experiments(self) -> Iterator[Experiment]:
        """Its experiments in the order of the axes, as of now."""
        mine = f"sweep = '{self.id}'"
        for item in pages(self._transport, "/v1/experiments", where=mine, order_by="id"):
            yield Experiment(self._transport, item)

    def results(self) -> Table:
        """One row per experiment and arm: its place on the axes, the medians of its metrics."""
        return sweep_table(list(pages(self._transport, self._path("/results"))))

    def heatmap(self, x: str, y: str, metric: str, arm: str) -> Figure:
        """The median of a metric of one arm over two parameters, named as in its results' columns.

        A parameter has the name that the results database gives it: `learning_rate` where the
        spec says `training.learning_rate`.
        """
        over = {"x": x, "y": y, "metric": metric, "arm": arm}
        shows = f"{metric} of {arm} over {x} and {y}, sweep {self.id}"
        return Figure(self._transport, self._path("/figures"), "heatmap", shows, over)

    def profile(self, x: str, metric: str) -> Figure:
        """Mean and standard error of a metric along one parameter, arm by arm.

        Runs without a value (a threshold never reached) are counted instead of averaged.
        """
        shows = f"{metric} along {x}, sweep {self.id}"
        over = {"x": x, "metric": metric}
        return Figure(self._transport, self._path("/figures"), "profile", shows, over)

    def _changed(self, action: str, body: Mapping[str, Any], key: str | None = None) -> int:
        changed: int = self._transport.post(self._path(action), body, key)["changed"]
        self.refresh()
        return changed

    def __repr__(self) -> str:
        count = sum(self.counts.values())
        return f"<Sweep {self.id} {self.kind} of {count}, {self.status} {self.progress:.0%}>"

    def _repr_html_(self) -> str:
        facts = {
            "sweep": self.id,
            "name": self.name,
            "kind": self.kind,
            "status": f"{self.status} ({self.progress:.0%})",
            **{status: count for status, count in self.counts.items() if count},
        }
        return html_table(("", ""), ((k, v) for k, v in facts.items() if v))
