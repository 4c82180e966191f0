"""JSON that is no JSON, or that no database keeps, is refused wherever it is hidden."""

import base64
from collections.abc import Iterator

import httpx
import pytest

from api.access import Door
from store.settings import Settings
from tests.api.server import served
from tests.api.test_metrics import AWAY
from tests.store.archive_world import files

UNKEPT = {
    "half a character": '{"a": "\\ud800"}',
    "not a number": '{"a": NaN}',
    "too large a number": '{"a": 1e400}',
    "NUL": '{"counts": "\\u0000"}',
    "NUL in a name": '{"\\u0000": 1}',
    "many digits": '{"a": ' + 5000 * "9" + "}",
    "deep": '{"a": ' + 1500 * "[" + 1500 * "]" + "}",
}


@pytest.fixture
def api(settings: Settings) -> Iterator[httpx.Client]:
    """An API on the test's database; its broker is away."""
    with served(settings.model_copy(update=AWAY), Door()) as client:
        yield client


def test_a_mapping_that_cannot_be_kept_is_refused_by_name(
    api: httpx.Client, settings: Settings
) -> None:
    for what, mapping in UNKEPT.items():
        form = {"files": {"file": ("a.npz", b"abc")}, "data": {"mapping": mapping}}
        answer = api.post("/v1/datasets", **form)  # type: ignore[arg-type]
        assert answer.status_code == 422, what
        assert answer.json()["errors"][0]["field"] == "mapping", what
    assert files(settings) == set()


def test_a_cursor_of_anything_is_refused_by_name(api: httpx.Client) -> None:
    for text in ('["\\ud800", "a"]', 200 * "[", 10_000 * "[", f"[{5000 * '9'}]", '["a"]', "NaN"):
        cursor = base64.urlsafe_b64encode(text.encode()).decode()
        for path in ("/v1/experiments", "/v1/sweeps", "/v1/datasets", "/v1/results"):
            if text == '["a"]' and path == "/v1/sweeps":
                continue  # the page after the sweep "a"
            answer = api.get(path, params={"cursor": cursor})
            assert answer.status_code == 422, (path, text[:20])
            assert answer.json()["errors"][0]["field"] == "cursor"


def test_what_is_quoted_in_a_refusal_may_hold_half_a_character(api: httpx.Client) -> None:
    body = '{"kind": "curl_descent.simulation", "axes": {"seed": ["\\ud800"]}}'
    headers = {"Content-Type": "application/json"}
    answer = api.post("/v1/sweeps/preview", content=body, headers=headers)
    assert answer.status_code == 422
    assert "\\ud800" in answer.text


@pytest.mark.parametrize("cookie", ["a/b=c", "{}=1", 'a="b', "=;;="])
def test_the_cookies_of_other_services_are_nobodys_business(cookie: str, api: httpx.Client) -> None:
    assert api.get("/v1/experiments", headers={"Cookie": cookie}).status_code == 200
