"""Row and files of a dataset change together, whichever processes are at it."""

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.examples import GOLUB_BCI
from core.synthetic_spec import SyntheticSpec
from store import datasets
from store.archives.importing import import_archive
from store.archives.writing import Selection
from store.database import Database
from store.dataset_files import arrays_path, blob_path
from store.incoming import incoming
from store.samples import install_one
from store.settings import Settings
from tests.store.archive_world import files, written

LONG_ENOUGH_S = 0.5
READING_S = 5.0  # an archive's files are read before anybody waits
HOLDING = """
import sys, time
from pathlib import Path
from store.database import Database
from store.settings import Settings
from store.together import DIGITS, together
settings = Settings(data_dir=Path(sys.argv[1]), database_url=sys.argv[2])
with together(Database(settings.resolved_database_url), settings, *DIGITS):
    print("begun", flush=True)
    time.sleep(600)
"""
RECORDING = Selection(datasets=[GOLUB_BCI.dataset_id])
Change = Callable[[Database, Settings], object]


def delete(database: Database, settings: Settings) -> None:
    datasets.delete(database, settings, GOLUB_BCI.dataset_id)


def upload(database: Database, settings: Settings) -> None:
    with incoming(settings) as folder:
        (folder / "upload").write_bytes(GOLUB_BCI.path.read_bytes())
        mapping = {"join": "trials"}
        with datasets.added(database, settings, folder / "upload", name="a", mapping=mapping):
            pass


def synthesise(database: Database, settings: Settings) -> None:
    datasets.add_synthetic(database, settings, SyntheticSpec(), name="b")


def test_who_changes_a_dataset_waits_for_every_other_process_and_for_no_dead_one(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    install_one(database, settings, GOLUB_BCI)
    archive = written(database, settings, tmp_path / "a.zip", RECORDING)
    for change in (upload, synthesise, delete):
        waits(change, database, settings, settings.data_dir)
    waits(
        lambda database, settings: import_archive(database, settings, archive),
        database,
        settings,
        settings.data_dir,
        patience_s=READING_S,
    )
    for dataset in datasets.newest(database, 10):
        assert blob_path(settings, dataset.blob_sha256).exists()
        assert arrays_path(settings, dataset.id).exists() == (dataset.status == "ready")
    assert not [name for name in files(settings) if name.startswith("incoming")]


def test_machines_that_share_a_postgresql_wait_for_each_other_too(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    if database.engine.dialect.name != "postgresql":
        pytest.skip("SQLite is of one machine")
    install_one(database, settings, GOLUB_BCI)
    waits(delete, database, settings, tmp_path / "another")


def waits(
    change: Change,
    database: Database,
    settings: Settings,
    folder: Path,
    patience_s: float = LONG_ENOUGH_S,
) -> None:
    """A change waits while another process, with a folder that is its own or ours, holds it up."""
    command = [sys.executable, "-P", "-c", HOLDING, str(folder), settings.resolved_database_url]
    other = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    assert other.stdout.readline() == "begun\n"
    with ThreadPoolExecutor() as threads:
        changed = threads.submit(change, database, settings)
        try:
            with pytest.raises(TimeoutError):
                changed.result(patience_s)
        finally:
            other.kill()
            other.communicate()
        changed.result()
