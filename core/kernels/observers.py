"""What looks at networks while they learn, and what each has seen at the end.

Looking changes nothing: learning goes on from the same bits.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

import numpy as np

from core.kernels import conservation, effective_dimension
from core.kernels.derivatives import Array
from core.kernels.draws import Role, generator
from core.kernels.lyapunov import (
    BLOCKS,
    block_epochs,
    carried_on,
    exponents,
    ordered,
    tangent_vectors,
)
from core.kernels.stack import CONSTRAINTS, Constraint
from core.kernels.students import Students
from core.kernels.tangent_map import carried


class Measured(NamedTuple):
    """An array whose first axis is that of the networks, and the names of the others."""

    values: Array
    axes: tuple[str, ...] = ()
    unit: str = "1"


class Observer(Protocol):
    """Looks at the networks at some epochs, before they learn on."""

    @property
    def epochs(self) -> Sequence[int]:
        """When, in order."""

    def look(self, epoch: int) -> None:
        """See the networks as they are after so many epochs."""

    def measured(self) -> Mapping[str, Measured]:
        """What was seen, by name."""


class Recorded:
    """One array per network at every chosen epoch; nan where a network is no longer finite."""

    def __init__(
        self,
        students: Students,
        epochs: Sequence[int],
        name: str,
        of: Callable[[int], Any],
        lengths: Mapping[str, int] = MappingProxyType({}),
        dtype: Any = float,
    ) -> None:
        """`of` gives the array of one network, whose axes have those names and lengths."""
        self.students, self.epochs = students, epochs
        self._name, self._of, self._axes = name, of, tuple(lengths)
        shape = (students.networks.count, len(epochs), *lengths.values())
        self.values = np.zeros(shape, dtype)  # not touched yet: gigabytes would take seconds
        self._seen = 0

    def look(self, epoch: int) -> None:
        """One more record of every network."""
        for n in range(len(self.values)):
            with np.errstate(all="ignore"):
                self.values[n, self._seen] = self._of(n) if self.students.finite(n) else np.nan
            self.students.tick()
        self._seen += 1

    def measured(self) -> Mapping[str, Measured]:
        """The array under its name, without an axis of records if there was one look alone."""
        if len(self.epochs) == 1:
            return {self._name: Measured(self.values[:, 0], self._axes)}
        return {self._name: Measured(self.values, ("record", *self._axes))}


class Conservation:
    """How far the conserved quantities have drifted, of the networks that have them."""

    def __init__(self, students: Students, record: Sequence[int]) -> None:
        hidden = {"hidden": students.layers.hidden}
        self._recorded = Recorded(students, record, "Q", self._conserved, hidden)
        self.epochs = record
        fields = map(students.field, range(students.networks.count))
        self._scale = np.stack([conservation.magnitude(field) for field in fields])

    def look(self, epoch: int) -> None:
        """Q of every network."""
        self._recorded.look(epoch)

    def _conserved(self, n: int) -> Array:
        field = self._recorded.students.field(n)
        if field.feedback is not None or field.phi not in conservation.LAWFUL:
            return np.full(len(field.W1), np.nan)
        return conservation.conserved(field)

    def measured(self) -> Mapping[str, Measured]:
        """The relative drift at every record."""
        with np.errstate(invalid="ignore"):
            drift = conservation.drift(self._recorded.values, self._scale)
        return {"conservation_drift": Measured(drift, ("record",))}


class Trajectory:
    """How many dimensions the weights have moved through, from evenly spaced snapshots."""

    def __init__(self, students: Students, epochs: Sequence[int]) -> None:
        self._students = students
        dtype, weights = students.networks.weights.W1.dtype, {"weight": students.layers.weights}
        self._recorded = Recorded(students, epochs, "path", self._weights, weights, dtype)
        self.epochs = epochs

    def look(self, epoch: int) -> None:
        """One snapshot of every network."""
        self._recorded.look(epoch)

    def _weights(self, n: int) -> Array:
        return np.concatenate([W.ravel() for W in self._students.weights(n)])

    def measured(self) -> Mapping[str, Measured]:
        """One participation ratio per network; nan for one that died or stood still."""
        ratios = np.full(len(self._recorded.values), np.nan)
        for n in filter(self._students.finite, range(len(ratios))):
            snapshots = self._recorded.values[n]
            with np.errstate(all="ignore"):
                ratios[n] = effective_dimension.participation_ratio(snapshots, self._students.tick)
        return {"trajectory_dimensionality": Measured(ratios)}


class Lyapunov:
    """The largest Lyapunov exponents of the full-batch update over the last epochs."""

    def __init__(self, students: Students, epochs: range, k: int, *, eta: float, seed: int) -> None:
        networks = students.networks.count
        self.epochs, self._students = epochs, students
        self._step = eta / students.train.count
        self._constraint: Constraint = CONSTRAINTS[students.networks.model.constraint]
        self._block = block_epochs(len(epochs))
        self._counted_from = epochs.stop - BLOCKS * self._block
        rng = generator(seed, Role.TANGENT_VECTORS)
        vectors = tangent_vectors(rng, k, students.layers.weights)
        students.tick()
        self._vectors = np.repeat(vectors[None], networks, axis=0)
        students.tick()
        self._blocks = np.zeros((networks, BLOCKS, k))

    def look(self, epoch: int) -> None:
        """Carry the tangent vectors through the epoch that comes next."""
        shape = (self._students.layers.hidden, self._students.layers.inputs)
        block = (epoch - self._counted_from) // self._block
        for n in range(len(self._blocks)):
            growth = np.array(np.nan)
            if self._students.finite(n):
                with np.errstate(all="ignore"):
                    vectors, growth = carried_on(self._vectors[n], shape, self._through(n))
                self._vectors[n] = vectors
            if block >= 0:
                self._blocks[n, block] += growth / self._block
            self._students.tick()

    def _through(self, n: int) -> Callable[[Array, Array], tuple[Array, Array]]:
        field, tick = self._students.field(n), self._students.tick
        return lambda V1, V2: carried(field, self._step, self._constraint, V1, V2, tick)

    def measured(self) -> Mapping[str, Measured]:
        """Exponents from the largest down, their errors, and the blocks that both come from."""
        blocks = ordered(self._blocks)
        mean, error = exponents(blocks)
        return {
            "lyapunov_exponents": Measured(mean, ("exponent",), "1/epoch"),
            "lyapunov_standard_errors": Measured(error, ("exponent",), "1/epoch"),
            "lyapunov_blocks": Measured(blocks, ("block", "exponent"), "1/epoch"),
        }
