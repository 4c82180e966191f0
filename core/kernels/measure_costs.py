"""What observing a simulation costs beside learning: bytes, operations and seconds on one core.

The rates are those of `core.kernels.costs`; those of small arrays are the interpreter's.
"""

from dataclasses import dataclass

from core.kernels import curl_fraction
from core.kernels.costs import MOVE_S, MULTIPLY_ADD_S, Sizes
from core.kernels.lyapunov import BLOCKS
from core.kernels.observation import Observation
from core.kernels.students import samples_needed
from core.kernels.tangent_map import samples_at_once

LOOK_S = 3.0e-5
"""To look at one network, beside arithmetic."""
TANGENT_S = 2.5e-4
"""One epoch of one network's tangent vectors, beside arithmetic."""
TANGENT_NUMBER_S = 1.0e-8
"""For every number of a tangent vector, and of the activity that carries it."""
ORTHOGONAL_S = 4.0e-10
PACKED = 3
"""A result that is being written is there as arrays and twice compressed: the parts are joined at
the end."""


@dataclass(frozen=True)
class Cost:
    """Of some measures: bytes of results and beside them, multiply-adds, seconds."""

    kept_bytes: int = 0
    working_bytes: int = 0
    multiply_adds: int = 0
    seconds: float = 0.0

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(
            self.kept_bytes + other.kept_bytes,
            max(self.working_bytes, other.working_bytes),
            self.multiply_adds + other.multiply_adds,
            self.seconds + other.seconds,
        )

    @property
    def memory_bytes(self) -> int:
        """The most that is there at a time."""
        return max(self.kept_bytes + self.working_bytes, PACKED * self.kept_bytes)


def cost(sizes: Sizes, wanted: Observation) -> Cost:
    """Of everything that is wanted."""
    records = {"none": 0, "final": 1, "records": sizes.records, "snapshots": sizes.records}
    weights, curl = records[wanted.weights], records[wanted.curl_fraction]
    points = min(wanted.trajectory_points, wanted.trajectory_window + 1)
    parts = (
        _kept(sizes, weights, _weights(sizes)),
        _activity(sizes, sizes.records if wanted.probes else 0, wanted.probes, kept=True),
        _activity(
            sizes, sizes.records if wanted.hidden_dimensionality else 0, sizes.test, kept=False
        ),
        _trajectory(sizes, points if wanted.trajectory_window else 0),
        _curl_fraction(sizes, curl),
        _kept(sizes, sizes.records if wanted.conservation else 0, sizes.hidden, number=8),
        _lyapunov(sizes, wanted.lyapunov_exponents, wanted.lyapunov_window),
    )
    total = Cost()
    for part in parts:
        total += part
    return total


def _weights(sizes: Sizes) -> int:
    return sizes.hidden * (sizes.inputs + sizes.outputs)


def _samples(sizes: Sizes) -> int:
    """Training samples that measures look at."""
    return samples_needed(sizes.train, sizes.inputs, linear=sizes.linear)


def _kept(sizes: Sizes, looks: int, numbers: int, number: int | None = None) -> Cost:
    """So many numbers of every network at every look."""
    values = sizes.networks * looks * numbers
    return Cost(
        kept_bytes=values * (number or sizes.bytes_per_number),
        working_bytes=32 * _weights(sizes) if looks else 0,
        seconds=sizes.networks * looks * (LOOK_S + 4 * MOVE_S * _weights(sizes)) + MOVE_S * values,
    )


def _activity(sizes: Sizes, looks: int, samples: int, *, kept: bool) -> Cost:
    """Hidden activity at every look, kept or made one participation ratio."""
    activity = sizes.hidden * samples
    terms = activity * sizes.inputs
    if not kept:
        terms += activity * min(sizes.hidden, samples)
    seconds = MULTIPLY_ADD_S * terms + 20 * MOVE_S * activity
    parts = _kept(sizes, looks, activity if kept else 0)
    return parts + Cost(
        working_bytes=32 * activity if looks else 0,
        multiply_adds=sizes.networks * looks * terms,
        seconds=sizes.networks * looks * (2 * LOOK_S + seconds),
    )


def _trajectory(sizes: Sizes, points: int) -> Cost:
    terms = sizes.networks * points**2 * _weights(sizes)
    return _kept(sizes, points, _weights(sizes)) + Cost(
        working_bytes=16 * points**2,
        multiply_adds=terms,
        seconds=MULTIPLY_ADD_S * terms,
    )


def _curl_fraction(sizes: Sizes, looks: int) -> Cost:
    if not looks:
        return Cost()
    shape = (_samples(sizes), sizes.inputs, sizes.hidden, sizes.outputs)
    each, networks = curl_fraction.seconds(*shape) + 10 * LOOK_S, looks * sizes.networks
    return Cost(
        kept_bytes=8 * networks,
        working_bytes=curl_fraction.memory_bytes(*shape) + _data_bytes(sizes),
        multiply_adds=networks * curl_fraction.operations(*shape),
        seconds=networks * each + _data_seconds(sizes),
    )


def _lyapunov(sizes: Sizes, k: int, window: int) -> Cost:
    if not k:
        return Cost()
    M, N, K, P, n = sizes.inputs, sizes.hidden, sizes.outputs, _samples(sizes), _weights(sizes)
    terms = P * n * (2 + 2 * k) + 2 * P * N * K * (1 + k)
    orthogonal = 4 * n * k * k if k > 1 else 0
    numbers = (k + 1) * (P * N + n)
    each = TANGENT_S + MULTIPLY_ADD_S * terms + ORTHOGONAL_S * orthogonal
    part = min(P, samples_at_once(N, M, K, k))
    return Cost(
        kept_bytes=8 * sizes.networks * k * (BLOCKS + 2),
        working_bytes=8 * k * n * (sizes.networks + 10)
        + 8 * part * (N + K) * (4 * k + 8)
        + _data_bytes(sizes),
        multiply_adds=window * sizes.networks * (terms + orthogonal),
        seconds=window * sizes.networks * (each + TANGENT_NUMBER_S * numbers)
        + _data_seconds(sizes),
    )


def _data_bytes(sizes: Sizes) -> int:
    """Training data in float64, where they are not already."""
    if _samples(sizes) < sizes.train:
        return 8 * sizes.inputs * (4 * sizes.inputs + 2 * sizes.replicates * sizes.outputs)
    copied = sizes.bytes_per_number < 8
    return copied * 8 * sizes.train * (sizes.inputs + sizes.replicates * sizes.outputs)


def _data_seconds(sizes: Sizes) -> float:
    """To find the fewest samples that will do for linear networks."""
    if _samples(sizes) == sizes.train:
        return 0.0
    products = sizes.train * sizes.inputs * (sizes.inputs + sizes.replicates * sizes.outputs)
    return MULTIPLY_ADD_S * products + 2e-9 * sizes.inputs**3
