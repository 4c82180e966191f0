"""The recordings that come with the service, installed as ordinary datasets."""

import shutil

from core.examples import EXAMPLES, Example
from core.reading import read_arrays, save_arrays
from core.summary import summarise
from store.database import Database
from store.datasets import added, make_ready
from store.incoming import incoming
from store.settings import Settings


def install(database: Database, settings: Settings) -> None:
    """Make every bundled recording a ready dataset, so that each kind's example can be run."""
    for example in EXAMPLES:
        install_one(database, settings, example)


def install_one(database: Database, settings: Settings, example: Example) -> None:
    """Make one of them a ready dataset."""
    with incoming(settings) as folder:
        upload, arrays = folder / example.path.name, folder / "arrays.npz"
        shutil.copyfile(example.path, upload)
        with added(database, settings, upload, name=upload.name, mapping=None) as dataset:
            if dataset.status == "inspecting":
                reading = read_arrays(example.path)
                save_arrays(reading.arrays, arrays)
                summary = summarise(reading.arrays, reading.format, reading.notes)
                make_ready(database, settings, dataset.id, arrays, summary)
