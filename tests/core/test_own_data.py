"""Inputs, covariance and teacher of one's own: what is used, and what is refused in which words."""

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from core.dataset import DatasetSummary
from core.experiment import Dataset, ExperimentError, Refused, Result, silent
from core.kernels.draws import Role, generator
from core.kinds.curl_descent_simulation import KIND
from core.npz import written_npz
from core.reading import read_arrays
from core.summary import summarise
from tests.core.curl_twin import answers, loss, start
from tests.core.test_curl_twin import spec_of

ID = "01234567-89ab-cdef-0123-456789abcdef"
RNG = np.random.default_rng(3)


def run(arrays: Dataset, **changes: Any) -> tuple[Result, DatasetSummary]:
    """A run on arrays that went through a file, as an upload does."""
    reading = read_arrays(written_npz(arrays))
    summary = summarise(reading.arrays, reading.format)
    spec = spec_of(**changes)
    assert KIND.datasets(spec) == (ID,)
    KIND.estimate(spec, {ID: summary})
    return KIND.run(spec, {ID: reading.arrays}, silent), summary


def test_ones_own_inputs_are_learned_from_and_tested_on() -> None:
    inputs = RNG.standard_normal((50, 7))
    spec = spec_of(data={"inputs": ID})
    result, _ = run({"inputs": inputs}, data={"inputs": ID})
    T1, T2, W1, W2 = start(spec, 4)
    for name, x in (("train", inputs[:33]), ("test", inputs[33:45])):
        expected = loss(spec, W1, W2, x, answers(spec, T1, T2, x))
        assert result[f"{name}_error"][0, 0, 0] == pytest.approx(expected, rel=1e-12)


def test_drawn_inputs_given_as_ones_own_change_no_bit() -> None:
    spec = spec_of()
    std, sizes = spec.data.input_std, {Role.TRAIN_INPUTS: 33, Role.TEST_INPUTS: 12}
    drawn = [std * generator(17, role).standard_normal((n, 7)) for role, n in sizes.items()]
    result, _ = run({"inputs": np.concatenate(drawn)}, data={"inputs": ID})
    assert result["test_error"].tobytes() == KIND.run(spec, {}, silent)["test_error"].tobytes()


def test_inputs_have_the_covariance_that_is_given() -> None:
    """Within 4 standard errors, sqrt((S_ii S_jj + S_ij^2) / n), of a linear teacher's variance."""
    root = RNG.standard_normal((7, 7)) / 2
    S = root @ root.T
    n = 20_000
    changes = {
        "activation": "linear",
        "outputs": 1,
        "rules": ["gradient_descent"],
        "flips": {"readout": {"count": 0}},
        "data": {"train_size": n, "covariance": ID},
        "training": {"epochs": 1, "batch_size": "full"},
    }
    spec = spec_of(**changes)
    result, _ = run({"covariance": S}, **changes)
    for replicate in range(2):
        T1, T2, W1, W2 = start(spec, 4 + replicate)
        v = (W2 @ W1 - T2 @ T1)[0]
        expected = v @ S @ v / 2
        found = result["train_error"][0, replicate, 0]
        assert abs(found - expected) < 4 * expected * np.sqrt(2 / n)


def test_a_diagonal_covariance_is_the_input_standard_deviation() -> None:
    result, _ = run({"covariance": np.eye(7) / 2}, data={"covariance": ID})
    plain = KIND.run(spec_of(), {}, silent)
    np.testing.assert_allclose(result["test_error"], plain["test_error"], rtol=1e-8)


def test_the_teacher_can_be_what_a_run_recorded() -> None:
    """A student that starts at the given teacher makes no error at all."""
    recorded = KIND.run(spec_of(record={"weights": "final"}), {}, silent)
    W1, W2 = recorded["W1"][0, 0], recorded["W2"][0, 0]
    student = {"start": "at_solution", "perturbation": 1e-9}
    changes = {"teacher": {"weights": ID}, "student": student}
    result, _ = run({"W1": W1, "W2": W2}, **changes)
    assert (result["train_error"][..., 0] < 1e-15).all()
    result, _ = run({"W1": W1, "W2": W2}, teacher={"weights": ID})
    spec = spec_of()
    _, _, S1, S2 = start(spec, 5)
    x = spec.data.input_std * generator(17, Role.TRAIN_INPUTS).standard_normal((33, 7))
    expected = loss(spec, S1, S2, x, answers(spec, W1, W2, x))
    assert result["train_error"][0, 1, 0] == pytest.approx(expected, rel=1e-12)


WRONG_SHAPES: list[tuple[dict[str, Any], Dataset, str]] = [
    (
        {"data": {"inputs": ID}},
        {"inputs": np.zeros((44, 7))},
        r"^data.inputs: the array inputs is \(44, 7\); the spec needs \(sample, input\) of "
        r"\(45, 7\) or more samples",
    ),
    ({"data": {"inputs": ID}}, {"inputs": np.zeros((45, 8))}, r"is \(45, 8\)"),
    ({"data": {"inputs": ID}}, {"x": np.zeros((45, 7))}, "has no array named inputs; it has x"),
    ({"data": {"inputs": ID}}, {"inputs": np.full((45, 7), "a")}, "must hold real numbers"),
    ({"data": {"covariance": ID}}, {"covariance": np.eye(6)}, r"^data.covariance: .*\(7, 7\)"),
    (
        {"teacher": {"weights": ID}},
        {"W1": np.zeros((8, 7)), "W2": np.zeros((2, 9))},
        r"^teacher.weights: the array W1 is \(8, 7\); the spec needs \(hidden, input\) of \(9, 7\)",
    ),
    (
        {"teacher": {"weights": ID}},
        {"W1": np.zeros((9, 7))},
        "has no array named W2",
    ),
]


@pytest.mark.parametrize(("changes", "arrays", "sentence"), WRONG_SHAPES)
def test_arrays_that_do_not_fit_are_refused_before_a_run(
    changes: dict[str, Any], arrays: Dataset, sentence: str
) -> None:
    with pytest.raises(Refused, match=sentence):
        KIND.estimate(spec_of(**changes), {ID: summarise(arrays, "npz")})


@pytest.mark.parametrize(
    ("changes", "arrays", "sentence"),
    [
        ({"data": {"inputs": ID}}, {"inputs": np.full((45, 7), np.nan)}, "not finite"),
        ({"data": {"covariance": ID}}, {"covariance": -np.eye(7)}, "is no covariance"),
        ({"data": {"covariance": ID}}, {"covariance": np.tri(7)}, "must be symmetric"),
        (
            {"teacher": {"weights": ID}, "student": {"start": "at_solution"}},
            {"W1": np.ones((9, 7)), "W2": np.ones((2, 9))},
            "1e-15 is lost in rounding; it must be at least 2.2e-15",
        ),
    ],
)
def test_values_that_no_network_can_be_given_fail_in_words(
    changes: dict[str, Any], arrays: Dataset, sentence: str
) -> None:
    with pytest.raises(ExperimentError, match=sentence):
        KIND.run(spec_of(**changes), {ID: arrays}, silent)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"inputs": ID, "covariance": ID}, "cannot go with data.inputs"),
        ({"inputs": ID, "online": True}, "draws fresh independent inputs"),
    ],
)
def test_data_that_contradict_each_other_are_refused(data: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        spec_of(data=data)
