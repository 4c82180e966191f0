"""The client: everything the service does, as methods."""

import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from solenoid.dataset import Dataset
from solenoid.errors import BadArgument, BadInput
from solenoid.experiment import Experiment
from solenoid.figure import Figure
from solenoid.table import Table
from solenoid.transport import Transport, part

if TYPE_CHECKING:
    from numpy.typing import NDArray

DEFAULT_URL = "http://127.0.0.1:8000"
PAGE = 100
POLL_S = 0.5


class Client:
    """One service, by its URL. Use it in a `with` block, or close it."""

    def __init__(self, url: str = DEFAULT_URL) -> None:
        self._transport = Transport(url)

    @property
    def url(self) -> str:
        """Where the service is."""
        return self._transport.url

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connection."""
        self._transport.close()

    def kinds(self) -> list[dict[str, Any]]:
        """Every kind of experiment: summary, schema and example of its spec, metrics, figures."""
        return list(self._transport.get("/v1/kinds")["items"])

    def kind(self, name: str) -> dict[str, Any]:
        """One kind."""
        kind: dict[str, Any] = self._transport.get(f"/v1/kinds/{part(name)}")
        return kind

    def submit(
        self,
        kind: str,
        spec: Mapping[str, Any] | None = None,
        *,
        name: str | None = None,
        tags: Mapping[str, str] | None = None,
        priority: int = 0,
        reuse: bool = False,
        idempotency_key: str | None = None,
    ) -> Experiment:
        """Submit a spec; fields that it leaves out have the defaults of the kind.

        `reuse` answers with a finished experiment of an identical spec where there is one. A key
        stands for one request: the same key again answers with the same experiment.
        """
        body = {
            "kind": kind,
            "spec": spec or {},
            "name": name,
            "tags": tags or {},
            "priority": priority,
            "reuse": reuse,
        }
        # A key of our own: if the answer is lost, asking again does not submit twice.
        key = idempotency_key or uuid4().hex
        return Experiment(self._transport, self._transport.post("/v1/experiments", body, key))

    def estimate(self, kind: str, spec: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Memory, operations and seconds that a spec will cost, and whether it fits."""
        body = {"kind": kind, "spec": spec or {}}
        cost: dict[str, Any] = self._transport.post("/v1/experiments/estimate", body)
        return cost

    def experiment(self, id: str) -> Experiment:
        """One experiment."""
        return Experiment(self._transport, self._transport.get(f"/v1/experiments/{part(id)}"))

    def experiments(self, limit: int | None = None) -> Iterator[Experiment]:
        """Experiments, newest first; all of them without a limit."""
        for item in self._pages("/v1/experiments", limit):
            yield Experiment(self._transport, item)

    def cancel(self, id: str) -> Experiment:
        """Cancel an experiment."""
        return self.experiment(id).cancel()

    def delete(self, id: str) -> None:
        """Delete an experiment that has ended, with its results."""
        self._transport.delete(f"/v1/experiments/{part(id)}")

    def results(self, id: str, /) -> Table:
        """The metric rows of an experiment."""
        return self.experiment(id).results()

    def arrays(self, id: str) -> "dict[str, NDArray[Any]]":
        """The arrays of an experiment by name."""
        return self.experiment(id).arrays()

    def figure(self, id: str, name: str) -> Figure:
        """One figure of an experiment."""
        return self.experiment(id).figure(name)

    def datasets(self, limit: int | None = None) -> Iterator[Dataset]:
        """Datasets, newest first; all of them without a limit."""
        for item in self._pages("/v1/datasets", limit):
            yield Dataset(item)

    def dataset(self, id: str) -> Dataset:
        """One dataset."""
        return Dataset(self._transport.get(f"/v1/datasets/{part(id)}"))

    def upload(self, path: str | Path, mapping: Mapping[str, Any] | None = None) -> Dataset:
        """Upload a recording (NPZ, MAT v5) and wait until it was inspected.

        `mapping` says which arrays of the file are counts, target and blocks where it has names of
        its own. The same file again is the same dataset.
        """
        source = Path(path)
        fields = {} if mapping is None else {"mapping": json.dumps(mapping)}
        try:
            with source.open("rb") as file:
                data = self._transport.upload("/v1/datasets", (source.name, file), fields)
        except OSError as unreadable:
            raise BadArgument(f"cannot read {source}: {unreadable.strerror}") from None
        return self._inspected(Dataset(data))

    def delete_dataset(self, id: str) -> None:
        """Delete a dataset that no experiment uses."""
        self._transport.delete(f"/v1/datasets/{part(id)}")

    def presets(self) -> list[dict[str, Any]]:
        """The papers' experiments by name, with the panels of each scale."""
        return list(self._transport.get("/v1/presets")["items"])

    def run_preset(self, name: str, scale: str = "quick") -> dict[str, Experiment]:
        """Submit every panel of a preset; the experiments by the name of their panel."""
        path = f"/v1/presets/{part(name)}/run"
        started = self._transport.post(path, {"scale": scale}, uuid4().hex)
        return {panel["name"]: self.experiment(panel["id"]) for panel in started["panels"]}

    def _inspected(self, dataset: Dataset) -> Dataset:
        while dataset.status == "inspecting":
            time.sleep(POLL_S)
            dataset = self.dataset(dataset.id)
        if dataset.status == "refused":
            reason = dataset.error or "refused"
            error = {"field": "file", "value": dataset.name, "message": reason}
            raise BadInput(422, f"file: {reason}", [error])
        return dataset

    def _pages(self, path: str, limit: int | None = None) -> Iterator[dict[str, Any]]:
        """The items of a list, page after page."""
        if limit is not None and limit < 1:
            raise BadArgument(f"limit = {limit}: must be at least 1")
        left, cursor = limit, None
        while True:
            size = PAGE if left is None else min(PAGE, left)
            page = self._transport.get(path, limit=size, cursor=cursor)
            yield from page["items"]
            cursor = page["next_cursor"]
            left = None if left is None else left - len(page["items"])
            if cursor is None or left == 0:
                return
