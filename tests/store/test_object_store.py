"""Datasets in an S3-compatible object store: a real server (rclone's), its keys checked."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import migrations
from core.examples import GOLUB_BCI
from core.experiment import ExperimentError
from store import dataset_files, datasets
from store.database import Database
from store.dataset_files import Away, arrays_path, blob_path
from store.incoming import incoming
from store.settings import Settings
from store.upkeep import backup
from tests.postgresql import free_port

Arrange = Callable[[str], Settings]
KEYS = {"AWS_ACCESS_KEY_ID": "lab", "AWS_SECRET_ACCESS_KEY": "secret1", "AWS_REGION": "any"}


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server with one bucket, `lab`."""
    folder = tmp_path_factory.mktemp("s3")
    (folder / "lab").mkdir()
    port = free_port()
    rclone = Path(sys.executable).with_name("rclone")
    key = f"{KEYS['AWS_ACCESS_KEY_ID']},{KEYS['AWS_SECRET_ACCESS_KEY']}"
    options = ["--addr", f"127.0.0.1:{port}", "--auth-key", key, "--vfs-cache-mode", "off"]
    server = subprocess.Popen(
        [str(rclone), "serve", "s3", *options, str(folder)],
        env={**os.environ, "RCLONE_CONFIG": str(folder / "none.conf")},
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 30.0
    while not listens(port):
        assert time.monotonic() < deadline
        assert server.poll() is None
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    server.send_signal(signal.SIGTERM)
    server.wait()


@pytest.fixture
def machine(endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Arrange:
    """Makes the settings of a machine that shares database and bucket with the others."""
    for name, value in {**KEYS, "AWS_ENDPOINT_URL": endpoint, "AWS_ALLOW_HTTP": "true"}.items():
        monkeypatch.setenv(name, value)
    dataset_files._bucket.cache_clear()
    url = f"sqlite:///{tmp_path / 'shared.db'}"
    migrations.upgrade(url)

    def settings(name: str) -> Settings:
        bucket = "s3://lab/solenoid"
        return Settings(data_dir=tmp_path / name, database_url=url, datasets_url=bucket)

    return settings


def uploaded(database: Database, settings: Settings) -> datasets.Dataset:
    with incoming(settings) as folder:
        upload = folder / "session.npz"
        upload.write_bytes(GOLUB_BCI.path.read_bytes())
        with datasets.added(
            database, settings, upload, name="session.npz", mapping=None
        ) as dataset:
            pass
    return datasets.look_into(database, settings, dataset.id)


def test_what_one_machine_took_in_another_computes_on_and_backs_up(
    machine: Arrange, tmp_path: Path
) -> None:
    near, far = machine("near"), machine("far")
    database = Database(near.resolved_database_url)
    dataset = uploaded(database, near)
    assert dataset.status == "ready", dataset.error
    heard: list[None] = []
    arrays = datasets.load(far, dataset.id, lambda: heard.append(None))
    assert arrays.keys() == datasets.load(near, dataset.id).keys()
    assert heard, "whoever fetches keeps its lease"
    assert not list((far.datasets_dir / "incoming").iterdir())
    assert backup(database, far, tmp_path / "backup") == 2
    blob = blob_path(far, dataset.blob_sha256)
    assert blob.read_bytes() == GOLUB_BCI.path.read_bytes()
    datasets.delete(database, near, dataset.id)
    third = machine("third")
    with pytest.raises(ExperimentError, match="no file on this machine"):
        datasets.load(third, dataset.id)
    database.close()


def test_a_store_that_refuses_the_key_or_is_away_says_so(
    machine: Arrange, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = machine("near")
    database = Database(settings.resolved_database_url)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    dataset_files._bucket.cache_clear()
    with pytest.raises(Away, match="s3://lab/solenoid"):
        uploaded(database, settings)
    with pytest.raises(ExperimentError, match="cannot be fetched"):
        datasets.load(settings, "0")
    assert not arrays_path(settings, "0").exists()
    database.close()


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
