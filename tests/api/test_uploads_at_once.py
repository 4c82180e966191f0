"""The same file uploaded by two at once is one dataset, or none, on both databases."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from api.access import Door
from store.inspection import GONE
from store.settings import Settings
from tests.api.server import served
from tests.api.test_datasets import npz, session
from tests.store.archive_world import files

AT_ONCE = 4
UNREADABLE = b"counts and targets\n"


@pytest.fixture
def api(settings: Settings) -> Iterator[httpx.Client]:
    """An API on the test's database; its broker is away."""
    away = settings.model_copy(update={"redis_url": "unix:///nowhere"})
    with served(away, Door()) as client:
        yield client


def uploaded_at_once(content: bytes, *apis: httpx.Client) -> list[httpx.Response]:
    with ThreadPoolExecutor(AT_ONCE) as threads:
        return list(
            threads.map(
                lambda api: api.post("/v1/datasets", files={"file": ("a.npz", content)}),
                [*apis] * (AT_ONCE // len(apis)),
            )
        )


def test_the_same_file_uploaded_at_once_is_one_dataset(
    api: httpx.Client, settings: Settings
) -> None:
    answers = uploaded_at_once(npz(**session(40)), api)
    assert [answer.status_code for answer in answers] == [201] * AT_ONCE, [a.text for a in answers]
    (identifier,) = {answer.json()["id"] for answer in answers}
    dataset = api.get(f"/v1/datasets/{identifier}").json()
    assert dataset["status"] == "ready", dataset["error"]
    assert files(settings) == {f"blobs/{dataset['blob_sha256']}", f"arrays/{identifier}.npz"}


def test_the_same_damaged_file_uploaded_at_once_leaves_nothing(
    api: httpx.Client, settings: Settings
) -> None:
    answers = uploaded_at_once(UNREADABLE, api)
    assert [answer.status_code for answer in answers] == [422] * AT_ONCE, [a.text for a in answers]
    assert {"text file" in answer.text for answer in answers} == {True}
    assert api.get("/v1/datasets").json()["items"] == []
    assert files(settings) == set()


def test_the_same_damaged_file_sent_to_two_apis_at_once_is_refused_by_both(
    api: httpx.Client, settings: Settings
) -> None:
    away = settings.model_copy(update={"redis_url": "unix:///nowhere"})
    with served(away, Door()) as other:
        for each in (api, other):  # routes are made at the first request, and not by two threads
            each.get("/v1/datasets")
        answers = uploaded_at_once(UNREADABLE, api, other)
    assert [answer.status_code for answer in answers] == [422] * AT_ONCE, [a.text for a in answers]
    assert all("text file" in each.text or GONE in each.text for each in answers)
    assert files(settings) == set()
