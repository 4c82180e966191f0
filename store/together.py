"""One at a time where the row and the files of a dataset change together.

Whoever removes files must not meet whoever has just brought them, in whichever process. A lock
beside the files holds for the processes of a machine; PostgreSQL has another, for all machines that
share it. Datasets are locked by the first digit of their file's hash, so that two large uploads
seldom wait for each other and an archive of a thousand files takes no more locks than there are.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from store.database import Database
from store.locks import held
from store.settings import Settings

DIGITS = "0123456789abcdef"


@contextmanager
def together(database: Database, settings: Settings, *blobs: str) -> Iterator[None]:
    """While files and rows of datasets of these blobs change, or with `*DIGITS` of all."""
    digits = sorted({sha256[0] for sha256 in blobs})  # in one order, so that nobody waits in a ring
    with ExitStack() as locks:
        for digit in digits:
            locks.enter_context(held(settings.datasets_dir / "locks" / digit))
        if digits:
            locks.enter_context(database.locked([int(digit, 16) for digit in digits]))
        yield
