"""Arrays that a spec takes from datasets: what must be in them, and reading them.

Shapes are checked when a spec is submitted, from the summaries of the datasets; values when it
runs.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.dataset import DatasetSummary
from core.experiment import Dataset, ExperimentError, Refused
from core.kernels.given import covariance_root

Floats = NDArray[np.float64]


class Wanted(NamedTuple):
    """An array that a field's dataset must have."""

    field: str
    dataset: str
    array: str
    shape: tuple[int, ...]
    axes: tuple[str, ...]
    at_least: bool = False  # of the first axis: any length from this one on


def wanted_covariance(field: str, dataset: str, inputs: int) -> Wanted:
    """The covariance of so many inputs."""
    return Wanted(field, dataset, "covariance", (inputs, inputs), ("input", "input"))


def check_array(wanted: Wanted, summary: DatasetSummary) -> None:
    """Refuse a dataset whose array is missing or does not fit."""
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


def memory_bytes(summary: DatasetSummary) -> int:
    """What all arrays of a dataset take."""
    arrays = summary.arrays.values()
    return sum(int(np.prod(array.shape)) * np.dtype(array.dtype).itemsize for array in arrays)


def read(wanted: Wanted, inputs: Mapping[str, Dataset]) -> Floats:
    """The array; refuses numbers that are not finite."""
    values = inputs[wanted.dataset][wanted.array][: wanted.shape[0]].astype(float)
    if not np.isfinite(values).all():
        raise ExperimentError(f"{wanted.field}: {wanted.array} holds numbers that are not finite")
    return values


def read_covariance_root(wanted: Wanted, inputs: Mapping[str, Dataset]) -> Floats:
    """The symmetric root of a covariance, "inputs inputs"; refuses what is none."""
    root = covariance_root(read(wanted, inputs))
    if root is None:
        raise ExperimentError(
            f"{wanted.field}: the matrix of dataset {wanted.dataset} is no covariance: it must be "
            "symmetric, without negative eigenvalues, and not zero"
        )
    return root
