"""Comparing experiments over HTTP, on the real service."""

from typing import Any
from uuid import uuid4

import altair as alt
import pytest

from core.examples import GOLUB_BCI
from tests.stack import RunningStack

KIND = "curl_descent.simulation"
RATIO = "dimensionality.participation_ratio"
SMALL: dict[str, Any] = {
    "inputs": 8,
    "hidden": 4,
    "data": {"train_size": 20, "test_size": 10},
    "training": {"epochs": 20, "batch_size": 5},
    "replicates": 3,
}


@pytest.fixture(scope="module")
def made(stack: RunningStack) -> list[str]:
    """Three simulations: of two seeds, and one that is longer and has a fixed teacher."""
    specs = (
        {**SMALL, "seed": 0},
        {**SMALL, "seed": 1},
        {
            **SMALL,
            "rules": ["gradient_descent"],
            "training": {"epochs": 30, "batch_size": 5},
            "teacher": {"norms": {"W1": 1.0}},
        },
    )
    names = ("same", "same", "teacher of norm 1")
    ids = [
        stack.submit(KIND, spec, name=name)["id"] for spec, name in zip(specs, names, strict=True)
    ]
    for identifier in ids:
        assert stack.ended(identifier)["status"] == "succeeded"
    return ids


@pytest.fixture(scope="module")
def ratio(stack: RunningStack) -> str:
    """An experiment of another kind."""
    with GOLUB_BCI.path.open("rb") as file:
        uploaded = stack.http.post("/v1/datasets", files={"file": (GOLUB_BCI.path.name, file)})
    spec = {"dataset": uploaded.json()["id"]}
    identifier: str = stack.submit(RATIO, spec, name="ratio")["id"]
    assert stack.ended(identifier)["status"] == "succeeded"
    return identifier


@pytest.fixture(scope="module")
def unfinished(stack: RunningStack) -> str:
    """A cancelled simulation."""
    endless = {**SMALL, "training": {"epochs": 10_000_000, "batch_size": 5}}
    identifier: str = stack.submit(KIND, endless)["id"]
    stack.http.post(f"/v1/experiments/{identifier}/cancel")
    assert stack.ended(identifier)["status"] == "cancelled"
    return identifier


def compared(stack: RunningStack, *ids: str, **query: str) -> dict[str, Any]:
    got = stack.http.get("/v1/compare", params={"ids": ",".join(ids), **query})
    assert got.status_code == 200, got.text
    comparison: dict[str, Any] = got.json()
    return comparison


def refusal(
    stack: RunningStack, *ids: str, rest: str = "", status: int = 400, **query: str
) -> dict[str, Any]:
    got = stack.http.get(f"/v1/compare{rest}", params={"ids": ",".join(ids), **query})
    assert got.status_code == status, got.text
    assert got.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = got.json()
    return problem


def test_only_fields_that_differ_are_listed(stack: RunningStack, made: list[str]) -> None:
    first, second, third = made
    found = compared(stack, first, second)
    assert found["differences"] == [{"path": "seed", "values": {first: 0, second: 1}}]
    assert found["same"] > 20
    found = compared(stack, first, third)
    values = {each["path"]: each["values"] for each in found["differences"]}
    assert values["training.epochs"] == {first: 20, third: 30}
    assert values["teacher.norms"] == {first: None}, "null in one, absent in the other"
    assert values["teacher.norms.W1"] == {third: 1.0}


def test_metrics_stand_side_by_side_with_their_units(stack: RunningStack, made: list[str]) -> None:
    found = compared(stack, *made)
    rows = {(row["arm"], row["metric"]): row for row in found["metrics"]}
    for identifier in made:
        for arm, metrics in stack.show(identifier)["summary"].items():
            value = metrics["final_test_error"]["median"]
            assert rows[arm, "final_test_error"]["values"][identifier] == value
    assert made[2] not in rows["curl_descent", "final_test_error"]["values"]
    assert rows["gradient_descent", "final_test_error"]["unit"] == "1"
    assert "last record" in rows["gradient_descent", "final_test_error"]["description"]
    assert ("gradient_descent", "order_parameter_q") not in rows, "nobody measured it"
    assert found["ranking"] is None


def test_a_name_that_two_have_is_no_label(stack: RunningStack, made: list[str]) -> None:
    labels = [each["label"] for each in compared(stack, *made)["experiments"]]
    assert labels == [made[0][-8:], made[1][-8:], "teacher of norm 1"]


def test_experiments_are_ranked_by_a_metric_of_an_arm_or_of_the_best(
    stack: RunningStack, made: list[str], unfinished: str
) -> None:
    medians = {
        identifier: {
            arm: metrics["final_test_error"]["median"]
            for arm, metrics in stack.show(identifier)["summary"].items()
        }
        for identifier in made
    }
    ranked = compared(stack, unfinished, *made, rank_by="final_test_error")["ranking"]
    best = sorted(made, key=lambda identifier: min(medians[identifier].values()))
    assert [(each["experiment"], each["rank"]) for each in ranked] == [
        *zip(best, (1, 2, 3), strict=True),
        (unfinished, None),
    ]
    assert ranked[0]["value"] == medians[best[0]][ranked[0]["arm"]]
    asked = compared(stack, unfinished, *made, rank_by="metric.final_test_error")
    assert asked["ranking"] == ranked
    order = {"rank_by": "final_test_error", "arm": "curl_descent", "order": "descending"}
    ranked = compared(stack, *made, **order)["ranking"]
    curl = sorted(made[:2], key=lambda i: medians[i]["curl_descent"], reverse=True)
    assert [each["experiment"] for each in ranked] == [*curl, made[2]]
    assert ranked[2]["value"] is None


def test_different_kinds_have_their_own_metrics_and_no_common_figure(
    stack: RunningStack, made: list[str], ratio: str
) -> None:
    found = compared(stack, made[0], ratio, rank_by="participation_ratio")
    assert [each["kind"] for each in found["experiments"]] == [KIND, RATIO]
    rows = {(row["arm"], row["metric"]): row["values"] for row in found["metrics"]}
    assert set(rows["all", "participation_ratio"]) == {ratio}
    assert set(rows["curl_descent", "final_test_error"]) == {made[0]}
    assert [each["experiment"] for each in found["ranking"]] == [ratio, made[0]]
    assert found["figures"] == []
    error = refusal(stack, made[0], ratio, rest="/figures/learning_curves.svg")["errors"][0]
    assert error["field"] == "ids"
    assert f"these are {KIND} and {RATIO}" in error["message"]


def test_the_linked_figures_overlay_what_has_succeeded(
    stack: RunningStack, made: list[str], unfinished: str
) -> None:
    found = compared(stack, *made, unfinished)
    assert [each["status"] for each in found["experiments"]] == ["succeeded"] * 3 + ["cancelled"]
    assert unfinished not in found["metrics"][0]["values"]
    (figure,) = found["figures"]
    assert figure["name"] == "learning_curves"
    document = stack.http.get(figure["links"]["json"]).json()
    alt.Chart.from_dict(document)
    curves = max(document["datasets"].values(), key=len)
    assert {point["experiment"] for point in curves} == {
        *(identifier[-8:] for identifier in made[:2]),
        "teacher of norm 1",
    }
    for form, magic in (("svg", b"<svg"), ("png", b"\x89PNG"), ("pdf", b"%PDF")):
        assert stack.http.get(figure["links"][form]).content.startswith(magic)


def test_what_cannot_be_drawn_says_why(
    stack: RunningStack, made: list[str], unfinished: str
) -> None:
    other = stack.submit(KIND, {**SMALL, "training": {"epochs": 10_000_000, "batch_size": 5}})["id"]
    stack.http.post(f"/v1/experiments/{other}/cancel")
    rest = "/figures/learning_curves.png"
    assert compared(stack, unfinished, other)["figures"] == []
    assert "none of these" in refusal(stack, unfinished, other, rest=rest, status=409)["detail"]
    rest = "/figures/learning_curve.png"
    assert "it has learning_curves" in refusal(stack, *made, rest=rest, status=404)["detail"]


def test_an_unknown_metric_or_arm_suggests_the_nearest(
    stack: RunningStack, made: list[str]
) -> None:
    error = refusal(stack, *made, rank_by="final_tets_error")["errors"][0]
    assert error["field"] == "rank_by"
    assert "did you mean final_test_error" in error["message"]
    error = refusal(stack, *made, rank_by="final_test_error", arm="curl_desent")["errors"][0]
    assert error["field"] == "arm"
    assert "did you mean curl_descent" in error["message"]
    error = refusal(stack, *made, rank_by="final_test_error", arm="?")["errors"][0]
    assert "there are gradient_descent, curl_descent" in error["message"]


def test_a_selection_that_cannot_be_compared_is_refused(
    stack: RunningStack, made: list[str]
) -> None:
    for ids in ((made[0],), (made[0], made[0].upper()), [str(uuid4()) for _ in range(201)]):
        error = refusal(stack, *ids)["errors"][0]
        assert error["field"] == "ids"
        assert "2 to 200 experiments" in error["message"]
    error = refusal(stack, made[0], "nobody")["errors"][0]
    assert (error["field"], error["value"]) == ("ids", "nobody")
    nobody = str(uuid4())
    assert nobody in refusal(stack, made[0], nobody, status=404)["detail"]
