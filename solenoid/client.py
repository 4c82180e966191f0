"""The client: everything the service does, as methods."""

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any
from uuid import uuid4

from solenoid.archive import exported, imported
from solenoid.comparison import Comparison, compared
from solenoid.dataset import Dataset
from solenoid.errors import BadArgument, BadInput
from solenoid.experiment import Experiment
from solenoid.figure import Figure
from solenoid.pages import pages
from solenoid.preset import StartedPreset
from solenoid.question import Names, Question, joined, saved, table_of, whole
from solenoid.settings import ClientSettings
from solenoid.sweep import Sweep
from solenoid.table import Table
from solenoid.transport import Transport, part

if TYPE_CHECKING:
    from numpy.typing import NDArray

POLL_S = 0.5


class Client:
    """One service: by its URL, by `SOLENOID_URL`, or the one on this machine.

    A service on another machine asks for a token, which its administrator makes; it may be in
    `SOLENOID_TOKEN`. Use the client in a `with` block, or close it.
    """

    def __init__(self, url: str | None = None, token: str | None = None) -> None:
        given = ClientSettings()
        self._transport = Transport(
            given.url if url is None else url, given.token if token is None else token
        )

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
        time_limit_s: float | None = None,
        on_end: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Experiment:
        """Submit a spec; fields that it leaves out have the defaults of the kind.

        `reuse` answers with a finished experiment of an identical spec where there is one. An
        attempt that takes longer than `time_limit_s` seconds fails. A key stands for one request:
        the same key again answers with the same experiment. `on_end` says whom to tell of the end:
        `{"webhook": URL}`, or `{"command": name}` of an executable in the hooks folder of the
        installation.
        """
        body = {
            "kind": kind,
            "spec": spec or {},
            "name": name,
            "tags": tags or {},
            "priority": priority,
            "reuse": reuse,
            "time_limit_s": time_limit_s,
            "on_end": on_end,
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

    def experiments(
        self, where: str | None = None, order_by: Names = None, limit: int | None = None
    ) -> Iterator[Experiment]:
        """Experiments that a filter lets through, newest first; all of them without a limit.

        >>> client.experiments("status = 'failed' and param.seed < 10", order_by="created_at")
        """
        asked = {"where": where, "order_by": joined(order_by)}
        for item in pages(self._transport, "/v1/experiments", limit, **asked):
            yield Experiment(self._transport, item)

    def cancel(self, id: str) -> Experiment:
        """Cancel an experiment."""
        return self.experiment(id).cancel()

    def delete(self, id: str) -> None:
        """Delete an experiment that has ended, with its results."""
        self._transport.delete(f"/v1/experiments/{part(id)}")

    def cancel_where(self, where: str, *, dry_run: bool = False) -> int:
        """Cancel the experiments of a filter that have not ended; how many, or would be."""
        return self._changed("cancel", where, dry_run)

    def retry_where(self, where: str, *, dry_run: bool = False) -> int:
        """Run the failed and cancelled experiments of a filter again; how many, or would be.

        >>> client.retry_where("status = 'failed' and tag.project = 'fig4'")
        """
        return self._changed("retry", where, dry_run)

    def tag_where(
        self, where: str, tags: Mapping[str, str | None], *, dry_run: bool = False
    ) -> int:
        """Give the experiments of a filter these tags; how many, or would be.

        None takes a tag off.

        >>> client.tag_where("metric.final_test_error < 1e-3", {"project": "fig4", "draft": None})
        """
        return self._changed("tag", where, dry_run, tags=tags)

    def delete_where(self, where: str, *, dry_run: bool = False) -> int:
        """Delete the experiments of a filter that have ended; how many, or would be.

        >>> client.delete_where("status = 'failed' and finished_at < '2026-01-31'", dry_run=True)
        """
        return self._changed("delete", where, dry_run)

    def sweep(
        self,
        kind: str,
        axes: Mapping[str, Any],
        base: Mapping[str, Any] | None = None,
        *,
        derive: Mapping[str, float] | None = None,
        name: str | None = None,
        tags: Mapping[str, str] | None = None,
        priority: int = -1,
        on_end: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Sweep:
        """Submit an experiment for every combination of the axes' values.

        An axis is a list of values, `{"linspace": [first, last, count]}`, `{"logspace": ...}`,
        `{"zip": ...}` or `{"random": ...}`; `base` is what all specs share.
        `on_end` is as for `submit`, and tells of the end of the last experiment.

        >>> client.sweep("curl_descent.simulation", {"seed": range(5), "student_scale": [0.1, 1]})
        """
        labels = {"name": name, "tags": tags or {}, "priority": priority, "on_end": on_end}
        body = {**_definition(kind, axes, base, derive), **labels}
        key = idempotency_key or uuid4().hex
        return Sweep(self._transport, self._transport.post("/v1/sweeps", body, key))

    def preview_sweep(
        self,
        kind: str,
        axes: Mapping[str, Any],
        base: Mapping[str, Any] | None = None,
        *,
        derive: Mapping[str, float] | None = None,
    ) -> dict[str, Any]:
        """How many experiments a sweep would be, at what cost, and the first specs."""
        body = _definition(kind, axes, base, derive)
        preview: dict[str, Any] = self._transport.post("/v1/sweeps/preview", body)
        return preview

    def get_sweep(self, id: str) -> Sweep:
        """One sweep that was submitted before."""
        return Sweep(self._transport, self._transport.get(f"/v1/sweeps/{part(id)}"))

    def sweeps(
        self, limit: int | None = None, *, name: str | None = None, kind: str | None = None
    ) -> Iterator[Sweep]:
        """Sweeps, newest first; all of them without a limit.

        `name` is a part of the name, in any letter case.
        """
        for item in pages(self._transport, "/v1/sweeps", limit, name=name, kind=kind):
            yield Sweep(self._transport, item)

    def results(
        self,
        where: str | None = None,
        *,
        kind: str | None = None,
        select: Names = None,
        group_by: Names = None,
        aggregate: Names = None,
        order_by: Names = None,
        limit: int | None = None,
    ) -> Table:
        """The metric rows of all experiments that a filter lets through, or groups of them.

        More than 100 000 rows are refused unless a limit asks for them; `save_results` writes any
        number to a file.

        >>> client.results("kind = 'curl_descent.simulation' and metric.final_test_error < 1e-3")
        """
        question = Question(where, kind, select, group_by, aggregate, order_by, limit)
        return table_of(self._transport, question)

    def save_results(
        self,
        target: str | Path | IO[bytes],
        where: str | None = None,
        *,
        format: str | None = None,
        kind: str | None = None,
        select: Names = None,
        group_by: Names = None,
        aggregate: Names = None,
        order_by: Names = None,
        limit: int | None = None,
    ) -> None:
        """Write the rows, however many, to a file: csv, jsonl, parquet or arrow, as its name ends.

        A file of that name is written whole or not at all; one that is open, as the rows come.
        """
        question = Question(where, kind, select, group_by, aggregate, order_by, limit)
        file = Path(target) if isinstance(target, str) else target
        saved(self._transport, question, file, format)

    def compare(
        self,
        experiments: Iterable[str | Experiment],
        rank_by: str | None = None,
        *,
        arm: str | None = None,
        order: str | None = None,
    ) -> Comparison:
        """Experiments, or their ids, beside each other: specs, metrics, a ranking, figures.

        They are ranked by the medians of a metric, `order="ascending"` unless `"descending"`, of
        one arm or of each experiment's best.

        >>> client.compare(client.experiments("tag.project = 'fig1'"), "final_test_error").ranking
        """
        return compared(self._transport, experiments, rank_by=rank_by, arm=arm, order=order)

    def arrays(self, id: str) -> "dict[str, NDArray[Any]]":
        """The arrays of an experiment by name."""
        return self.experiment(id).arrays()

    def figure(self, id: str, name: str) -> Figure:
        """One figure of an experiment."""
        return self.experiment(id).figure(name)

    def datasets(self, limit: int | None = None) -> Iterator[Dataset]:
        """Datasets, newest first; all of them without a limit."""
        for item in pages(self._transport, "/v1/datasets", limit):
            yield Dataset(item)

    def dataset(self, id: str) -> Dataset:
        """One dataset."""
        return Dataset(self._transport.get(f"/v1/datasets/{part(id)}"))

    def upload(
        self,
        path: str | Path | Sequence[str | Path],
        mapping: Mapping[str, Any] | None = None,
    ) -> Dataset:
        """Upload a recording (NWB, NPZ, MAT, CSV, Parquet) and wait until it was inspected.

        `mapping` says which arrays or columns of the file are counts, target, blocks and behaviour
        where it has names of its own. A list of files is one recording in parts, which are read one
        by one and joined. The same file again is the same dataset.
        """
        sources = [path] if isinstance(path, str | Path) else list(path)
        fields = {} if mapping is None else {"mapping": json.dumps(mapping)}
        with ExitStack() as opened:
            files = [(source.name, _opened(opened, source)) for source in map(Path, sources)]
            data = self._transport.upload("/v1/datasets", files, fields)
        return self._inspected(Dataset(data))

    def synthesise(self, spec: Mapping[str, Any] | None = None, name: str | None = None) -> Dataset:
        """Make a synthetic session whose truth is known; without a spec, a cerebellar block.

        >>> client.synthesise({"scenario": "null", "neurons": 100, "seed": 3})
        """
        path = "/v1/datasets/synthetic" + (f"?name={part(name)}" if name else "")
        return self._inspected(Dataset(self._transport.post(path, spec or {}, uuid4().hex)))

    def download(self, id: str, path: str | Path, format: str = "original") -> None:
        """Write a dataset to a file: as it was uploaded, or its session as `npz` or `nwb`."""
        pieces = self._transport.pieces(f"/v1/datasets/{part(id)}/download", format=format)
        try:
            with whole(Path(path)) as file:
                file.writelines(pieces)
        except OSError as failure:
            raise BadArgument(f"cannot write {path}: {failure.strerror}") from None

    def preview(self, id: str) -> dict[str, Any]:
        """What can be drawn of a dataset: cells, condition means, activity, behaviour."""
        found: dict[str, Any] = self._transport.get(f"/v1/datasets/{part(id)}/preview")
        return found

    def delete_dataset(self, id: str) -> None:
        """Delete a dataset that no experiment uses."""
        self._transport.delete(f"/v1/datasets/{part(id)}")

    def export(
        self,
        path: str | Path,
        where: str | None = None,
        *,
        experiments: Iterable[str] = (),
        sweeps: Iterable[str] = (),
        datasets: Iterable[str] = (),
    ) -> list[str]:
        """Write experiments, sweeps and datasets, named by their ids, to a ZIP file.

        Only what has ended is in it; the ids of experiments that have not are returned.

        >>> client.export("paper.zip", "tag.project = 'fig4'")
        """
        return exported(
            self._transport,
            Path(path),
            where=where,
            experiments=experiments,
            sweeps=sweeps,
            datasets=datasets,
        )

    def import_archive(self, path: str | Path) -> dict[str, dict[str, int]]:
        """Take in what `export` wrote: all of it, or nothing; how much was added or there already.

        Everything keeps its id, so that taking it in twice changes nothing.
        """
        return imported(self._transport, Path(path))

    def presets(self) -> list[dict[str, Any]]:
        """The papers' experiments by name, with the panels of each scale."""
        return list(self._transport.get("/v1/presets")["items"])

    def run_preset(self, name: str, scale: str = "quick") -> StartedPreset:
        """Submit every panel of a preset: experiments and sweeps by the name of their panel."""
        path = f"/v1/presets/{part(name)}/run"
        started = self._transport.post(path, {"scale": scale}, uuid4().hex)
        return StartedPreset(self._transport, started)

    def _changed(self, action: str, where: str, dry_run: bool, **more: Any) -> int:
        asked = {"where": where, "action": action, "dry_run": dry_run, **more}
        return int(self._transport.post("/v1/experiments/bulk", asked)["changed"])

    def _inspected(self, dataset: Dataset) -> Dataset:
        while dataset.status == "inspecting":
            time.sleep(POLL_S)
            dataset = self.dataset(dataset.id)
        if dataset.status == "refused":
            reason = dataset.error or "refused"
            error = {"field": "file", "value": dataset.name, "message": reason}
            raise BadInput(422, f"file: {reason}", [error])
        return dataset


def _opened(stack: ExitStack, source: Path) -> IO[bytes]:
    try:
        return stack.enter_context(source.open("rb"))
    except OSError as unreadable:
        raise BadArgument(f"cannot read {source}: {unreadable.strerror}") from None


def _definition(
    kind: str,
    axes: Mapping[str, Any],
    base: Mapping[str, Any] | None,
    derive: Mapping[str, float] | None,
) -> dict[str, Any]:
    return {"kind": kind, "base": base or {}, "axes": axes, "derive": derive or {}}
