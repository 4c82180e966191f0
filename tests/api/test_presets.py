"""Presets over HTTP."""

import pytest

from core.presets import PRESETS
from tests.stack import RunningStack

NAME = "speedup-training-size"


def test_every_preset_is_listed_with_what_it_costs(stack: RunningStack) -> None:
    listed = stack.http.get("/v1/presets").json()["items"]
    assert [preset["name"] for preset in listed] == list(PRESETS)
    for preset in listed:
        quick, full = (sum(p["seconds"] for p in preset["scales"][s]) for s in ("quick", "full"))
        assert quick <= min(120, full), preset["name"]
        usual = preset["usual_loop_hours"]
        assert usual is None or usual > 4 * full / 3600, preset["name"]


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("scale", ["quick", "full"])
def test_every_panel_is_a_valid_request(stack: RunningStack, name: str, scale: str) -> None:
    listed = stack.http.get("/v1/presets").json()["items"]
    preset = next(preset for preset in listed if preset["name"] == name)
    for panel in preset["scales"][scale]:
        body = {field: panel[field] for field in ("kind", "axes", "derive")}
        if panel["type"] == "sweep":
            preview = stack.http.post("/v1/sweeps/preview", json={**body, "base": panel["spec"]})
            assert preview.json()["count"] == panel["experiments"]
        else:
            spec = {"kind": panel["kind"], "spec": panel["spec"]}
            assert stack.http.post("/v1/experiments/estimate", json=spec).json()["fits"]


def test_a_preset_runs_once_per_key_and_says_where_its_pictures_are(stack: RunningStack) -> None:
    headers = {"Idempotency-Key": "k" * 200}
    path = f"/v1/presets/{NAME}/run"
    first = stack.http.post(path, json={"scale": "quick"}, headers=headers)
    assert first.status_code == 202
    again = stack.http.post(path, json={"scale": "quick"}, headers=headers)
    assert again.json() == first.json()
    (panel,) = first.json()["panels"]
    sweep = stack.http.get(panel["href"]).json()
    assert sum(sweep["counts"].values()) == 3
    mine = f"sweep = '{panel['id']}'"
    for experiment in stack.http.get("/v1/experiments", params={"where": mine}).json()["items"]:
        labels = {"preset": NAME, "panel": panel["name"], "scale": "quick"}
        assert experiment["tags"] == labels
    stack.http.post(f"{panel['href']}/cancel")
    (picture,) = panel["figures"]
    assert stack.http.get(picture).content.startswith(b"\x89PNG")


def test_an_unknown_preset_names_the_known_ones(stack: RunningStack) -> None:
    answer = stack.http.post("/v1/presets/figure-9/run", json={"scale": "quick"})
    assert answer.status_code == 404
    assert NAME in answer.json()["detail"]
