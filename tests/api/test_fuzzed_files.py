"""Damaged files of every format over HTTP: each is read or refused in words, and nothing stays.

The readers are fuzzed without the service in `tests/core/test_damaged_files.py`; here the same
files go the whole way, several at a time.
"""

import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import numpy as np

from tests.api.test_datasets import left_on_disk, upload
from tests.core.test_damaged_files import FILES
from tests.stack import RunningStack

OF_EACH_FORMAT = 3
AT_ONCE = 4
PATIENCE_S = 60.0


def flipped(content: bytes, chance: np.random.Generator) -> bytes:
    """A few bits turned over."""
    damaged = bytearray(content)
    for place in chance.integers(len(damaged), size=chance.integers(1, 9)).tolist():
        damaged[place] ^= 1 << int(chance.integers(8))
    return bytes(damaged)


def truncated(content: bytes, chance: np.random.Generator) -> bytes:
    """The beginning alone."""
    return content[: int(chance.integers(len(content)))]


def spliced(content: bytes, chance: np.random.Generator) -> bytes:
    """A stretch replaced by one of any of the files."""
    other = FILES[chance.choice(sorted(FILES))]
    place, taken = int(chance.integers(len(content))), int(chance.integers(len(other)))
    length = int(chance.integers(1, 4000))
    return content[:place] + other[taken : taken + length] + content[place + length :]


def damaged_files() -> list[tuple[str, bytes]]:
    """Each format in every way, the same in every run."""
    chance, ways = np.random.default_rng(6), (flipped, truncated, spliced)
    return [
        (f"{way.__name__}_{number}.{form}", way(FILES[form], chance))
        for form in sorted(FILES)
        for number in range(OF_EACH_FORMAT)
        for way in [ways[number % len(ways)]]
    ]


def inspected(stack: RunningStack, answer: httpx.Response) -> httpx.Response:
    """The dataset once somebody has looked into it, or the refusal."""
    deadline = time.monotonic() + PATIENCE_S
    while answer.is_success and answer.json()["status"] == "inspecting":
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.05)
        answer = stack.http.get(f"/v1/datasets/{answer.json()['id']}")
    return answer


def test_damaged_files_are_read_or_refused_in_words_and_leave_nothing(stack: RunningStack) -> None:
    before, files = left_on_disk(stack), damaged_files()

    def sent(file: tuple[str, bytes]) -> httpx.Response:
        return inspected(stack, upload(stack, file[1], file[0]))

    with ThreadPoolExecutor(AT_ONCE) as threads:
        answers = list(threads.map(sent, files))
    kept: dict[str, set[str]] = {}
    for (name, _), answer in zip(files, answers, strict=True):
        document = answer.json()
        if answer.is_success and document["status"] == "ready":
            identifier = document["id"]
            blob = f"blobs/{document['blob_sha256']}"
            kept[identifier] = {blob, f"arrays/{identifier}.npz"}
        elif answer.is_success:
            assert document["error"], name
        else:
            assert answer.status_code == 422, (name, answer.text)
            assert answer.headers["content-type"] == "application/problem+json", name
            assert document["errors"][0]["message"], name
    assert 0 < len(kept) < len(files)
    assert left_on_disk(stack) == before.union(*kept.values())
    for identifier in kept:
        assert stack.http.delete(f"/v1/datasets/{identifier}").status_code == 204
    assert left_on_disk(stack) == before
    assert not stack.descendants("store.inspection")
    assert stack.http.get("/readyz").status_code == 200
