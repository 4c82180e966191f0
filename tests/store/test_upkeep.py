"""What looking after an installation removes, and what it leaves alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from store.database import Database
from store.dataset_files import blob_path
from store.datasets import newest
from store.samples import install
from store.settings import Settings
from store.upkeep import YOUNG_S, CannotBackUp, backup, vacuum
from tests.stack import unset_solenoid


def test_vacuum_removes_old_files_of_no_dataset_and_nothing_else(
    database: Database, settings: Settings
) -> None:
    install(database, settings)
    old, young = blob_path(settings, "0" * 64), blob_path(settings, "1" * 64)
    for path in (old, young):
        path.write_bytes(b"left by an upload")
    kept = [blob_path(settings, each.blob_sha256) for each in newest(database, 10)]
    for path in (old, *kept):
        before = path.stat().st_mtime - 2 * YOUNG_S
        os.utime(path, (before, before))
    assert vacuum(database, settings) == (1, len(b"left by an upload"))
    assert not old.exists()
    assert young.exists()
    assert kept
    assert all(path.exists() for path in kept)


def test_a_backup_goes_into_an_empty_folder_and_leaves_postgresql_to_its_own_tool(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    folder = tmp_path / "copy"
    if database.engine.dialect.name == "postgresql":
        with pytest.raises(CannotBackUp, match="pg_dump"):
            backup(database, settings, folder)
        assert not folder.exists()
        return
    assert backup(database, settings, folder) == 0
    assert (folder / "solenoid.db").stat().st_mode & 0o077 == 0
    with pytest.raises(CannotBackUp, match="name an empty folder"):
        backup(database, settings, folder)


def test_where_no_service_was_there_is_nothing_to_look_after(tmp_path: Path) -> None:
    elsewhere = {**unset_solenoid(), "SOLENOID_DATA_DIR": str(tmp_path / "typo")}
    done = subprocess.run(
        [sys.executable, "-P", "-m", "store.upkeep", "backup", str(tmp_path / "copy")],
        env=elsewhere,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("no service has kept anything in the data directory ")
    assert list(tmp_path.iterdir()) == []
