"""Inputs of an experiment that are datasets of one's own or results of others, over HTTP."""

import io
from typing import Any

import numpy as np
import pytest

from tests.stack import RunningStack

SIMULATION, REPRESENTATION = "curl_descent.simulation", "curl_descent.representation"
RECORDED: dict[str, Any] = {
    "inputs": 8,
    "hidden": 4,
    "data": {"train_size": 20, "test_size": 10},
    "training": {"epochs": 20, "batch_size": 5},
    "record": {"points": 6, "weights": "snapshots", "probe_size": 10},
    "replicates": 3,
}


def uploaded(stack: RunningStack, **arrays: Any) -> str:
    file = io.BytesIO()
    np.savez(file, **arrays)
    answer = stack.http.post("/v1/datasets", files={"file": ("own.npz", file.getvalue())})
    assert answer.status_code == 201, answer.text
    dataset = answer.json()
    assert dataset["status"] == "ready"
    identifier: str = dataset["id"]
    return identifier


@pytest.fixture(scope="module")
def simulated(stack: RunningStack) -> dict[str, Any]:
    experiment = stack.ended(stack.submit(SIMULATION, RECORDED)["id"])
    assert experiment["status"] == "succeeded", experiment["error"]
    return experiment


def array(stack: RunningStack, experiment: str, name: str) -> Any:
    answer = stack.http.get(f"/v1/experiments/{experiment}/arrays/{name}.npy")
    return np.load(io.BytesIO(answer.content))


def problem(stack: RunningStack, kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    answer = stack.http.post("/v1/experiments", json={"kind": kind, "spec": spec})
    assert answer.status_code == 422, answer.text
    found: dict[str, Any] = answer.json()["errors"][0]
    return found


def test_recorded_weights_can_be_downloaded_and_given_back_as_a_teacher(
    stack: RunningStack, simulated: dict[str, Any]
) -> None:
    W1, W2 = (array(stack, simulated["id"], name)[0, 0, -1] for name in ("W1", "W2"))
    teacher = {"weights": uploaded(stack, W1=W1, W2=W2)}
    student = {"start": "at_solution", "perturbation": 1e-9}
    spec = {**RECORDED, "teacher": teacher, "student": student}
    again = stack.ended(stack.submit(SIMULATION, spec)["id"])
    assert again["status"] == "succeeded", again["error"]
    assert array(stack, again["id"], "train_error")[..., 0].max() < 1e-15
    used = stack.http.delete(f"/v1/datasets/{teacher['weights']}")
    assert used.status_code == 409


def test_a_dataset_that_does_not_fit_is_refused_by_the_field_that_names_it(
    stack: RunningStack,
) -> None:
    short = uploaded(stack, inputs=np.zeros((29, 8)))
    found = problem(stack, SIMULATION, {**RECORDED, "data": {**RECORDED["data"], "inputs": short}})
    assert found["field"] == "spec.data.inputs"
    assert "is (29, 8)" in found["message"]
    nowhere = "01234567-89ab-cdef-0123-456789abcdef"
    found = problem(stack, SIMULATION, {**RECORDED, "teacher": {"weights": nowhere}})
    assert found["field"] == "spec.teacher.weights"
    assert found["message"] == "no dataset has this id; upload the file first"


def test_a_result_is_measured_and_pinned_by_its_hash(
    stack: RunningStack, simulated: dict[str, Any]
) -> None:
    submitted = stack.submit(REPRESENTATION, {"experiment": simulated["id"]})
    hashed = submitted["spec"]["result"]
    assert len(hashed) == 64
    measured = stack.ended(submitted["id"])
    assert measured["status"] == "succeeded", measured["error"]
    assert set(measured["summary"]) == {"gradient_descent", "curl_descent"}
    activity = array(stack, simulated["id"], "hidden_activity")[1, 2, -1]
    eigenvalues = np.linalg.eigvalsh(np.cov(activity.T))
    expected = eigenvalues.sum() ** 2 / (eigenvalues**2).sum()
    found = array(stack, measured["id"], "hidden_participation_ratio")[1, 2, -1]
    assert found == pytest.approx(expected)
    same = stack.submit(REPRESENTATION, {"experiment": simulated["id"], "result": hashed})
    assert same["spec"] == submitted["spec"]
    other = {"experiment": simulated["id"], "result": "0" * 64}
    assert problem(stack, REPRESENTATION, other)["field"] == "spec.result"


def test_a_result_that_is_not_there_is_refused(
    stack: RunningStack, simulated: dict[str, Any]
) -> None:
    nowhere = "01234567-89ab-cdef-0123-456789abcdef"
    found = problem(stack, REPRESENTATION, {"experiment": nowhere})
    assert (found["field"], found["message"]) == (
        "spec.experiment",
        "no experiment has this id; it has no result",
    )
    running = stack.submit(SIMULATION, {**RECORDED, "training": {"epochs": 10**8}})
    found = problem(stack, REPRESENTATION, {"experiment": running["id"]})
    assert "the experiment is " in found["message"]
    stack.http.post(f"/v1/experiments/{running['id']}/cancel")
    plain = stack.ended(stack.submit(SIMULATION, {**RECORDED, "record": {}})["id"])
    found = problem(stack, REPRESENTATION, {"experiment": plain["id"]})
    assert "recorded neither hidden activity" in found["message"]


def test_a_source_that_goes_before_its_turn_fails_the_experiment_in_words(
    stack: RunningStack,
) -> None:
    source = stack.ended(stack.submit(SIMULATION, RECORDED)["id"])
    blockers = [
        stack.submit(SIMULATION, {**RECORDED, "training": {"epochs": 10**8}}, priority=10)
        for _ in range(2)
    ]
    for blocker in blockers:
        stack.until(blocker["id"], "running")
    waiting = stack.submit(REPRESENTATION, {"experiment": source["id"]})
    assert stack.http.delete(f"/v1/experiments/{source['id']}").status_code == 204
    for blocker in blockers:
        stack.http.post(f"/v1/experiments/{blocker['id']}/cancel")
    ended = stack.ended(waiting["id"])
    assert ended["status"] == "failed"
    assert ended["error"] == f"experiment {source['id']}, whose result this needs, is gone"


def test_a_sweep_measures_a_result_in_several_ways(
    stack: RunningStack, simulated: dict[str, Any]
) -> None:
    body = {
        "kind": REPRESENTATION,
        "base": {"experiment": simulated["id"]},
        "axes": {"estimators": [["n90"], ["entropy_dimension"]]},
    }
    answer = stack.http.post("/v1/sweeps", json=body)
    assert answer.status_code == 202, answer.text
