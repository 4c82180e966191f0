"""What else a simulation keeps of its networks while they learn, beside their errors."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from heapq import merge
from itertools import groupby, repeat
from operator import itemgetter
from typing import Literal

import numpy as np

from core.kernels.curl_fraction import curl_fraction
from core.kernels.derivatives import Array
from core.kernels.effective_dimension import participation_ratio
from core.kernels.observers import Conservation, Lyapunov, Observer, Recorded, Trajectory
from core.kernels.students import Students


@dataclass(frozen=True)
class Observation:
    """What to look at; nothing unless said."""

    weights: Literal["none", "final", "snapshots"] = "none"
    probes: int = 0
    hidden_dimensionality: bool = False
    trajectory_window: int = 0  # last epochs
    trajectory_points: int = 0  # snapshots of them
    curl_fraction: Literal["none", "final", "records"] = "none"
    conservation: bool = False
    lyapunov_exponents: int = 0
    lyapunov_window: int = 0  # last epochs


def observers_of(
    wanted: Observation, students: Students, record: Sequence[int], *, eta: float, seed: int
) -> list[Observer]:
    """One observer for everything that is wanted; `eta` is the step of a full batch."""
    last = record[-1:]
    found: list[Observer] = []
    if wanted.weights != "none":
        found += _weights(students, last if wanted.weights == "final" else record)
    if wanted.probes:
        found.append(_activity(students, record, wanted.probes))
    if wanted.hidden_dimensionality:
        found.append(_hidden_dimensionality(students, record))
    if wanted.trajectory_window:
        found.append(Trajectory(students, _evenly(wanted, last[0])))
    if wanted.curl_fraction != "none":
        found.append(_curl_fraction(students, last if wanted.curl_fraction == "final" else record))
    if wanted.conservation:
        found.append(Conservation(students, record))
    if wanted.lyapunov_exponents:
        epochs = range(last[0] - wanted.lyapunov_window, last[0])
        found.append(Lyapunov(students, epochs, wanted.lyapunov_exponents, eta=eta, seed=seed))
    return found


def stops(
    looks: Iterable[int], observers: Sequence[Observer]
) -> Iterator[tuple[int, bool, list[Observer]]]:
    """Every epoch to stop at, once and in order: whether it is one of `looks`, and who watches."""
    nobody = len(observers)
    wanted = [zip(looks, repeat(nobody))]
    wanted += [zip(observer.epochs, repeat(i)) for i, observer in enumerate(observers)]
    for epoch, pairs in groupby(merge(*wanted), key=itemgetter(0)):
        who = [i for _, i in pairs]
        yield epoch, nobody in who, [observers[i] for i in who if i < nobody]


def _weights(students: Students, epochs: Sequence[int]) -> list[Observer]:
    layers, dtype = students.layers, students.networks.weights.W1.dtype
    axes = (
        {"hidden": layers.hidden, "input": layers.inputs},
        {"output": layers.outputs, "hidden": layers.hidden},
    )
    return [
        Recorded(students, epochs, name, partial(_layer, students, place), axes[place], dtype)
        for place, name in enumerate(("W1", "W2"))
    ]


def _layer(students: Students, place: int, n: int) -> Array:
    return students.weights(n)[place]


def _activity(students: Students, epochs: Sequence[int], probes: int) -> Observer:
    axes = {"probe": probes, "hidden": students.layers.hidden}
    dtype = students.networks.weights.W1.dtype

    def of(n: int) -> Array:
        return students.activity(n, probes)

    return Recorded(students, epochs, "hidden_activity", of, axes, dtype)


def _hidden_dimensionality(students: Students, epochs: Sequence[int]) -> Observer:
    def of(n: int) -> float:
        return participation_ratio(students.activity(n, students.test.count), students.tick)

    return Recorded(students, epochs, "hidden_dimensionality", of)


def _curl_fraction(students: Students, epochs: Sequence[int]) -> Observer:
    def of(n: int) -> float:
        return curl_fraction(students.field(n), students.tick)

    return Recorded(students, epochs, "curl_fraction", of)


def _evenly(wanted: Observation, last: int) -> Sequence[int]:
    """Epochs from the start of the window to the last, evenly spaced but for rounding."""
    first = last - wanted.trajectory_window
    points = min(wanted.trajectory_points, wanted.trajectory_window + 1)
    return tuple(np.rint(np.linspace(first, last, points)).astype(np.int64).tolist())
