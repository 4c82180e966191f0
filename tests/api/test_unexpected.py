"""What nobody expected is answered like everything else: with headers, a log line and figures."""

import json
import logging
from pathlib import Path

import pytest

import migrations
from api.access import Door
from store.database import Database
from store.settings import Settings
from store.tables import experiments
from tests.api.server import served
from tests.api.test_metrics import AWAY, samples
from tests.postgresql import postgresql
from tests.store.test_transitions import accepted
from workers.logs import JsonLines

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
FORM = "/new?kind=curl_descent.simulation&spec="


def test_an_internal_error_has_the_headers_the_line_and_the_latency_of_every_answer(
    database: Database, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    caplog.handler.setFormatter(JsonLines())
    identifier = accepted(database)
    nonsense = experiments.update().values(estimate={"seconds": "hush"})
    database.write(lambda connection: connection.execute(nonsense))
    with served(settings.model_copy(update=AWAY), Door()) as api:
        failed = api.get(f"/v1/experiments/{identifier}")
        latencies = samples(api.get("/metrics").text)
    assert failed.status_code == 500
    assert failed.headers["content-type"] == "application/problem+json"
    assert failed.headers["X-Content-Type-Options"] == "nosniff"
    assert "hush" not in failed.text
    assert latencies["solenoid_request_seconds_count GET /v1/experiments/{id:uuid} 500"] == 1
    lines = [json.loads(line) for line in caplog.text.splitlines()]
    (bug,) = [line for line in lines if "traceback" in line]
    (request,) = [line for line in lines if line.get("status") == 500]
    assert bug["experiment"] == request["experiment"] == identifier
    assert request["path"] == f"/v1/experiments/{identifier}"


def test_with_the_database_away_everybody_is_told_to_try_again(tmp_path: Path) -> None:
    with postgresql(tmp_path / "postgresql") as server:
        migrations.upgrade(server.url)
        settings = Settings(data_dir=tmp_path, database_url=server.url)
        with served(settings.model_copy(update=AWAY), Door()) as api:
            server.stop()
            for headers in ({}, {"Authorization": "Bearer solenoid_ann"}):
                away = api.get("/v1/experiments", headers=headers)
                assert away.status_code == 503, away.text
                assert "Retry-After" in away.headers
                assert away.headers["X-Content-Type-Options"] == "nosniff"
            page = api.get("/experiments", headers=BROWSER)
            assert (page.status_code, page.headers["Retry-After"]) == (503, "2")
            assert "The database cannot be used at present" in page.text


def test_what_goes_wrong_with_a_page_is_shown_as_a_page(
    database: Database, settings: Settings
) -> None:
    identifier = accepted(database)
    nonsense = experiments.update().values(estimate={"seconds": "hush"})
    database.write(lambda connection: connection.execute(nonsense))
    with served(settings.model_copy(update=AWAY), Door()) as api:
        for path, status, words in (
            (f"/experiments/{identifier}", 500, "An internal error"),
            ("/nowhere", 404, "Nothing is at /nowhere"),
            ("/experiments/no-id", 404, "Nothing is at /experiments/no-id"),
            ("/new?kind=none", 404, "none"),
            (FORM + '{"hiden": 5}', 422, "spec.hiden: there is no such field; did you mean hidden"),
            (FORM + '{"hidden": 0}', 422, "spec.hidden: "),
            (FORM + "{", 422, "spec: Invalid JSON"),
            ("/new?preset=toi", 404, "No preset is named toi; did you mean toy?"),
            ("/experiments?kind=curl_descent.tot", 200, "did you mean curl_descent.toy"),
            ("/experiments?status=odd", 422, "status"),
            ("/compare?ids=odd", 400, "ids"),
        ):
            page = api.get(path, headers=BROWSER)
            assert (page.status_code, page.headers["content-type"][:9]) == (status, "text/html")
            assert "default-src 'none'" in page.headers["Content-Security-Policy"]
            assert words in page.text
            assert "<nav" in page.text
        for_programs = api.get("/v1/nowhere", headers=BROWSER)
    assert for_programs.headers["content-type"] == "application/problem+json"


def test_a_packed_body_is_refused_in_words(migrated_sqlite: Path, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, database_url=f"sqlite:///{migrated_sqlite}")
    with served(settings.model_copy(update=AWAY), Door()) as api:
        packed = api.post(
            "/v1/experiments", content=b"\x1f\x8b", headers={"Content-Encoding": "gzip"}
        )
    assert packed.status_code == 415
    assert packed.json()["detail"] == "Content-Encoding: gzip is not read; send the body as it is"
