"""Inputs, covariance and teacher of one's own: the datasets that a simulation takes them from."""

from collections.abc import Iterator, Mapping

import numpy as np

from core.curl_descent import EPSILONS, SimulationSpec
from core.dataset import DatasetSummary
from core.experiment import Dataset, ExperimentError
from core.given_arrays import (
    Floats,
    Wanted,
    check_array,
    memory_bytes,
    read,
    read_covariance_root,
    wanted_covariance,
)
from core.kernels.given import Given


def datasets(spec: SimulationSpec) -> tuple[str, ...]:
    """The datasets that a spec names."""
    return tuple(dict.fromkeys(wanted.dataset for wanted in _wanted(spec)))


def check(spec: SimulationSpec, summaries: Mapping[str, DatasetSummary]) -> int:
    """Refuse datasets whose arrays do not fit; the bytes that all of them take in memory."""
    for wanted in _wanted(spec):
        check_array(wanted, summaries[wanted.dataset])
    return sum(memory_bytes(summaries[name]) for name in datasets(spec))


def given(spec: SimulationSpec, inputs: Mapping[str, Dataset]) -> Given:
    """What takes the place of draws; refuses values that no network can be given."""
    wanted = {each.array: each for each in _wanted(spec)}
    own = read(wanted["inputs"], inputs) if "inputs" in wanted else None
    root = read_covariance_root(wanted["covariance"], inputs) if "covariance" in wanted else None
    teacher = None
    if "W1" in wanted:
        teacher = read(wanted["W1"], inputs), read(wanted["W2"], inputs)
        if spec.student.start == "at_solution":
            _check_perturbation(spec, teacher)
    return Given(own, root, teacher)


def _wanted(spec: SimulationSpec) -> Iterator[Wanted]:
    data, weights, N = spec.data, spec.teacher.weights, spec.teacher_hidden
    if data.inputs is not None:
        shape = (data.train_size + data.test_size, spec.inputs)
        yield Wanted("data.inputs", data.inputs, "inputs", shape, ("sample", "input"), True)
    if data.covariance is not None:
        yield wanted_covariance("data.covariance", data.covariance, spec.inputs)
    if weights is not None:
        yield Wanted("teacher.weights", weights, "W1", (N, spec.inputs), ("hidden", "input"))
        yield Wanted("teacher.weights", weights, "W2", (spec.outputs, N), ("output", "hidden"))


def _check_perturbation(spec: SimulationSpec, teacher: tuple[Floats, Floats]) -> None:
    layer = spec.student.perturbation_layer
    size = float(np.sqrt(np.mean(teacher[layer == "W2"] ** 2)))
    least = EPSILONS * float(np.finfo(spec.precision).eps) * size
    if spec.student.perturbation < least:
        raise ExperimentError(
            f"student.perturbation: {spec.student.perturbation:g} is lost in rounding; it must be "
            f"at least {least:.2g}, 10 machine epsilons times the size of the teacher's {layer}"
        )
