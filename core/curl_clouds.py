"""The clouds of points that a simulation recorded, how many dimensions they fill, at what cost.

One is the hidden activity, a point per probe at every record; the other the path of the weights, a
point per record.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.experiment import Dataset, Estimate
from core.kernels.effective_dimension import (
    entropy_dimension,
    n90,
    n95,
    participation_ratio_of,
    path_spectra,
    spectrum,
)
from core.kernels.ledger import Stage
from core.kernels.portions import Report

Shapes = Mapping[str, tuple[int, ...]]
Spectral = Literal["participation_ratio", "entropy_dimension", "n90", "n95"]

SPECTRAL: Mapping[Spectral, Callable[[NDArray[np.float64]], float]] = {
    "participation_ratio": participation_ratio_of,
    "entropy_dimension": entropy_dimension,
    "n90": n90,
    "n95": n95,
}

_NAMES = {"hidden": ("hidden_activity",), "trajectory": ("W1", "W2")}
"""The arrays of a simulation that each cloud of points is made of."""

_DIMENSIONS = 5
"""Of those arrays: arm, replicate, record and two more; final weights have no record."""
_SPECTRUM_S = 1.0e-4
_TERM_S = 1.0e-10
_EIGEN_S = 4.0e-9


def clouds(shapes: Shapes) -> list[str]:
    """What can be measured on arrays of these shapes."""
    return [
        cloud
        for cloud, names in _NAMES.items()
        if all(len(shapes.get(name, ())) == _DIMENSIONS for name in names)
    ]


def points(shapes: Shapes, cloud: str) -> tuple[int, int]:
    """Points and variables of a cloud."""
    if cloud == "hidden":
        return shapes["hidden_activity"][3], shapes["hidden_activity"][4]
    return shapes["W1"][2], sum(int(np.prod(shapes[name][3:])) for name in ("W1", "W2"))


def looks(shapes: Shapes, cloud: str) -> tuple[int, int, int]:
    """Rules, replicates and records of a cloud."""
    arms, replicates, records, *_ = shapes[_NAMES[cloud][0]]
    return arms, replicates, records


def spectral_dimensions(
    source: Dataset,
    cloud: str,
    estimators: Sequence[Spectral],
    report: Report,
    stage: Callable[..., Stage],
) -> dict[Spectral, NDArray[np.float64]]:
    """What each estimator says of every network's cloud, "arm replicate record"."""
    if not estimators:
        return {}
    shape = looks({name: values.shape for name, values in source.items()}, cloud)
    records, every = shape[2], int(np.prod(shape))
    kept, networks = stage(len(estimators), every), np.ndindex(shape[:2])
    paths = ((slice(n * records, (n + 1) * records), place) for n, place in enumerate(networks))
    for own, place in kept.missing(paths):
        first = max(own.start, int(kept.done))
        spectra = _spectra(source, cloud, place, first - own.start)
        for n, eigenvalues in enumerate(spectra, first):
            values = [[SPECTRAL[estimator](eigenvalues)] for estimator in estimators]
            kept.add(slice(n, n + 1), np.array(values))
            report(n / every)
    return dict(zip(estimators, kept.values.reshape(-1, *shape), strict=True))


def spectral_cost(shapes: Shapes) -> Estimate:
    """Of the spectra of every cloud."""
    operations = spectra = eigen = 0
    for cloud in clouds(shapes):
        arms, replicates, records = looks(shapes, cloud)
        n, variables = points(shapes, cloud)
        size = min(n, variables)
        products = arms * replicates * (records if cloud == "hidden" else 1)
        operations += products * n * variables * size
        spectra += arms * replicates * records
        eigen += arms * replicates * records * size**3
    held = sum(
        8 * int(np.prod(shapes[n])) for names in _NAMES.values() for n in names if n in shapes
    )
    return Estimate(
        memory_bytes=2 * held + 2**22,
        operations=2 * operations + 10 * eigen,
        seconds=0.01 + _SPECTRUM_S * spectra + _TERM_S * operations + _EIGEN_S * eigen,
    )


def _spectra(
    source: Dataset, cloud: str, place: tuple[int, ...], first: int
) -> Iterator[NDArray[np.float64]]:
    """The spectrum of one network's cloud at every record from the first, of a path as far as it
    has come.
    """
    arrays = [source[name][place] for name in _NAMES[cloud]]
    if cloud == "hidden":
        return map(spectrum, arrays[0][first:])
    path = np.concatenate([W.reshape(len(W), -1) for W in arrays], axis=1)
    return path_spectra(path, first=first + 1)
