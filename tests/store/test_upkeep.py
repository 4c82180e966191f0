"""What looking after an installation removes, and what it leaves alone."""

import os
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

import migrations
from core.examples import EXAMPLES
from store import tokens
from store.database import Database
from store.dataset_files import blob_path
from store.datasets import newest
from store.samples import install, install_one
from store.settings import Settings
from store.upkeep import YOUNG_S, CannotBackUp, backup, vacuum
from tests.pages import DOCS, commands
from tests.postgresql import tools
from tests.stack import unset_solenoid

GUIDE = DOCS / "deploying.md"


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


def upkeep(settings: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """The command, with these settings and no others."""
    return subprocess.run(
        [sys.executable, "-P", "-m", "store.upkeep", *words],
        env={**unset_solenoid(), **settings},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_backup_that_fails_says_so_and_can_be_asked_for_again(
    migrated_sqlite: Path, tmp_path: Path
) -> None:
    home, copy = tmp_path / "home", tmp_path / "copy"
    home.mkdir()
    shutil.copyfile(migrated_sqlite, home / "solenoid.db")
    settings = Settings(data_dir=home)
    with closing(Database(settings.resolved_database_url)) as database:
        install_one(database, settings, EXAMPLES[0])
        (dataset,) = newest(database, 2)
        blob = blob_path(settings, dataset.blob_sha256)
        blob.rename(tmp_path / "kept")
        blob.mkdir()  # no file that could be copied
        failed = upkeep({"SOLENOID_DATA_DIR": str(home)}, "backup", str(copy))
        assert failed.returncode == 1
        assert failed.stderr.startswith("backup was not done: ")
        assert "Traceback" not in failed.stderr
        assert not (copy / "solenoid.db").exists()
        blob.rmdir()
        (tmp_path / "kept").rename(blob)
        assert backup(database, settings, copy) == 2


def test_a_dump_of_postgresql_takes_the_place_of_a_newer_database(
    postgresql_url: str, tmp_path: Path
) -> None:
    make_user, make, drop, make_again = commands(GUIDE, "sudo")
    (dump,), (restore,) = commands(GUIDE, "pg_dump"), commands(GUIDE, "pg_restore")
    folder = sa.make_url(postgresql_url).query["host"]
    here = {**os.environ, "PATH": f"{tools()}:{os.environ['PATH']}", "PGHOST": str(folder)}

    def run(command: str) -> None:
        as_owner = {"DATABASE": f"postgresql://solenoid@/solenoid?host={folder}"}
        mine = command.removeprefix("sudo -u postgres ").replace("--pwprompt ", "")
        who = as_owner if mine == command else {"PGUSER": "postgres"}
        subprocess.run(mine, shell=True, env={**here, **who}, cwd=tmp_path, check=True)

    run(make_user)
    run(make)
    url = f"postgresql+psycopg://solenoid@/solenoid?host={folder}"
    migrations.upgrade(url)
    with closing(Database(url)) as database:
        tokens.create(database, "before", "admin")
        run(dump)
        tokens.create(database, "after", "admin")
        newer = sa.text("CREATE TABLE newer (id varchar(36) REFERENCES experiments (id))")
        database.write(lambda connection: connection.execute(newer))
    for command in (drop, make_again, restore):
        run(command)
    with closing(Database(url)) as database:
        assert [token.name for token in tokens.known(database)] == ["before"]
        assert not sa.inspect(database.engine).has_table("newer")


def test_a_database_that_is_away_is_told_in_a_sentence(tmp_path: Path) -> None:
    url = "postgresql+psycopg://u:secret@127.0.0.1:1/none"
    failed = upkeep({"SOLENOID_DATABASE_URL": url, "SOLENOID_DATA_DIR": str(tmp_path)}, "vacuum")
    assert failed.returncode == 1
    assert "u:***@127.0.0.1:1/none cannot be used" in failed.stderr
    assert "Traceback" not in failed.stderr


def test_where_no_service_was_there_is_nothing_to_look_after(tmp_path: Path) -> None:
    elsewhere = {"SOLENOID_DATA_DIR": str(tmp_path / "typo")}
    done = upkeep(elsewhere, "backup", str(tmp_path / "copy"))
    assert done.returncode == 1
    assert done.stderr.startswith("no service has kept anything in the data directory ")
    assert list(tmp_path.iterdir()) == []
