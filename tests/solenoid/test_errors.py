"""The client against a running service: what is refused, and in which words."""

import builtins
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from solenoid import (
    BadArgument,
    BadInput,
    Client,
    Conflict,
    Dataset,
    Experiment,
    MissingPackage,
    NotFound,
    SolenoidError,
    Table,
    Unreachable,
)
from tests.solenoid.specs import MANY, RATIO, comparison

NOBODY = "01234567-89ab-7def-8123-456789abcdef"


def test_every_wrong_field_is_named_with_its_value(client: Client, recording: Dataset) -> None:
    with pytest.raises(BadInput) as refused:
        client.submit(RATIO, {"dataset": recording.id, "permutations": -5, "colour": "red"})
    assert "spec.permutations = -5: " in str(refused.value)
    assert "spec.colour = red: " in str(refused.value)
    assert {error["field"] for error in refused.value.errors} == {
        "spec.permutations",
        "spec.colour",
    }
    assert refused.value.status == 422


def test_a_missing_field_is_named_without_all_that_surrounds_it(client: Client) -> None:
    with pytest.raises(BadInput, match=r"^spec\.dataset: Field required$"):
        client.submit(RATIO)


def test_a_number_that_is_not_finite_is_refused_by_name(client: Client, recording: Dataset) -> None:
    with pytest.raises(BadInput, match=r"spec\.seed"):
        client.submit(RATIO, {"dataset": recording.id, "seed": math.nan})


def test_an_unknown_kind_is_told_from_those_there_are(client: Client) -> None:
    with pytest.raises(BadInput, match=rf"kind = dimensionality\.nothing: .*{RATIO}"):
        client.submit("dimensionality.nothing")
    with pytest.raises(NotFound, match=rf"no kind is named nope; there are .*{RATIO}"):
        client.kind("nope")


def test_an_unknown_field_of_a_spec_suggests_the_nearest(client: Client) -> None:
    spec = {"trainign": {}, "training": {"epcohs": 3}, "flips": {"readout": {"fractoin": 0.5}}}
    with pytest.raises(BadInput) as refused:
        client.submit("curl_descent.simulation", spec)
    told = {error["field"]: error["message"] for error in refused.value.errors}
    assert told["spec.trainign"] == "there is no such field; did you mean training?"
    assert "did you mean epochs" in told["spec.training.epcohs"]
    assert "did you mean fraction" in told["spec.flips.readout.fractoin"]


def test_a_question_is_refused_with_the_position_of_the_mistake(client: Client) -> None:
    with pytest.raises(BadInput, match=r"^where, position 14: no field is named foo; there"):
        client.results("arm = 'x' and foo = 1")


def test_half_a_character_is_refused_before_it_is_sent(client: Client) -> None:
    for asked in (client.results, lambda where: list(client.experiments(where))):
        with pytest.raises(BadArgument, match="half a character"):
            asked("tag.project = '\ud800'")
    with pytest.raises(BadArgument, match="half a character"):
        client.save_results("never.csv", "tag.project = '\ud800'")


def test_an_absent_dataset_is_named(client: Client) -> None:
    with pytest.raises(BadInput, match=rf"spec\.dataset = {NOBODY}: no dataset has this id"):
        client.submit(RATIO, {"dataset": NOBODY})


def test_an_absent_experiment_is_named(client: Client) -> None:
    with pytest.raises(NotFound, match=NOBODY):
        client.experiment(NOBODY)


def test_an_unknown_preset_is_told_from_those_there_are(client: Client) -> None:
    with pytest.raises(NotFound, match="speedup-training-size"):
        client.run_preset("nope")


def test_a_key_used_for_another_request_is_refused(client: Client, recording: Dataset) -> None:
    client.submit(RATIO, comparison(recording), idempotency_key="mine")
    with pytest.raises(BadInput, match="Idempotency-Key = mine: this key was used before"):
        client.submit(RATIO, comparison(recording, seed=7), idempotency_key="mine")


def test_a_running_experiment_is_not_deleted(client: Client, recording: Dataset) -> None:
    experiment = client.submit(RATIO, comparison(recording, MANY), priority=10)
    with pytest.raises(Conflict, match="cancel it before deleting"):
        experiment.delete()
    experiment.cancel()


def test_a_value_that_json_does_not_have_is_refused_before_it_is_sent(client: Client) -> None:
    with pytest.raises(BadArgument, match="cannot be written as JSON"):
        client.submit(RATIO, {"dataset": object()})


def test_an_absent_server_is_told_with_its_address_and_the_way_to_start_one() -> None:
    with Client("http://127.0.0.1:9") as client, pytest.raises(Unreachable) as absent:
        client.kinds()
    assert "http://127.0.0.1:9" in str(absent.value)
    assert "solenoid up" in str(absent.value)


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://here", "", "http://", "http://[::1"])
def test_what_is_no_url_is_refused_at_once(url: str) -> None:
    with pytest.raises(BadArgument, match="URL"):
        Client(url)


def test_a_closed_client_says_so(url: str) -> None:
    client = Client(url)
    client.close()
    with pytest.raises(SolenoidError, match="was closed"):
        client.kinds()


def test_the_same_file_is_the_same_dataset(client: Client, recording_path: Path) -> None:
    first, second = (client.upload(recording_path) for _ in range(2))
    assert first.id == second.id
    assert first.status == "ready"
    assert first.summary["neurons"] == 86
    assert first.id in {dataset.id for dataset in client.datasets()}


def test_a_dataset_in_use_is_not_deleted(
    client: Client, finished: Experiment, recording: Dataset
) -> None:
    with pytest.raises(Conflict, match="experiments use this dataset"):
        client.delete_dataset(recording.id)


def test_an_unused_dataset_is_deleted(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "small.npz"
    np.savez(path, counts=np.arange(12).reshape(6, 2), target=np.array([0, 0, 0, 1, 1, 1]))
    dataset = client.upload(path)
    client.delete_dataset(dataset.id)
    with pytest.raises(NotFound):
        client.dataset(dataset.id)


def test_a_mapping_names_the_arrays_of_a_file(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "own_names.npz"
    np.savez(path, spikes=np.arange(24).reshape(12, 2), direction=np.repeat([0, 1], 6))
    dataset = client.upload(path, mapping={"counts": "spikes", "target": "direction"})
    assert dataset.summary["trials"] == 12
    with pytest.raises(BadInput, match="rates"):
        client.upload(path, mapping={"counts": "rates", "target": "direction"})


def test_a_file_that_is_no_recording_is_refused(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "notes.npz"
    path.write_text("not an archive")
    with pytest.raises(BadInput, match=r"file = notes\.npz: ") as refused:
        client.upload(path)
    assert refused.value.errors[0]["field"] == "file"


def test_a_pickled_array_is_refused(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "pickled.npz"
    np.savez(path, counts=np.array([object()]), allow_pickle=True)
    with pytest.raises(BadInput, match=r"pickle"):
        client.upload(path)


def test_a_file_that_is_not_there_is_refused_before_it_is_sent(client: Client) -> None:
    with pytest.raises(BadArgument, match=r"cannot read absent\.npz"):
        client.upload("absent.npz")


def test_a_data_frame_without_pandas_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    really = builtins.__import__

    def without_pandas(name: str, *arguments: Any, **more: Any) -> Any:
        if name == "pandas":
            raise ModuleNotFoundError(name)
        return really(name, *arguments, **more)

    monkeypatch.setattr(builtins, "__import__", without_pandas)
    with pytest.raises(MissingPackage, match="pip install pandas"):
        Table(({"a": 1},)).to_pandas()


def test_an_id_that_is_none_is_told_with_the_address_it_made(client: Client) -> None:
    with pytest.raises(NotFound, match=r"nothing is at /v1/datasets/.*nowhere"):
        client.dataset("../nowhere")
