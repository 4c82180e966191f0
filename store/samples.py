"""The recordings that come with the service, installed as ordinary datasets."""

import shutil

from core.examples import EXAMPLES, Example
from store import datasets
from store.database import Database
from store.incoming import incoming
from store.settings import Settings


def install(database: Database, settings: Settings) -> None:
    """Make every bundled recording a ready dataset, so that each kind's example can be run."""
    for example in EXAMPLES:
        install_one(database, settings, example)


def install_one(database: Database, settings: Settings, example: Example) -> None:
    """Make one of them a ready dataset."""
    with incoming(settings) as folder:
        upload = folder / example.path.name
        shutil.copyfile(example.path, upload)
        dataset = datasets.add(database, settings, upload, name=example.path.name, mapping=None)
    if dataset.status == "inspecting":
        datasets.look_into(database, settings, dataset.id)
