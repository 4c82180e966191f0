"""One browser and one service for all pages, with a little in it to see."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.dashboard.browser import MISSING, executable, launched, opened
from tests.stack import RunningStack

KIND = "curl_descent.simulation"
SMALL: dict[str, Any] = {
    "inputs": 10,
    "hidden": 5,
    "data": {"train_size": 50, "test_size": 20},
    "training": {"epochs": 200},
    "replicates": 3,
}


@dataclass(frozen=True)
class Seeded:
    """What is there to see: two experiments, one that failed to be wanted, and a sweep."""

    first: str
    second: str
    sweep: str
    dataset: str


# Not of the session: while it is open, an event loop runs in the thread of the tests.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The browser of this machine."""
    program = executable()
    if program is None:
        pytest.skip(MISSING)
    with launched(program) as running:
        yield running


@pytest.fixture
def page(browser: Browser, stack: RunningStack) -> Iterator[Page]:
    """A new page whose console must stay clean."""
    with opened(browser, stack.url) as fresh:
        yield fresh


@pytest.fixture(scope="session")
def seeded(stack: RunningStack) -> Seeded:
    """A little of everything, finished."""
    tags = {"test": "pages"}
    first = stack.submit(KIND, SMALL, name="one flip", tags=tags)["id"]
    flips = {"flips": {"readout": {"count": 2}}}
    second = stack.submit(KIND, {**SMALL, **flips}, name="two flips", tags=tags)["id"]
    definition = {
        "kind": KIND,
        "name": "scales",
        "base": {**SMALL, "training": {"epochs": 20}, "replicates": 1},
        "axes": {"student_scale": [0.5, 1.0, 2.0], "teacher_scale": [0.5, 1.0]},
    }
    sweep = stack.http.post("/v1/sweeps", json=definition).json()
    for identifier in (first, second):
        assert stack.ended(identifier, patience_s=150)["status"] == "succeeded"
    for child in stack.http.get(f"{sweep['links']['self']}/results").json()["items"]:
        stack.ended(child["id"])
    dataset = stack.http.get("/v1/datasets").json()["items"][-1]["id"]
    return Seeded(first, second, sweep["id"], dataset)
