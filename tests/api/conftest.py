"""A service that takes little."""

from collections.abc import Iterator

import pytest

from tests.stack import RunningStack

ARRAY_BYTES = 1_000_000
STRICT = pytest.mark.xdist_group("strict")


@pytest.fixture(scope="session")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """A service with small limits, for what is tedious to make too large for the usual ones."""
    folder = tmp_path_factory.mktemp("strict")
    with RunningStack(
        folder, workers=1, max_upload_bytes=100_000, max_array_bytes=ARRAY_BYTES
    ) as running:
        yield running
