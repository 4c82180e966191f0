"""Files beyond the limits, on a service whose limits are small: large ones are tedious to make."""

import io
import resource
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from tests.api.test_archives import imported
from tests.api.test_datasets import left_on_disk, upload
from tests.stack import RunningStack

ARRAY_BYTES = 1_000_000


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    folder = tmp_path_factory.mktemp("strict")
    with RunningStack(folder, max_upload_bytes=100_000, max_array_bytes=ARRAY_BYTES) as running:
        yield running


def test_an_archive_beyond_the_upload_limit_is_refused(strict: RunningStack) -> None:
    answer = imported(strict, bytes(2 * 2**20))
    assert answer.status_code == 413
    assert "SOLENOID_MAX_UPLOAD_BYTES" in answer.json()["detail"]
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("sweeps.jsonl", bytes(2 * ARRAY_BYTES))
    answer = imported(strict, content.getvalue())
    assert answer.status_code == 413
    assert "SOLENOID_MAX_ARRAY_BYTES" in answer.json()["detail"]


def test_a_zip_bomb_is_refused_with_the_limit(strict: RunningStack) -> None:
    before = left_on_disk(strict)
    answer = upload(strict, bomb())
    assert answer.status_code == 422, answer.text
    assert str(ARRAY_BYTES) in answer.json()["errors"][0]["message"]
    assert left_on_disk(strict) == before


def test_an_upload_onto_a_full_disk_is_answered_503_and_leaves_nothing(
    strict: RunningStack,
) -> None:
    before, content = left_on_disk(strict), np.random.default_rng(0).bytes(90_000)
    (api,) = strict.descendants("-m api")
    with files_of_at_most(50_000, api.pid):
        answers = [upload(strict, content), imported(strict, content)]
    assert [answer.status_code for answer in answers] == [503] * 2, [a.text for a in answers]
    assert all("disk is full" in answer.json()["detail"] for answer in answers)
    assert left_on_disk(strict) == before


@contextmanager
def files_of_at_most(size: int, pid: int) -> Iterator[None]:
    """A disk with room for files of this size alone, to one process."""
    soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))
    yield
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))


def bomb() -> bytes:
    header, content = io.BytesIO(), io.BytesIO()
    shape = {"descr": "<f8", "fortran_order": False, "shape": (ARRAY_BYTES,)}
    np.lib.format.write_array_header_1_0(header, shape)
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("counts.npy", header.getvalue() + bytes(8 * ARRAY_BYTES))
    return content.getvalue()
