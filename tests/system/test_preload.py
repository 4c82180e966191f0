"""The fault injector's full database is a full database: what the chaos tests rely on."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.system.chaos.world import PRELOAD

CODE = """
import sqlalchemy as sa, sys
from store.database import Database
from tests.store.test_transitions import accepted
database, folder = Database(f"sqlite:///{sys.argv[1]}/solenoid.db"), sys.argv[1]
accepted(database)
open(f"{folder}/full", "w").close()
made = 1
try:
    while made < 500:
        accepted(database)
        made += 1
    sys.exit("it never became full")
except sa.exc.OperationalError as full:
    assert "database or disk is full" in str(full), full
import os
os.remove(f"{folder}/full")
accepted(database)
with database.read() as connection:
    found = connection.execute(sa.text("SELECT count(*) FROM experiments")).scalar()
assert found == made + 1, (found, made)
"""


def test_a_full_sqlite_database_refuses_whole_and_goes_on_when_there_is_room(
    migrated_sqlite: Path, tmp_path: Path
) -> None:
    shutil.copyfile(migrated_sqlite, tmp_path / "solenoid.db")
    subprocess.run(
        [sys.executable, "-c", CODE, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": f"{PRELOAD}{os.pathsep}{Path(__file__).parents[2]}"},
        check=True,
        timeout=120,
    )
