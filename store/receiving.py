"""Files on their way in: the same one from several senders is looked into once, for all of them."""

from collections.abc import Iterator, Mapping
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from store import datasets
from store.database import Database
from store.datasets import Dataset
from store.settings import Settings
from store.tables import utc_now


class Receiving:
    """The inspections that were begun in this process and have not ended.

    One of a dataset begins and ends where its row and files change together (`store.together`).
    """

    def __init__(self, database: Database, settings: Settings, children: Executor) -> None:
        self._database = database
        self._settings = settings
        self._children = children
        self._begun: dict[str, Future[Dataset]] = {}

    def receive(
        self, upload: Path, *, name: str, mapping: Mapping[str, Any] | None, owner: str
    ) -> tuple[Dataset, Future[Dataset] | None]:
        """Take an uploaded file in; the dataset, and its inspection unless that is over."""
        with datasets.added(
            self._database, self._settings, upload, name=name, mapping=mapping, owner=owner
        ) as dataset:
            going_on = dataset.status == "inspecting"
            return dataset, self.inspect(dataset.id) if going_on else None

    def get(self, identifier: str) -> Dataset:
        """One dataset; its inspection begins anew if it should be over but could not be ended.

        So it is after a full disk, which took neither result nor refusal. Raises `NotFound`.
        """
        dataset = datasets.get(self._database, identifier)
        age = utc_now() - dataset.created_at
        if dataset.status == "inspecting" and age.total_seconds() > self._settings.inspection_s:
            self.inspect(identifier)
        return dataset

    def inspect(self, identifier: str) -> Future[Dataset]:
        """The inspection of a dataset, begun unless it is going on."""
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
        try:
            yield
        finally:
            del self._begun[identifier]

    def _let_go(self, identifier: str, failed: Future[Dataset]) -> None:
        """Forget an inspection that did not get as far as its end."""
        if self._begun.get(identifier) is failed:
            del self._begun[identifier]
