"""One experiment as a user holds it: its state, its events, and what came out of it."""

import io
from collections.abc import Mapping
from datetime import datetime
from types import EllipsisType
from typing import TYPE_CHECKING, Any

from solenoid.accepted import Accepted
from solenoid.errors import NoResult, NotFound, TimedOut
from solenoid.figure import Figure
from solenoid.table import Table, cell, html_table, results_table
from solenoid.transport import part

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Experiment(Accepted):
    """One experiment. Its properties are as of the last answer; `refresh()` asks again."""

    _folder = "/v1/experiments"

    @property
    def tags(self) -> dict[str, str]:
        """The tags it was given."""
        return dict(self.data["tags"])

    @property
    def notes(self) -> str | None:
        """What somebody wrote about it."""
        notes: str | None = self.data["notes"]
        return notes

    @property
    def succeeded(self) -> bool:
        """Whether it ended with a result."""
        return self.status == "succeeded"

    @property
    def values(self) -> dict[str, float | None]:
        """The live values that its kind reports while it runs."""
        return dict(self.data["values"])

    @property
    def spec(self) -> dict[str, Any]:
        """All that determines its result, defaults included."""
        return dict(self.data["spec"])

    @property
    def summary(self) -> dict[str, dict[str, dict[str, float | None]]]:
        """Per arm and metric, the median over replicates and how many are missing."""
        return dict(self.data["summary"] or {})

    @property
    def warnings(self) -> list[str]:
        """What a reader of the result should know."""
        return list(self.data["warnings"])

    @property
    def reading(self) -> str | None:
        """What the result says in plain words, with its caveats."""
        reading: str | None = self.data["reading"]
        return reading

    @property
    def error(self) -> str | None:
        """Why it failed."""
        error: str | None = self.data["error"]
        return error

    @property
    def versions(self) -> dict[str, str]:
        """What computed the result."""
        return dict(self.data["versions"] or {})

    @property
    def seconds(self) -> float | None:
        """How long its last attempt took; None before it has ended."""
        started, finished = self.data["started_at"], self.data["finished_at"]
        if started is None or finished is None:
            return None
        return (datetime.fromisoformat(finished) - datetime.fromisoformat(started)).total_seconds()

    def wait(self, timeout: float | None = None) -> "Experiment":
        """Return when the experiment has ended, however it ended."""
        try:
            for _ in self.watch(timeout):
                pass
        except TimedOut:
            status = self.refresh().status
            if not self.ended:
                raise TimedOut(f"experiment {self.id} is {status} after {timeout:g} s") from None
        return self.refresh()

    def cancel(self) -> "Experiment":
        """Cancel it; a running one stops within two seconds."""
        self.data = self._transport.post(self._path("/cancel"), {})
        return self

    def retry(self) -> "Experiment":
        """Run it again; it must have failed or been cancelled."""
        self.data = self._transport.post(self._path("/retry"), {})
        return self

    def relabel(
        self,
        name: str | EllipsisType | None = ...,
        notes: str | EllipsisType | None = ...,
        tags: Mapping[str, str | None] | None = None,
    ) -> "Experiment":
        """Change its name, notes and tags: what is not named stays, None takes it off."""
        labels = {"name": name, "notes": notes, "tags": tags or {}}
        given = {label: text for label, text in labels.items() if text is not ...}
        self.data = self._transport.patch(self._path(), given)
        return self

    def results(self) -> Table:
        """The metric rows, one per arm and replicate; raises `NoResult` if there is no result."""
        self._need_result()
        return results_table(self._transport.get(self._path("/results"))["items"])

    def array_catalogue(self) -> list[dict[str, Any]]:
        """Name, axes, shape, type and unit of every array."""
        self._need_result()
        return list(self._transport.get(self._path("/arrays"))["items"])

    def arrays(self) -> "dict[str, NDArray[Any]]":
        """All arrays by name."""
        import numpy as np

        with np.load(io.BytesIO(self.npz()), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}

    def npz(self) -> bytes:
        """All arrays as one NumPy archive."""
        self._need_result()
        return self._transport.content(self._path("/arrays.npz"))

    def array(self, name: str) -> "NDArray[Any]":
        """One array, every bit as computed."""
        import numpy as np

        self._need_result()
        content = self._transport.content(self._path(f"/arrays/{part(name)}.npy"))
        values: np.ndarray[Any, Any] = np.load(io.BytesIO(content), allow_pickle=False)
        return values

    def figures(self) -> list[Figure]:
        """The figures of its kind."""
        folder = self._path("/figures")
        items = self._transport.get(folder)["items"]
        return [Figure(self._transport, folder, i["name"], i["description"]) for i in items]

    def figure(self, name: str) -> Figure:
        """One figure by name."""
        known = {figure.name: figure for figure in self.figures()}
        if name not in known:
            raise NotFound(404, f"{self.kind} has no figure {name!r}; it has {', '.join(known)}")
        return known[name]

    def _need_result(self) -> None:
        if not self.ended:
            self.refresh()
        if self.succeeded:
            return
        told = f": {self.error}" if self.error else ""
        hint = "" if self.ended else "; wait() returns when it has ended"
        raise NoResult(f"experiment {self.id} is {self.status}{told}{hint}")

    def __repr__(self) -> str:
        return f"<Experiment {self.id} {self.kind} {self.status} {self.progress:.0%}>"

    def _repr_html_(self) -> str:
        facts = {
            "experiment": self.id,
            "name": self.name,
            "kind": self.kind,
            "status": f"{self.status} ({self.progress:.0%})",
            "error": self.error,
        }
        medians = {
            f"median {metric}, {arm}": cell(found["median"])
            for arm, metrics in self.summary.items()
            for metric, found in metrics.items()
        }
        rows = [(name, value) for name, value in {**facts, **medians}.items() if value]
        return html_table(("", ""), iter(rows))
