"""Sweeps through the client, on the running service."""

import math
from typing import Any

import numpy as np
import pytest

from solenoid import BadInput, Client, Conflict, NotFound, Sweep, TimedOut
from tests.solenoid.specs import ENDLESS, SIMULATION, TINY

AXES: dict[str, Any] = {"student.scale": [0.5, 1.0], "seed": range(2)}


@pytest.fixture(scope="module")
def finished_sweep(url: str) -> Sweep:
    with Client(url) as client:
        made = client.sweep(SIMULATION, AXES, TINY, name="scales", tags={"project": "fig2"})
        made.wait(timeout=60)
        assert made.succeeded
        return made


@pytest.fixture
def sweep(client: Client, finished_sweep: Sweep) -> Sweep:
    """A finished sweep of two scales and two seeds."""
    return client.get_sweep(finished_sweep.id)


def test_a_sweep_ends_with_every_combination_computed(client: Client, sweep: Sweep) -> None:
    assert (sweep.status, sweep.progress, sweep.seconds_left) == ("ended", 1.0, 0.0)
    assert sweep.counts["succeeded"] == 4
    assert sweep.definition["axes"]["seed"] == [0, 1]
    child = client.experiment(sweep.results().rows[0]["experiment"])
    assert (child.tags, child.spec["hidden"]) == ({"project": "fig2"}, 4)
    assert sweep.id in {each.id for each in client.sweeps(name="SCALES", kind=sweep.kind)}
    assert not list(client.sweeps(name="scales", kind="curl_descent.toy"))
    assert "scales" in sweep._repr_html_()


def test_a_sweep_becomes_a_data_frame_with_a_row_per_experiment_and_arm(
    client: Client, sweep: Sweep
) -> None:
    frame = sweep.results().to_pandas()
    assert list(frame.columns[:5]) == ["experiment", "status", "student.scale", "seed", "arm"]
    assert list(zip(frame["student.scale"], frame["seed"], strict=True))[::2] == [
        *((0.5, 0), (0.5, 1), (1.0, 0), (1.0, 1))
    ]
    row = frame[frame["arm"] == "curl_descent"].iloc[3]
    medians = client.experiment(row["experiment"]).summary["curl_descent"]
    assert row["final_test_error"] == medians["final_test_error"]["median"]


def test_a_table_of_what_has_not_run_has_no_metrics(client: Client) -> None:
    sweep = client.sweep(SIMULATION, {"seed": range(3)}, ENDLESS)
    table = sweep.results()
    assert table.columns == ("experiment", "status", "seed", "arm")
    assert table.column("arm") == [None] * 3
    sweep.cancel()


def test_numpy_values_and_ranges_make_axes(client: Client) -> None:
    axes = {"student_scale": np.logspace(-1, 0, 3), "seed": range(4)}
    spaced = {"student_scale": {"logspace": [-1, 0, 3]}, "seed": {"linspace": [0, 3, 4]}}
    first, second = (client.preview_sweep(SIMULATION, each, TINY) for each in (axes, spaced))
    assert first["count"] == 12
    assert first["specs"] == second["specs"]
    assert math.isfinite(first["seconds"])


def test_a_derived_axis_needs_its_number(client: Client) -> None:
    axes = {"compression_ratio": {"logspace": [-1, 1, 3]}}
    with pytest.raises(BadInput, match=r"derive\.total_neurons: .* needs it"):
        client.preview_sweep(SIMULATION, axes, TINY)
    (first, *_) = client.preview_sweep(SIMULATION, axes, {}, derive={"total_neurons": 44})["specs"]
    assert first["inputs"] + first["hidden"] == 44


def test_a_sweep_is_renamed(client: Client, sweep: Sweep) -> None:
    before = sweep.name
    assert sweep.rename("wide").name == "wide"
    assert client.get_sweep(sweep.id).name == "wide"
    assert sweep.rename(None).name is None
    sweep.rename(before)


def test_a_heat_map_is_a_figure(sweep: Sweep) -> None:
    figure = sweep.heatmap("student_scale", "seed", "final_test_error", "curl_descent")
    assert figure.content("svg").startswith(b"<svg")
    assert "vega-lite" in figure.spec()["$schema"]
    with pytest.raises(BadInput, match="student_scale"):
        sweep.heatmap("student_scal", "seed", "final_test_error", "curl_descent").spec()


def test_a_profile_is_a_figure(sweep: Sweep) -> None:
    figure = sweep.profile("student_scale", "final_test_error")
    assert figure.content("png").startswith(b"\x89PNG")


def test_extending_runs_only_what_is_new(client: Client) -> None:
    sweep = client.sweep(SIMULATION, {"seed": [0, 1]}, TINY).wait(timeout=60)
    assert sweep.extend({"seed": [1, 2]}) == 1
    assert sweep.extend(replicates=2) == 3
    assert sweep.wait(timeout=60).counts["succeeded"] == 6


def test_a_sweep_is_watched_cancelled_and_deleted(client: Client) -> None:
    sweep = client.sweep(SIMULATION, {"seed": range(5)}, ENDLESS)
    with pytest.raises(TimedOut, match=r"0% done after 0\.2 s"):
        sweep.wait(timeout=0.2)
    with pytest.raises(Conflict, match="cancel the sweep before deleting"):
        sweep.delete()
    assert sweep.cancel() == 5
    *_, last = sweep.watch(timeout=20)
    assert (last.status, last.values["cancelled"]) == ("ended", 5)
    assert not sweep.refresh().succeeded
    assert sweep.retry() == 0, "only failed experiments run again"
    sweep.delete()
    with pytest.raises(NotFound, match=sweep.id):
        sweep.refresh()


def test_an_idempotency_key_makes_one_sweep(client: Client) -> None:
    ids = {
        client.sweep(SIMULATION, {"seed": [0]}, TINY, idempotency_key="one-sweep").id
        for _ in range(2)
    }
    assert len(ids) == 1


def test_a_cancelled_experiment_runs_again(client: Client) -> None:
    experiment = client.submit(SIMULATION, ENDLESS)
    experiment.cancel().wait(timeout=20)
    assert experiment.status == "cancelled"
    assert experiment.retry().status in ("queued", "running")
    assert experiment.cancel().wait(timeout=20).status == "cancelled"


def test_experiments_are_changed_by_a_filter_after_a_look(client: Client) -> None:
    sweep = client.sweep(SIMULATION, {"seed": range(3)}, ENDLESS, tags={"old": "1"})
    where = f"sweep = '{sweep.id}'"
    assert client.cancel_where(where, dry_run=True) == 3
    assert sweep.refresh().counts["cancelled"] == 0
    assert client.cancel_where(where) == 3
    assert sweep.wait(timeout=20).counts["cancelled"] == 3
    assert client.retry_where(where, dry_run=True) == 3
    assert sweep.refresh().ended
    assert client.retry_where(where) == 3
    assert not sweep.refresh().ended
    sweep.cancel()
    sweep.wait(timeout=20)
    tags = {"fit": "no", "old": None}
    assert client.tag_where(where, tags, dry_run=True) == 3
    assert {each.tags["old"] for each in sweep.experiments()} == {"1"}
    assert client.tag_where(where, tags) == 3
    assert [each.tags for each in sweep.experiments()] == [{"fit": "no"}] * 3
    assert client.delete_where(where) == 3
    assert client.delete_where(where) == 0


def test_labels_change_and_what_is_not_named_stays(client: Client, sweep: Sweep) -> None:
    experiment = client.submit(SIMULATION, TINY, name="old", tags={"a": "1", "b": "2"})
    experiment.relabel(notes="looks odd", tags={"a": None, "c": "3"})
    assert (experiment.name, experiment.notes) == ("old", "looks odd")
    assert client.experiment(experiment.id).tags == {"b": "2", "c": "3"}
    experiment.wait(timeout=60)
    with pytest.raises(Conflict, match="succeeded"):
        experiment.retry()
