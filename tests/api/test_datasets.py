"""Datasets over HTTP: real recordings go in, everything else is refused in words."""

import io
import json
import pickle
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from core.examples import GOLUB_BCI
from core.reading import read_arrays
from core.synthetic import truth
from tests.stack import RunningStack

DATA = Path(__file__).parents[1] / "data"
KIND = "dimensionality.participation_ratio"


def npz(**arrays: Any) -> bytes:
    content = io.BytesIO()
    np.savez(content, **arrays)
    return content.getvalue()


def session(seed: int = 0, trials: int = 10, targets: int = 4, neurons: int = 6) -> dict[str, Any]:
    generator = np.random.default_rng(seed)
    target = np.repeat(np.arange(targets), trials)
    rates = generator.gamma(2.0, 2.0, (targets, neurons))
    return {"counts": generator.poisson(rates[target]).astype(float), "target": target}


def upload(
    stack: RunningStack, content: bytes, name: str = "session.npz", **form: str
) -> httpx.Response:
    return stack.http.post("/v1/datasets", files={"file": (name, content)}, data=form)


def uploaded(stack: RunningStack, **arrays: Any) -> dict[str, Any]:
    answer = upload(stack, npz(**arrays))
    assert answer.status_code == 201, answer.text
    dataset: dict[str, Any] = answer.json()
    return dataset


def left_on_disk(stack: RunningStack) -> set[str]:
    folder = stack.folder / "datasets"
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_a_real_recording_is_summarised(stack: RunningStack) -> None:
    answer = upload(stack, GOLUB_BCI.path.read_bytes(), "golub.npz")
    assert answer.status_code == 201
    dataset = answer.json()
    assert dataset["id"] == GOLUB_BCI.dataset_id
    assert dataset["status"] == "ready"
    summary = dataset["summary"]
    assert (summary["trials"], summary["neurons"]) == (1104, 86)
    assert summary["factors"] == {"block": {"before": 552, "after": 552}}
    assert {cell["trials"] for cell in summary["cells"]} == {69}


def test_several_files_of_one_recording_are_one_dataset(stack: RunningStack) -> None:
    blocks = [npz(**session(seed)) for seed in range(2)]
    files = [("file", (f"{name}.npz", block)) for name, block in zip("ab", blocks, strict=True)]
    answer = stack.http.post("/v1/datasets", files=files)
    assert answer.status_code == 201, answer.text
    dataset = answer.json()
    assert dataset["name"] == "a.npz and 1 more"
    assert dataset["summary"]["factors"] == {"file": {"a.npz": 40, "b.npz": 40}}
    again = stack.http.post("/v1/datasets", files=files).json()
    assert again["id"] == dataset["id"]
    twice = stack.http.post("/v1/datasets", files=[files[0], files[0]])
    assert twice.status_code == 422
    assert "two files have the same name" in twice.json()["detail"]


def test_a_matlab_file_is_read_through_a_mapping(stack: RunningStack) -> None:
    mapping = {
        "counts": {
            "before": "beforeLearning.clouds.spikes",
            "after": "afterLearning.clouds.spikes",
        },
        "axes": ["target", "neuron", "trial"],
    }
    content = (DATA / "golub_bci_example.mat").read_bytes()
    answer = upload(stack, content, "example.mat", mapping=json.dumps(mapping))
    assert answer.status_code == 201, answer.text
    summary = answer.json()["summary"]
    assert (summary["trials"], summary["neurons"]) == (1104, 86)


def test_the_same_file_is_stored_once(stack: RunningStack) -> None:
    first = uploaded(stack, **session(1))
    files = left_on_disk(stack)
    again = uploaded(stack, **session(1))
    assert again["id"] == first["id"]
    assert left_on_disk(stack) == files


def test_a_streamed_body_is_a_dataset_too_and_comes_back_as_it_was(stack: RunningStack) -> None:
    content = npz(**session(2))
    answer = stack.http.post("/v1/datasets", content=content, params={"name": "streamed.npz"})
    assert answer.status_code == 201, answer.text
    dataset = answer.json()
    assert dataset["name"] == "streamed.npz"
    back = stack.http.get(f"/v1/datasets/{dataset['id']}/download")
    assert back.content == content


def test_a_dataset_in_use_is_kept_and_an_unused_one_deleted(stack: RunningStack) -> None:
    dataset = uploaded(stack, **session(3))
    path = f"/v1/datasets/{dataset['id']}"
    experiment = stack.submit(KIND, {"dataset": dataset["id"]})
    assert stack.ended(experiment["id"])["status"] == "succeeded"
    assert stack.http.delete(path).status_code == 409
    stack.http.delete(f"/v1/experiments/{experiment['id']}")
    assert stack.http.delete(path).status_code == 204
    assert stack.http.get(path).status_code == 404
    assert not [name for name in left_on_disk(stack) if dataset["id"] in name]


def test_datasets_are_listed_newest_first(stack: RunningStack) -> None:
    made = [uploaded(stack, **session(seed))["id"] for seed in (4, 5)]
    first = stack.http.get("/v1/datasets", params={"limit": 1}).json()
    assert [item["id"] for item in first["items"]] == made[1:]
    following = {"limit": 1, "cursor": first["next_cursor"]}
    second = stack.http.get("/v1/datasets", params=following).json()
    assert [item["id"] for item in second["items"]] == made[:1]


def test_a_silent_neuron_is_reported_and_left_out(stack: RunningStack) -> None:
    arrays = session(6)
    arrays["counts"][:, 2] = 0
    dataset = uploaded(stack, **arrays)
    assert dataset["summary"]["silent_neurons"] == [2]
    experiment = stack.ended(stack.submit(KIND, {"dataset": dataset["id"]})["id"])
    assert experiment["status"] == "succeeded", experiment["error"]
    assert any("neuron" in warning for warning in experiment["warnings"])
    assert "which neurons were recorded" in experiment["reading"]
    assert experiment["summary"]["all"]["neurons"]["median"] == 5


def test_a_cell_of_three_trials_is_refused_by_name_at_submission(stack: RunningStack) -> None:
    arrays = session(7)
    keep = np.r_[0:30, 30:33]
    dataset = uploaded(stack, **{name: values[keep] for name, values in arrays.items()})
    answer = stack.http.post(
        "/v1/experiments", json={"kind": KIND, "spec": {"dataset": dataset["id"]}}
    )
    assert answer.status_code == 422
    error = answer.json()["errors"][0]
    assert error["field"].startswith("spec.dataset")
    assert "target 3" in error["message"]
    assert "3 trials" in error["message"]


def test_an_unknown_label_is_refused_with_the_known_ones(stack: RunningStack) -> None:
    spec = {
        "dataset": GOLUB_BCI.dataset_id,
        "block": {"factor": "block", "compare": ["before", "during"]},
    }
    answer = stack.http.post("/v1/experiments", json={"kind": KIND, "spec": spec})
    assert answer.status_code == 422
    message = answer.json()["errors"][0]["message"]
    assert "after" in message
    assert "before" in message


TWICE = {"block": {"factor": "block", "compare": ["before", "before"]}}


@pytest.mark.parametrize(
    ("kind", "changes", "field", "value"),
    [
        ("population.reaiming", {"reference": "befor", "compare": "after"}, "reference", "befor"),
        ("population.reaiming", {"reference": "before", "compare": "aft"}, "compare", "aft"),
        ("population.reaiming", {"reference": "after", "compare": "after"}, "compare", "after"),
        ("population.condition_distance", {"between": ["before", "after"]}, "factor", "field"),
        (
            "population.condition_distance",
            {"factor": "block", "between": ["before", "aft"]},
            "between",
            "aft",
        ),
        (
            "population.condition_distance",
            {"factor": "block", "between": ["before", "before"]},
            "between",
            "['before', 'before']",
        ),
        (KIND, TWICE, "block.compare", "['before', 'before']"),
        ("cerebellar_block.report", {"more_sessions": [GOLUB_BCI.dataset_id]}, "more_sessions", 0),
    ],
)
def test_a_refusal_names_a_field_that_the_spec_has(
    stack: RunningStack, kind: str, changes: dict[str, Any], field: str, value: Any
) -> None:
    spec = {"dataset": GOLUB_BCI.dataset_id, **changes}
    answer = stack.http.post("/v1/experiments", json={"kind": kind, "spec": spec})
    assert answer.status_code == 422, answer.text
    (error,) = answer.json()["errors"]
    assert error["field"] == f"spec.{field}"
    assert error["value"] == (value or f"['{GOLUB_BCI.dataset_id}']")


def test_activity_whose_noise_cannot_be_whitened_fails_in_words(stack: RunningStack) -> None:
    """It is the noise of one trial, the same in all neurons."""
    target = np.arange(64) % 4
    counts = np.arange(20.0).reshape(4, 5)[target] + (np.arange(64) == 7)[:, None]
    block = np.repeat(["before", "after"], 32)
    dataset = uploaded(stack, counts=counts, target=target, block=block)
    spec = {"dataset": dataset["id"], "factor": "block", "between": ["before", "after"]}
    failed = stack.ended(stack.submit("population.condition_distance", spec)["id"])
    assert failed["status"] == "failed"
    assert "varies alike in all neurons" in failed["error"]


def test_an_unknown_dataset_is_refused(stack: RunningStack) -> None:
    unknown = "00000000-0000-5000-8000-000000000000"
    for kind, spec, field in (
        (KIND, {"dataset": unknown}, "dataset"),
        (
            "cerebellar_block.report",
            {"dataset": GOLUB_BCI.dataset_id, "more_sessions": [unknown]},
            "more_sessions",
        ),
    ):
        answer = stack.http.post("/v1/experiments", json={"kind": kind, "spec": spec})
        assert answer.status_code == 422
        (error,) = answer.json()["errors"]
        assert (error["field"], error["value"]) == (f"spec.{field}", unknown)


HOSTILE = {
    "pickled": (npz(counts=np.array([{}], dtype=object), target=np.zeros(1)), "pickle"),
    "a bare pickle": (pickle.dumps({"counts": 1}), "pickle"),
    "truncated": (npz(**session(8))[:-200], "damaged"),
    "a text file": (b"counts and targets\n", "text file"),
    "a CSV table without rows": (b"counts,target\n\n", "no rows"),
    "a damaged HDF5 file": (b"\x89HDF\r\n\x1a\n" + bytes(600), "damaged"),
    "empty": (b"", "empty"),
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_a_hostile_file_is_refused_in_words_and_leaves_nothing(
    stack: RunningStack, name: str
) -> None:
    content, words = HOSTILE[name]
    before = left_on_disk(stack)
    answer = upload(stack, content)
    assert answer.status_code == 422, answer.text
    assert words in answer.json()["errors"][0]["message"]
    assert left_on_disk(stack) == before


def test_a_file_that_is_not_what_its_name_says_comes_with_a_warning(stack: RunningStack) -> None:
    answer = upload(stack, npz(**session(13)), "b.nwb")
    assert answer.status_code == 201, answer.text
    assert answer.json()["summary"]["warnings"][0] == "named .nwb, but it is an NPZ archive"


def test_a_session_without_counts_says_what_the_file_has(stack: RunningStack) -> None:
    dataset = uploaded(stack, spikes=np.ones((4, 2)), target=np.zeros(4))
    answer = stack.http.post(
        "/v1/experiments", json={"kind": KIND, "spec": {"dataset": dataset["id"]}}
    )
    assert answer.status_code == 422
    message = answer.json()["errors"][0]["message"]
    assert "counts" in message
    assert "spikes" in message


@pytest.mark.parametrize(
    ("mapping", "field", "value"),
    [
        ("not json", "mapping", "not json"),
        ("[1]", "mapping", "[1]"),
        ('{"counts": 5}', "mapping.counts", 5),
        ('{"counts": "absent"}', "mapping.counts", "absent"),
        ('{"counts": "counts", "target": "absent"}', "mapping.target", "absent"),
        ('{"target": "target"}', "mapping.counts", None),
        ('{"counts": {"a": "counts", "b": "absent"}}', "mapping.counts", "{'a': 'counts', 'b': "),
    ],
)
def test_a_wrong_mapping_is_refused_by_the_key_that_is_wrong(
    stack: RunningStack, mapping: str, field: str, value: Any
) -> None:
    before = left_on_disk(stack)
    answer = upload(stack, npz(**session(9)), mapping=mapping)
    assert answer.status_code == 422, answer.text
    (error,) = answer.json()["errors"]
    assert error["field"] == field
    assert not error["message"].startswith("mapping")
    shown = error["value"]
    assert shown == value or str(shown).startswith(str(value))
    assert left_on_disk(stack) == before


def test_a_path_in_a_file_name_labels_and_nothing_more(stack: RunningStack) -> None:
    answer = upload(stack, npz(**session(10)), "../../etc/passwd.npz")
    assert answer.status_code == 201
    assert answer.json()["name"] == "passwd.npz"


def test_a_table_of_behaviour_is_a_dataset(stack: RunningStack) -> None:
    table = b"hand,field_on\n1.5,0\n,1\n"
    mapping = {"reach": "hand", "perturbation": {"column": "field_on", "scale": 20}}
    answer = upload(stack, table, "table.csv", mapping=json.dumps(mapping))
    assert answer.status_code == 201, answer.text
    behaviour = answer.json()["summary"]["behaviour"]
    assert behaviour == {"measure": "reach", "trials": 2, "missing": 1, "clamp": 0}


SMALL = {"targets": 4, "neurons": 5, "baseline_trials": 16, "field_trials": 16, "washout_trials": 0}


def test_a_synthetic_session_is_made_once_and_downloaded_in_both_formats(
    stack: RunningStack,
) -> None:
    made = stack.http.post("/v1/datasets/synthetic", json=SMALL, params={"name": "small.npz"})
    assert made.status_code == 201, made.text
    dataset = made.json()
    assert (dataset["name"], dataset["summary"]["trials"]) == ("small.npz", 64)
    again = stack.http.post("/v1/datasets/synthetic", json=SMALL)
    assert again.json()["id"] == dataset["id"]
    path = f"/v1/datasets/{dataset['id']}/download"
    files = [stack.http.get(path, params={"format": form}) for form in ("npz", "nwb")]
    assert [file.status_code for file in files] == [200, 200]
    assert 'filename="small.nwb"' in files[1].headers["content-disposition"]
    first, second = (read_arrays(file.content).arrays for file in files)
    np.testing.assert_array_equal(first["counts"], second["counts"])
    assert truth(first)["spec"]["targets"] == 4
    assert not [name for name in left_on_disk(stack) if "incoming" in name]


def test_an_impossible_synthetic_session_is_refused_by_field(stack: RunningStack) -> None:
    answer = stack.http.post("/v1/datasets/synthetic", json={"hfs": {"shift": -1}})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "hfs.shift"


@pytest.mark.parametrize(
    ("body", "query", "field", "message"),
    [
        ({"neuron": 3}, {}, "neuron", "there is no such field; did you mean neurons?"),
        ({"hfs": {"shft": 1}}, {}, "hfs.shft", "there is no such field; did you mean shift?"),
        ({}, {"nme": "x"}, "nme", "there is no such parameter"),
    ],
)
def test_a_misspelt_field_of_a_synthetic_session_is_told_the_nearest(
    stack: RunningStack, body: dict[str, Any], query: dict[str, str], field: str, message: str
) -> None:
    answer = stack.http.post("/v1/datasets/synthetic", json=body, params=query)
    assert answer.status_code == 422, answer.text
    (error,) = answer.json()["errors"]
    assert (error["field"], error["message"]) == (field, message)


def test_rates_are_not_downloaded_as_nwb(stack: RunningStack) -> None:
    arrays = session(11)
    dataset = uploaded(stack, **{**arrays, "counts": arrays["counts"] / 2})
    path = f"/v1/datasets/{dataset['id']}/download"
    answer = stack.http.get(path, params={"format": "nwb"})
    assert answer.status_code == 422
    assert "NWB holds spikes" in answer.json()["errors"][0]["message"]


def test_a_preview_is_small_and_has_what_can_be_drawn(stack: RunningStack) -> None:
    preview = stack.http.get(f"/v1/datasets/{GOLUB_BCI.dataset_id}/preview").json()
    assert len(preview["cells"]) == 16
    activity = preview["activity"]
    assert len(activity["values"]) == len(activity["rows"]) <= 120
    assert len(activity["values"][0]) == len(activity["neurons"]) == 86
    assert preview["behaviour"] is None


def test_a_preview_is_made_once_and_goes_with_its_dataset(stack: RunningStack) -> None:
    dataset = uploaded(stack, **session(31))
    path = f"/v1/datasets/{dataset['id']}"
    first = stack.http.get(f"{path}/preview").json()
    kept = [name for name in left_on_disk(stack) if dataset["id"] in name]
    assert sorted(Path(name).parent.name for name in kept) == ["arrays", "previews"]
    (stack.folder / "datasets" / "arrays" / f"{dataset['id']}.npz").rename(stack.folder / "aside")
    assert stack.http.get(f"{path}/preview").json() == first
    assert stack.http.delete(path).status_code == 204
    assert not [name for name in left_on_disk(stack) if dataset["id"] in name]
