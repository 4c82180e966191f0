"""Presets over HTTP."""

from tests.stack import RunningStack

NAME = "speedup-training-size"


def test_every_preset_is_listed_with_specs_that_fit_its_kind(stack: RunningStack) -> None:
    (preset,) = stack.http.get("/v1/presets").json()["items"]
    assert preset["name"] == NAME
    for scale in ("quick", "full"):
        for panel in preset["scales"][scale]:
            body = {"kind": panel["kind"], "spec": panel["spec"]}
            cost = stack.http.post("/v1/experiments/estimate", json=body)
            assert cost.json()["fits"], panel["name"]


def test_a_preset_runs_as_one_experiment_per_panel_and_once_per_key(stack: RunningStack) -> None:
    headers = {"Idempotency-Key": "k" * 200}
    path = f"/v1/presets/{NAME}/run"
    first = stack.http.post(path, json={"scale": "quick"}, headers=headers)
    assert first.status_code == 202
    panels = first.json()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels) == 3
    again = stack.http.post(path, json={"scale": "quick"}, headers=headers)
    assert again.json() == first.json()
    for panel in panels:
        experiment = stack.http.get(panel["href"]).json()
        assert experiment["tags"] == {"preset": NAME, "scale": "quick"}
        stack.http.post(f"{panel['href']}/cancel")


def test_an_unknown_preset_names_the_known_ones(stack: RunningStack) -> None:
    answer = stack.http.post("/v1/presets/figure-9/run", json={"scale": "quick"})
    assert answer.status_code == 404
    assert NAME in answer.json()["detail"]
