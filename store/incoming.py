"""Files that are not kept yet: uploads, what is unpacked, fetched or made for one answer.

    datasets/incoming/<token>/       such files, for as long as whoever brings them lives
    datasets/incoming/<token>.lock   which holds this lock meanwhile

Age would not tell them from what a killed process left: an upload may take hours, and its process
be back within a second.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from store.locks import held, nobody_holds
from store.settings import Settings


@contextmanager
def incoming(settings: Settings) -> Iterator[Path]:
    """A folder of one's own, which is gone at the end with what is still in it."""
    own = _folder(settings) / uuid4().hex
    with held(_lock(own)):
        own.mkdir()
        try:
            yield own
        finally:
            shutil.rmtree(own, ignore_errors=True)


def sweep(settings: Settings) -> None:
    """Remove what processes that are no more left on their way in."""
    found = sorted(_folder(settings).glob("*"))
    for left in (path for path in found if path.suffix != ".lock"):
        if nobody_holds(_lock(left)):
            _remove(left)
    for lock in (path for path in found if path.suffix == ".lock"):
        nobody_holds(lock)


def _folder(settings: Settings) -> Path:
    return settings.datasets_dir / "incoming"


def _lock(own: Path) -> Path:
    return own.with_name(f"{own.name}.lock")


def _remove(left: Path) -> None:
    if left.is_dir():
        shutil.rmtree(left, ignore_errors=True)
    else:
        left.unlink(missing_ok=True)  # earlier versions kept plain files there
