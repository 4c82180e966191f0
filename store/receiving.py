"""Files on their way in: the same one from several senders is looked into once, for all of them.

The row and the files of a dataset change together, one dataset at a time, so that nobody removes
what somebody else has just brought.
"""

from collections.abc import Iterator, Mapping
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

from store import datasets
from store.database import Database
from store.datasets import Dataset
from store.experiments import NotFound
from store.settings import Settings


class Receiving:
    """The inspections that were begun in this process and have not ended."""

    def __init__(self, database: Database, settings: Settings, children: Executor) -> None:
        self._database = database
        self._settings = settings
        self._children = children
        self._together = Lock()
        self._begun: dict[str, Future[Dataset]] = {}

    def receive(
        self, upload: Path, *, name: str, mapping: Mapping[str, Any] | None, owner: str
    ) -> tuple[Dataset, Future[Dataset] | None]:
        """Take an uploaded file in; the dataset, and its inspection unless that is over."""
        with self._together:
            dataset = datasets.add(
                self._database, self._settings, upload, name=name, mapping=mapping, owner=owner
            )
            return dataset, self._inspection(dataset.id) if dataset.status == "inspecting" else None

    def inspect(self, identifier: str) -> Future[Dataset]:
        """The inspection of a dataset, begun unless it is going on."""
        with self._together:
            return self._inspection(identifier)

    def forget_refused(self, identifier: str) -> None:
        """Delete a dataset whose sender knows of its refusal, unless it has come again."""
        with self._together:
            try:
                dataset = datasets.get(self._database, identifier)
            except NotFound:
                return
            if dataset.status == "refused":
                datasets.delete(self._database, self._settings, identifier)

    def delete(self, identifier: str) -> None:
        """Delete a dataset that no experiment uses."""
        with self._together:
            datasets.delete(self._database, self._settings, identifier)

    def _inspection(self, identifier: str) -> Future[Dataset]:
        begun = self._begun.get(identifier)
        if begun is None:
            begun = self._begun[identifier] = self._children.submit(self._looked_into, identifier)
            begun.add_done_callback(lambda failed: self._let_go(identifier, failed))
        return begun

    def _looked_into(self, identifier: str) -> Dataset:
        return datasets.look_into(
            self._database, self._settings, identifier, ending=self._ending(identifier)
        )

    @contextmanager
    def _ending(self, identifier: str) -> Iterator[None]:
        """While a dataset becomes ready or refused; who comes after that begins anew."""
        with self._together:
            try:
                yield
            finally:
                del self._begun[identifier]

    def _let_go(self, identifier: str, failed: Future[Dataset]) -> None:
        """Forget an inspection that did not get as far as its end."""
        if self._begun.get(identifier) is failed:
            del self._begun[identifier]
