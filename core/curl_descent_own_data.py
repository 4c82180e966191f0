"""Inputs, covariance and teacher of one's own: which datasets, what must be in them, and reading.

Shapes are checked when a spec is submitted, from the summaries of the datasets; values when it
runs.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.curl_descent import EPSILONS, SimulationSpec
from core.dataset import DatasetSummary
from core.experiment import Dataset, ExperimentError, Refused
from core.kernels.given import Given, covariance_root

Floats = NDArray[np.float64]


class _Wanted(NamedTuple):
    """An array that a field's dataset must have; None: any length from the least on."""

    field: str
    dataset: str
    array: str
    shape: tuple[int, ...]
    axes: tuple[str, ...]
    at_least: bool = False  # of the first axis


def datasets(spec: SimulationSpec) -> tuple[str, ...]:
    """The datasets that a spec names."""
    return tuple(dict.fromkeys(wanted.dataset for wanted in _wanted(spec)))


def check(spec: SimulationSpec, summaries: Mapping[str, DatasetSummary]) -> int:
    """Refuse datasets whose arrays do not fit; the bytes that all of them take in memory."""
    for wanted in _wanted(spec):
        _check(wanted, summaries[wanted.dataset])
    return sum(
        int(np.prod(array.shape)) * _item_bytes(array.dtype)
        for name in datasets(spec)
        for array in summaries[name].arrays.values()
    )


def given(spec: SimulationSpec, inputs: Mapping[str, Dataset]) -> Given:
    """What takes the place of draws; refuses values that no network can be given."""
    arrays = {wanted.array: _read(wanted, inputs) for wanted in _wanted(spec)}
    teacher = (arrays["W1"], arrays["W2"]) if "W1" in arrays else None
    if teacher is not None and spec.student.start == "at_solution":
        _check_perturbation(spec, teacher)
    return Given(arrays.get("inputs"), _root(spec, arrays.get("covariance")), teacher)


def _wanted(spec: SimulationSpec) -> Iterator[_Wanted]:
    data, weights, N = spec.data, spec.teacher.weights, spec.teacher_hidden
    if data.inputs is not None:
        shape = (data.train_size + data.test_size, spec.inputs)
        yield _Wanted("data.inputs", data.inputs, "inputs", shape, ("sample", "input"), True)
    if data.covariance is not None:
        shape = (spec.inputs, spec.inputs)
        yield _Wanted("data.covariance", data.covariance, "covariance", shape, ("input", "input"))
    if weights is not None:
        yield _Wanted("teacher.weights", weights, "W1", (N, spec.inputs), ("hidden", "input"))
        yield _Wanted("teacher.weights", weights, "W2", (spec.outputs, N), ("output", "hidden"))


def _check(wanted: _Wanted, summary: DatasetSummary) -> None:
    if wanted.array not in summary.arrays:
        known = ", ".join(list(summary.arrays)[:20]) or "none"
        message = f"the dataset has no array named {wanted.array}; it has {known}"
        raise Refused(wanted.field, wanted.dataset, message)
    found = summary.arrays[wanted.array]
    if np.dtype(found.dtype).kind not in "fiu":
        message = f"the array {wanted.array} holds {found.dtype}; it must hold real numbers"
        raise Refused(wanted.field, wanted.dataset, message)
    fits = len(found.shape) == len(wanted.shape) and all(
        length >= least if wanted.at_least and place == 0 else length == least
        for place, (length, least) in enumerate(zip(found.shape, wanted.shape, strict=True))
    )
    if not fits:
        least = " or more samples" if wanted.at_least else ""
        message = (
            f"the array {wanted.array} is {found.shape}; the spec needs "
            f"({', '.join(wanted.axes)}) of {wanted.shape}{least}"
        )
        raise Refused(wanted.field, wanted.dataset, message)


def _read(wanted: _Wanted, inputs: Mapping[str, Dataset]) -> Floats:
    values = inputs[wanted.dataset][wanted.array][: wanted.shape[0]].astype(float)
    if not np.isfinite(values).all():
        raise ExperimentError(f"{wanted.field}: {wanted.array} holds numbers that are not finite")
    return values


def _root(spec: SimulationSpec, covariance: Floats | None) -> Floats | None:
    if covariance is None:
        return None
    root = covariance_root(covariance)
    if root is None:
        raise ExperimentError(
            f"data.covariance: the matrix of dataset {spec.data.covariance} is no covariance: it "
            "must be symmetric, without negative eigenvalues, and not zero"
        )
    return root


def _check_perturbation(spec: SimulationSpec, teacher: tuple[Floats, Floats]) -> None:
    layer = spec.student.perturbation_layer
    size = float(np.sqrt(np.mean(teacher[layer == "W2"] ** 2)))
    least = EPSILONS * float(np.finfo(spec.precision).eps) * size
    if spec.student.perturbation < least:
        raise ExperimentError(
            f"student.perturbation: {spec.student.perturbation:g} is lost in rounding; it must be "
            f"at least {least:.2g}, 10 machine epsilons times the size of the teacher's {layer}"
        )


def _item_bytes(dtype: str) -> int:
    return np.dtype(dtype).itemsize
