"""The files of datasets: in a folder of this machine and, if there is one, in an object store.

    datasets/blobs/<sha256>      the file as it was uploaded, stored once
    datasets/arrays/<id>.npz     its named arrays, as the inspection read them
    datasets/previews/<id>.*     what was drawn of it, once somebody has looked; of this machine

Whoever reads, reads the folder; a file that is not there yet is fetched first. Names say what is in
a file and its content never changes, so that a copy is never stale. Files are kept and removed by
whoever holds the lock of `store.together`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.npz import in_silence
from core.preview import VERSION
from store.incoming import incoming
from store.settings import Settings

if TYPE_CHECKING:
    from obstore.store import ObjectStore


RETRY: Any = {"retry_timeout": timedelta(seconds=10)}
"""Shorter than a lease: whoever waits for a file says nothing meanwhile."""


class Away(Exception):
    """The object store does not answer, or not as it should."""


def blob_path(settings: Settings, sha256: str) -> Path:
    """Where an uploaded file is kept."""
    return settings.datasets_dir / "blobs" / sha256


def arrays_path(settings: Settings, identifier: str) -> Path:
    """Where a dataset's arrays are kept."""
    return settings.datasets_dir / "arrays" / f"{identifier}.npz"


def preview_path(settings: Settings, identifier: str) -> Path:
    """Where a dataset's preview is kept: an id is that of a content, which never changes."""
    return settings.datasets_dir / "previews" / f"{identifier}.{VERSION}.json"


def keep(settings: Settings, file: Path, path: Path) -> None:
    """Move a file to where it is kept, and let other machines have it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file.replace(path)
    if settings.datasets_url is not None:
        with _answering(settings) as bucket:
            bucket.put(_key(settings, path), path)


def is_kept(settings: Settings, path: Path) -> bool:
    """Whether a file is on this machine or in the object store."""
    if path.exists() or settings.datasets_url is None:
        return path.exists()
    with suppress(FileNotFoundError), _answering(settings) as bucket:
        bucket.head(_key(settings, path))
        return True
    return False


def present(settings: Settings, path: Path, still_here: Callable[[], None] = in_silence) -> bool:
    """Whether a file is on this machine, if need be after fetching it, saying so all the while."""
    if path.exists() or settings.datasets_url is None:
        return path.exists()
    path.parent.mkdir(parents=True, exist_ok=True)
    with incoming(settings) as folder, _answering(settings) as bucket:
        partial = folder / path.name
        try:
            pieces = bucket.get(_key(settings, path))
        except FileNotFoundError:
            return False
        with partial.open("wb") as target:
            for piece in pieces:
                target.write(piece)
                still_here()
        partial.replace(path)
    return True


def remove(settings: Settings, path: Path) -> None:
    """Remove a file here and in the object store; other machines may keep a copy they fetched."""
    path.unlink(missing_ok=True)
    if settings.datasets_url is not None:
        with suppress(FileNotFoundError), _answering(settings) as bucket:
            bucket.delete(_key(settings, path))


@contextmanager
def _answering(settings: Settings) -> Iterator["ObjectStore"]:
    """The object store; raises `Away` when it cannot be used."""
    from obstore.exceptions import BaseError  # an extra: most installations need none

    try:
        yield _bucket(str(settings.datasets_url))
    except FileNotFoundError:
        raise
    except BaseError as away:
        raise Away(f"{settings.datasets_url}: {str(away).splitlines()[0]}") from None


@cache
def _bucket(url: str) -> Any:
    """The object store at a URL; address, region and keys come from the usual AWS_* variables."""
    from obstore.store import from_url

    return from_url(url, retry_config=RETRY)


def _key(settings: Settings, path: Path) -> str:
    return path.relative_to(settings.datasets_dir).as_posix()
