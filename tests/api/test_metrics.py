"""What Prometheus reads, on both databases, and what the log says of a request."""

import json
import logging
import secrets

import pytest
from prometheus_client.parser import text_string_to_metric_families as families

from api.access import Door
from store.database import Database
from store.settings import Settings
from store.tokens import PREFIX, SECRET_BYTES
from store.transitions import fail, reap, release
from tests.api.server import served
from tests.store.test_transitions import accepted, claimed, expire_lease
from workers.logs import JsonLines, about

AWAY = {"redis_url": "unix:///nowhere"}
TOKEN = PREFIX + secrets.token_urlsafe(SECRET_BYTES)


def samples(text: str) -> dict[str, float]:
    return {
        sample.name
        + "".join(f" {value}" for _, value in sorted(sample.labels.items())): sample.value
        for family in families(text)
        for sample in family.samples
    }


def work(database: Database) -> None:
    """One failed, one lost, one handed back, all but the first queued again."""
    failed, lost, returned = (accepted(database) for _ in range(3))
    fail(database, claimed(database, failed), "no")
    claimed(database, lost)
    expire_lease(database, lost)
    claimed(database, returned, "leaving")
    release(database, "leaving")
    reap(database, max_attempts=3)


def test_every_process_tells_the_same_state_of_the_service(
    database: Database, settings: Settings
) -> None:
    work(database)
    of_both = []
    for _ in range(2):
        with served(settings.model_copy(update=AWAY), Door()) as api:
            of_both.append(samples(api.get("/metrics").text))
    first, second = ({k: v for k, v in each.items() if "request" not in k} for each in of_both)
    assert first == second
    assert first["solenoid_queue_depth"] == 2
    assert first["solenoid_experiments failed"] == 1
    assert first["solenoid_lease_expiries_total"] == 1
    assert first["solenoid_attempt_seconds_count handed_back"] == 1
    assert first["solenoid_attempt_seconds_bucket 86400.0 lost"] == 1
    assert first["solenoid_broker_up"] == 0


def test_latencies_are_told_by_route_and_not_by_path(settings: Settings) -> None:
    with served(settings.model_copy(update=AWAY), Door()) as api:
        for number in range(3):
            api.get(f"/v1/experiments/00000000-0000-7000-8000-00000000000{number}")
            api.get(f"/nothing/{number}")
        told = samples(api.get("/metrics").text)
    assert told["solenoid_request_seconds_count GET /v1/experiments/{id:uuid} 404"] == 3
    assert told["solenoid_request_seconds_count GET none 404"] == 3


def test_a_request_leaves_a_line_about_its_experiment_without_what_was_secret(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    caplog.handler.setFormatter(JsonLines())
    identifier = "01900000-0000-7000-8000-000000000000"
    with served(settings.model_copy(update=AWAY), Door()) as api:
        headers = {"Authorization": "Bearer hush"}
        api.get(f"/v1/experiments/{identifier}?where=hush", headers=headers)
        api.get(f"/v1/experiments/{TOKEN}")
    lines = [json.loads(line) for line in caplog.text.splitlines()]
    of_ours = [line for line in lines if not line["logger"].startswith("httpx")]
    line, mistaken = [line for line in of_ours if line["logger"] == "solenoid.requests"]
    assert line["experiment"] == identifier
    assert mistaken["path"] == "/v1/experiments/solenoid_...", "a token that came as a path"
    assert (line["method"], line["status"]) == ("GET", 401)
    assert "hush" not in str(of_ours)


def test_the_line_of_a_submission_has_the_id_of_what_was_made(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    caplog.handler.setFormatter(JsonLines())
    with served(settings.model_copy(update=AWAY), Door()) as api:
        body = {"kind": "curl_descent.toy", "spec": {}}
        made = api.post("/v1/experiments", json=body).json()
    lines = [json.loads(line) for line in caplog.text.splitlines()]
    (line,) = [line for line in lines if line.get("status") == 202]
    assert line["experiment"] == made["id"]


def test_a_line_is_one_json_object_whatever_is_in_the_message() -> None:
    record = logging.LogRecord("a", logging.ERROR, "", 0, 'two\nlines "%s"', ("x",), None)
    with about("some-id"):
        text = JsonLines().format(record)
    assert "\n" not in text
    line = json.loads(text)
    assert line["message"] == 'two\nlines "x"'
    assert line["experiment"] == "some-id"
