"""Archives over HTTP: out of the running service, and into it again."""

import io
import json
import zipfile
from typing import Any

import httpx
import pytest

from core.examples import GOLUB_BCI
from tests.stack import RunningStack

KIND = "curl_descent.simulation"
TINY: dict[str, Any] = {
    "inputs": 8,
    "hidden": 4,
    "data": {"train_size": 20, "test_size": 10},
    "training": {"epochs": 10, "batch_size": 5},
    "replicates": 2,
}
NOBODY = "01234567-89ab-7def-8123-456789abcdef"
IMPORT = "/v1/archives/import"


def finished(stack: RunningStack, **labels: Any) -> str:
    identifier: str = stack.submit(KIND, TINY, **labels)["id"]
    assert stack.ended(identifier)["status"] == "succeeded"
    return identifier


def exported(stack: RunningStack, **body: Any) -> bytes:
    answer = stack.http.post("/v1/archives", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    return answer.content


def imported(stack: RunningStack, content: bytes) -> httpx.Response:
    return stack.http.post(IMPORT, files={"file": ("paper.zip", content)})


def spooled(stack: RunningStack) -> list[str]:
    folder = stack.folder / "datasets" / "incoming"
    return [path.name for path in folder.glob("*")]


def test_what_was_deleted_comes_back_as_it_was(stack: RunningStack) -> None:
    identifier = finished(stack, name="kept", tags={"project": "archived"})
    path = f"/v1/experiments/{identifier}"
    before = stack.show(identifier)
    rows = stack.http.get(f"{path}/results").json()
    array = stack.http.get(f"{path}/arrays/test_error.npy").content
    archive = exported(stack, where="tag.project = 'archived'")
    assert stack.http.delete(path).status_code == 204
    answer = imported(stack, archive)
    assert answer.status_code == 200, answer.text
    nothing = {"added": 0, "present": 0}
    one = {"added": 1, "present": 0}
    assert answer.json() == {"experiments": one, "sweeps": nothing, "datasets": nothing}
    after = stack.show(identifier)
    local = {"worker", "attempts", "history", "values"}  # of the attempt that ran there
    assert {k: v for k, v in after.items() if k not in local} == {
        k: v for k, v in before.items() if k not in local
    }
    assert stack.http.get(f"{path}/results").json() == rows
    assert stack.http.get(f"{path}/arrays/test_error.npy").content == array
    assert stack.http.get(f"{path}/figures/learning_curves.svg").status_code == 200
    streamed = stack.http.post(IMPORT, content=archive)
    assert streamed.json()["experiments"] == {"added": 0, "present": 1}
    assert not spooled(stack)


def test_a_dataset_can_be_exported_by_itself(stack: RunningStack) -> None:
    archive = exported(stack, datasets=[GOLUB_BCI.dataset_id])
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        manifest = json.loads(opened.read("manifest.json"))
    paths = [member["path"] for member in manifest["members"]]
    assert f"datasets/{GOLUB_BCI.dataset_id}.json" in paths
    assert imported(stack, archive).json()["datasets"] == {"added": 0, "present": 1}


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({}, 422, "body"),
        ({"where": "colour = 1"}, 400, "where"),
        ({"where": ""}, 422, "where"),
        ({"ids": ["x"]}, 422, "ids.0"),
        ({"everything": True}, 422, "everything"),
    ],
)
def test_an_export_of_nothing_sensible_is_refused(
    stack: RunningStack, body: dict[str, Any], status: int, field: str
) -> None:
    answer = stack.http.post("/v1/archives", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (status, field)


@pytest.mark.parametrize("asked", ["ids", "sweeps", "datasets"])
def test_an_export_of_an_unknown_id_is_not_found(stack: RunningStack, asked: str) -> None:
    answer = stack.http.post("/v1/archives", json={asked: [NOBODY]})
    assert answer.status_code == 404
    assert NOBODY in answer.json()["detail"]


def test_other_content_under_the_same_id_is_a_conflict_that_names_it(stack: RunningStack) -> None:
    identifier = stack.submit(KIND, {**TINY, "training": {"epochs": 10_000_000}})["id"]
    stack.http.post(f"/v1/experiments/{identifier}/cancel")
    stack.ended(identifier)
    archive = exported(stack, ids=[identifier])
    stack.http.post(f"/v1/experiments/{identifier}/retry")
    answer = imported(stack, archive)
    stack.http.post(f"/v1/experiments/{identifier}/cancel")
    assert answer.status_code == 409
    assert identifier in answer.json()["detail"]


def test_a_hostile_file_is_refused_by_the_member_that_is_wrong(stack: RunningStack) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("../../etc/passwd", "root")
    answer = imported(stack, content.getvalue())
    assert answer.status_code == 422
    assert "../../etc/passwd" in answer.json()["detail"]
    assert not spooled(stack)


@pytest.mark.parametrize("content", [b"", b"no archive"])
def test_a_file_that_is_no_archive_is_refused(stack: RunningStack, content: bytes) -> None:
    for answer in (imported(stack, content), stack.http.post(IMPORT, content=content)):
        assert answer.status_code == 422
        assert "not a whole ZIP file" in answer.json()["detail"]


def test_a_form_without_its_file_is_refused(stack: RunningStack) -> None:
    answer = stack.http.post(IMPORT, files={"other": ("a.zip", b"")})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "file"
    answer = stack.http.post(IMPORT, files={"file": ("a.zip", b"")}, data={"more": "x"})
    assert answer.status_code in (400, 422)
