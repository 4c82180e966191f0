"""Every example of the page on queries, on the running service and real, small results."""

import json
import shlex
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from solenoid import BadInput, Client
from solenoid.cli import main
from tests.pages import DOCS, blocks, commands, requested, run, table, texts
from tests.stack import RunningStack

PAGE = DOCS / "queries.md"
TINY: dict[str, Any] = {
    "data": {"train_size": 20, "test_size": 10},
    "training": {"epochs": 10, "batch_size": 5},
    "replicates": 2,
}
ANSWERS = {
    request: json.loads(answer)
    for (_, asked), (language, answer) in pairwise(blocks(PAGE))
    for request in asked.splitlines()
    if language == "json"
}


@pytest.fixture(scope="module")
def service(stack: RunningStack) -> RunningStack:
    """The service with a finished sweep and an experiment that converged to ask about."""
    axes = {"compression_ratio": [0.25, 4.0], "readout_fraction": [0.0, 0.5]}
    with Client(stack.url) as client:
        made = client.sweep(
            "curl_descent.simulation",
            axes,
            TINY,
            derive={"total_neurons": 20},
            tags={"project": "fig4"},
        )
        assert made.wait(timeout=120).succeeded
        easy = {**TINY, "record": {"threshold": 1000}}
        assert client.submit(made.kind, easy, tags={"project": "fig3"}).wait(timeout=60).succeeded
    return stack


@pytest.fixture
def client(service: RunningStack) -> Iterator[Client]:
    """A client of the running service."""
    with Client(service.url) as connected:
        yield connected


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("line", commands(PAGE, "curl"))
def test_every_request_finds_something(line: str, service: RunningStack) -> None:
    asked = requested(line)
    answer = service.http.request(**asked)
    assert answer.status_code == 200, answer.text
    assert answer.text.count("\n") > 1 if "format" in asked["params"] else answer.json()["items"]
    assert line not in ANSWERS or answer.json() == ANSWERS[line]


def test_an_answer_that_the_page_shows_is_compared() -> None:
    assert ANSWERS.keys() & set(commands(PAGE, "curl"))


@pytest.mark.parametrize("line", commands(PAGE, "solenoid"))
def test_every_command_finds_something(
    line: str,
    service: RunningStack,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("SOLENOID_URL", service.url)
    with pytest.raises(SystemExit) as ended:
        main(shlex.split(line)[1:])
    told = capsys.readouterr()
    assert not ended.value.code, told.err
    assert told.out.count("\n") > 1 or Path("results.parquet").stat().st_size > 1000


@pytest.mark.parametrize("example", texts(PAGE, "python"))
def test_every_example_in_python_finds_something(example: str, client: Client) -> None:
    _, found = run(example, client=client)
    assert all(len(table) > 0 for table in found if table is not None)


@pytest.mark.parametrize(("where", "answer"), table(PAGE, "where"))
def test_a_refused_filter_is_answered_as_the_page_says(
    where: str, answer: str, service: RunningStack
) -> None:
    for path in ("/v1/results", "/v1/experiments"):
        got = service.http.get(path, params={"where": where})
        assert got.status_code == 400
        assert answer in got.json()["detail"]


@pytest.mark.parametrize(("question", "answer"), table(PAGE, "question"))
def test_a_refused_question_is_answered_as_the_page_says(
    question: str, answer: str, service: RunningStack
) -> None:
    got = service.http.get(f"/v1/results?{question}")
    assert got.status_code in (400, 422)
    assert answer in got.json()["detail"]


def test_the_client_raises_what_the_service_answers(client: Client) -> None:
    where, answer = table(PAGE, "where")[0]
    with pytest.raises(BadInput) as refused:
        client.results(where)
    assert refused.value.status == 400
    assert refused.value.detail.startswith(answer)


def test_pages_follow_each_other_by_their_cursor(service: RunningStack) -> None:
    question = {"where": "tag.project = 'fig4'", "limit": "5"}
    rows: list[Any] = []
    cursor: dict[str, str] = {}
    while True:
        page = service.http.get("/v1/results", params={**question, **cursor}).json()
        rows += page["items"]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert (
        len({tuple(row[key] for key in ("experiment", "arm", "replicate")) for row in rows}) == 16
    )
    assert len(rows) == 16
