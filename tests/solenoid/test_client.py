"""The client against a running service: what works."""

import json
import time
from pathlib import Path

import numpy as np
import pytest

from solenoid import Client, Dataset, Experiment, NoResult, NotFound, Sweep, TimedOut
from tests.solenoid.specs import MANY, RATIO, comparison


def test_a_submitted_experiment_succeeds_and_tells_what_it_is(
    client: Client, recording: Dataset
) -> None:
    submitted = client.submit(
        RATIO, comparison(recording, seed=1), name="first", tags={"project": "fig1"}
    )
    experiment = submitted.wait(timeout=60)
    assert experiment.status == "succeeded"
    assert experiment.progress == 1.0
    assert (experiment.name, experiment.tags) == ("first", {"project": "fig1"})
    assert experiment.spec["seed"] == 1
    assert experiment.spec["transform"] == "none", "defaults are part of the spec"
    assert experiment.summary["before"]["participation_ratio"]["median"] is not None
    assert client.experiment(experiment.id).data == experiment.data
    assert experiment.seconds is not None


def test_a_client_without_an_address_asks_the_one_in_the_environment(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SOLENOID_URL", raising=False)
    with Client() as plain:
        assert plain.url == "http://127.0.0.1:8000"
    monkeypatch.setenv("SOLENOID_URL", url)
    with Client() as there, Client("http://127.0.0.1:9") as elsewhere:
        assert there.url == url
        assert there.kinds()
        assert elsewhere.url == "http://127.0.0.1:9"


def test_results_are_rows_and_become_a_data_frame(finished: Experiment) -> None:
    table = finished.results()
    assert {row["arm"] for row in table.rows} == {"before", "after", "comparison"}
    frame = table.to_pandas()
    assert list(frame.columns[:2]) == ["arm", "replicate"]
    ratios = frame.set_index("arm")["participation_ratio"]
    assert ratios["before"] == finished.summary["before"]["participation_ratio"]["median"]
    assert np.isnan(ratios["comparison"])


def test_arrays_come_with_every_bit(finished: Experiment) -> None:
    arrays = finished.arrays()
    catalogue = {entry["name"]: entry for entry in finished.array_catalogue()}
    assert set(arrays) == set(catalogue)
    null = finished.array("permutation_log_ratio")
    assert null.shape == tuple(catalogue["permutation_log_ratio"]["shape"]) == (99,)
    assert null.tobytes() == arrays["permutation_log_ratio"].tobytes()


@pytest.mark.parametrize(
    ("form", "magic"), [("svg", b"<svg"), ("png", b"\x89PNG"), ("pdf", b"%PDF"), ("json", b"{")]
)
def test_a_figure_is_saved_in_the_format_of_its_name(
    form: str, magic: bytes, finished: Experiment, tmp_path: Path
) -> None:
    path = finished.figure("spectrum").save(tmp_path / "new" / f"out.{form}")
    assert path.read_bytes().startswith(magic)


def test_a_figure_shows_itself_in_a_notebook(finished: Experiment) -> None:
    bundle = finished.figures()[0]._repr_mimebundle_()
    assert "vega-lite" in bundle["application/vnd.vegalite.v5+json"]["$schema"]
    assert isinstance(bundle["image/png"], str)
    json.dumps(bundle)


def test_an_unknown_figure_is_told_from_those_there_are(finished: Experiment) -> None:
    with pytest.raises(NotFound, match="no figure 'nope'; it has participation_ratio"):
        finished.figure("nope")


def test_an_idempotency_key_makes_one_experiment(client: Client, recording: Dataset) -> None:
    spec = comparison(recording, seed=2)
    ids = {client.submit(RATIO, spec, idempotency_key="once-and-only").id for _ in range(3)}
    assert len(ids) == 1


def test_submissions_without_a_key_are_different_experiments(
    client: Client, recording: Dataset
) -> None:
    spec = comparison(recording, seed=3)
    assert client.submit(RATIO, spec).id != client.submit(RATIO, spec).id


def test_reuse_answers_with_the_finished_experiment(client: Client, finished: Experiment) -> None:
    again = client.submit(RATIO, finished.spec, reuse=True)
    assert again.id == finished.id
    assert again.status == "succeeded"


def test_numpy_values_are_fine_in_a_spec(client: Client, recording: Dataset) -> None:
    spec = {**comparison(recording), "seed": np.int64(4), "neurons": np.arange(20)}
    assert client.submit(RATIO, spec).spec["neurons"] == list(range(20))


def test_a_long_experiment_is_cancelled_within_two_seconds_or_so(
    client: Client, recording: Dataset
) -> None:
    experiment = client.submit(RATIO, comparison(recording, MANY), priority=10)
    events = experiment.watch(timeout=30)
    assert next(event for event in events if event.name == "progress").status == "running"
    with pytest.raises(NoResult, match=r"is running; wait\(\) returns"):
        experiment.results()
    with pytest.raises(TimedOut, match=r"is running after 0\.2 s"):
        experiment.wait(timeout=0.2)
    asked = time.monotonic()
    experiment.cancel()
    assert [event.status for event in events][-1] == "cancelled"
    assert time.monotonic() - asked < 4.0
    with pytest.raises(NoResult, match="is cancelled"):
        experiment.refresh().arrays()
    client.delete(experiment.id)
    with pytest.raises(NotFound):
        experiment.refresh()


def test_watching_an_ended_experiment_gives_its_end(finished: Experiment) -> None:
    (event,) = finished.watch()
    assert (event.status, event.progress, event.ended) == ("succeeded", 1.0, True)


def test_a_list_is_walked_over_its_pages_newest_first(
    client: Client, recording: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [client.submit(RATIO, comparison(recording, seed=n)).id for n in range(10, 15)]
    monkeypatch.setattr("solenoid.pages.PAGE", 2)
    assert [each.id for each in client.experiments(limit=5)] == made[::-1]


def test_an_estimate_stores_nothing(client: Client, recording: Dataset) -> None:
    before = [each.id for each in client.experiments(limit=1)]
    cost = client.estimate(RATIO, comparison(recording))
    assert cost["fits"] is True
    assert cost["seconds"] > 0
    assert [each.id for each in client.experiments(limit=1)] == before


def test_every_listed_kind_can_be_shown(client: Client) -> None:
    kinds = client.kinds()
    assert RATIO in {kind["kind"] for kind in kinds}
    assert all(client.kind(kind["kind"]) == kind for kind in kinds)


def test_a_preset_names_its_panels_and_its_pictures(client: Client) -> None:
    (preset,) = (p for p in client.presets() if p["name"] == "speedup-training-size")
    started = client.run_preset("speedup-training-size")
    assert list(started) == [panel["name"] for panel in preset["scales"]["quick"]]
    (sweep,) = started.values()
    assert isinstance(sweep, Sweep)
    sweep.cancel()
    sizes = [experiment.spec["data"]["train_size"] for experiment in sweep.experiments()]
    assert sizes == [2000, 1000, 500]
    (figure,) = started.wait(timeout=60).figures().values()
    assert figure.content("svg").startswith(b"<svg")


def test_what_a_user_wrote_is_escaped_in_a_notebook(client: Client, recording: Dataset) -> None:
    experiment = client.submit(RATIO, comparison(recording), name="<script>alert(1)</script>")
    assert "<script>" not in experiment._repr_html_()
    assert "&lt;script&gt;" in experiment._repr_html_()
    experiment.wait(timeout=60)


def test_tables_show_themselves_in_a_notebook(finished: Experiment, recording: Dataset) -> None:
    assert "<td>before</td>" in finished.results()._repr_html_()
    assert "before (552)" in recording._repr_html_()
