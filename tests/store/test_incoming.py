"""What is on its way in goes with whoever brings it, and no sooner."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from core.examples import GOLUB_BCI
from store.database import Database
from store.dataset_files import blob_path
from store.datasets import added, get, interrupted, newest
from store.incoming import incoming, sweep
from store.locks import held, nobody_holds
from store.receiving import Receiving
from store.settings import Settings
from store.upkeep import vacuum
from tests.store.archive_world import files

BRINGING = """
import sys, time
from pathlib import Path
from store.incoming import incoming
from store.settings import Settings
with incoming(Settings(data_dir=Path(sys.argv[1]))) as folder:
    (folder / "upload").write_bytes(b"half of it")
    print("begun", flush=True)
    time.sleep(600)
"""


def test_what_a_killed_process_brought_is_swept_and_what_a_living_one_brings_is_kept(
    tmp_path: Path,
) -> None:
    settings = Settings(data_dir=tmp_path)
    with incoming(settings) as own:
        (own / "upload").write_bytes(b"on its way")
        killed = bringing(settings)
        assert len(list(own.parent.glob("*/upload"))) == 2
        killed.kill()
        killed.communicate()
        sweep(settings)
        assert list(own.parent.glob("*/upload")) == [own / "upload"]
    assert not list(own.parent.iterdir())


def test_start_and_vacuum_clear_what_was_left_however_young(
    database: Database, settings: Settings
) -> None:
    for clear in (interrupted, vacuum):
        killed = bringing(settings)
        killed.kill()
        killed.communicate()
        (settings.datasets_dir / "incoming" / "of-an-earlier-version").write_bytes(b"half of it")
        clear(database, settings)
        assert files(settings) == set()


def test_a_lock_is_had_by_one_and_left_by_none(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    assert nobody_holds(lock)
    with held(lock):
        assert not nobody_holds(lock)
        assert lock.exists()
    assert nobody_holds(lock)
    assert not lock.exists()


def test_a_file_whose_row_cannot_be_written_is_not_kept(
    database: Database, settings: Settings
) -> None:
    execute(database, "ALTER TABLE datasets RENAME TO away")
    with pytest.raises(sa.exc.DBAPIError):
        upload(database, settings)
    assert files(settings) == set()


def test_a_file_that_another_dataset_has_stays_when_a_row_cannot_be_written(
    database: Database, settings: Settings
) -> None:
    dataset = upload(database, settings)
    execute(database, "ALTER TABLE datasets RENAME TO away")
    with pytest.raises(sa.exc.DBAPIError):
        upload(database, settings)
    assert blob_path(settings, dataset).exists()


def test_an_inspection_that_could_not_be_ended_begins_anew_when_its_dataset_is_asked_for(
    database: Database, settings: Settings
) -> None:
    upload(database, settings)
    (dataset,) = newest(database, limit=1)
    with ThreadPoolExecutor(1) as children:
        receiving = Receiving(database, settings, children)
        execute(database, "ALTER TABLE datasets RENAME TO away")
        with pytest.raises(sa.exc.DBAPIError):
            receiving.inspect(dataset.id).result()
        execute(database, "ALTER TABLE away RENAME TO datasets")
        execute(database, "UPDATE datasets SET created_at = '2026-01-01 00:00:00'")
        assert receiving.get(dataset.id).status == "inspecting"
    assert get(database, dataset.id).status == "ready"


def bringing(settings: Settings) -> subprocess.Popen[str]:
    """A process in the middle of bringing a file."""
    command = [sys.executable, "-P", "-c", BRINGING, str(settings.data_dir)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    return process


def upload(database: Database, settings: Settings) -> str:
    """Take a recording in; the hash of its file."""
    with incoming(settings) as folder:
        (folder / "upload").write_bytes(GOLUB_BCI.path.read_bytes())
        with added(database, settings, folder / "upload", name="a", mapping=None) as dataset:
            return dataset.blob_sha256


def execute(database: Database, statement: str) -> None:
    database.write(lambda connection: connection.execute(sa.text(statement)))
