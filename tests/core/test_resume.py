"""A run that is interrupted and resumed gives the arrays of one that never was, bit for bit."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from core.checkpoints import Kept
from core.examples import GOLUB_BCI
from core.experiment import Cancelled, Dataset, Kind, Spec, silent
from core.kinds import KINDS
from core.reading import load_arrays

SIMULATION = KINDS["curl_descent.simulation"]


class Interrupted:
    """A caller that keeps every state and stops a run at the n-th; then the caller after it."""

    def __init__(self, at: int | None, kept: Kept | None = None) -> None:
        self.at = at
        self.before = kept
        self.offered = 0
        self.newest: Kept | None = None

    def __call__(self, fraction: float, /, **values: float) -> None:
        """Nothing is reported to anybody."""

    def kept(self) -> Kept | None:
        return self.before

    def keep(self, state: Callable[[], Kept]) -> None:
        self.offered += 1
        if self.offered == self.at:
            self.newest = state()
            raise Cancelled


SPECS: Mapping[str, dict[str, Any]] = {
    "tanh networks on shuffled batches": {
        "readout_activation": "tanh",
        "output_error": "raw",
        "flips": {"readout": {"count": 2}, "hidden": {"count": 3}},
        "training": {"epochs": 60, "norm_constraint": "layer", "learning_rate": 0.5},
        "record": {"order_parameter_window": 20, "exact_extrema": True},
    },
    "linear networks by their covariance": {
        "activation": "linear",
        "training": {"epochs": 20_000, "batch_size": "full", "learning_rate": 0.01},
    },
    "fresh samples, a short last batch": {
        "data": {"online": True, "train_size": 70, "test_size": 20},
        "training": {"epochs": 40, "batch_size": 32},
    },
}


@pytest.mark.parametrize("name", SPECS)
@pytest.mark.parametrize("interruptions", [(1,), (3, 2), (2, 5, 1)])
def test_an_interrupted_simulation_ends_with_the_same_bits(
    name: str, interruptions: tuple[int, ...]
) -> None:
    given = {"inputs": 6, "hidden": 8, "replicates": 3, **SPECS[name]}
    resumed_as_whole(SIMULATION, SIMULATION.spec.model_validate(given), {}, interruptions)


def test_what_is_measured_on_the_way_is_resumed_too() -> None:
    resumed_as_whole(SIMULATION, SIMULATION.example(), {}, (2, 9))


@pytest.mark.parametrize("interruptions", [(1,), (3, 2, 4)])
def test_an_interrupted_analysis_ends_with_the_same_bits(interruptions: tuple[int, ...]) -> None:
    kind = KINDS["dimensionality.participation_ratio"]
    inputs = {GOLUB_BCI.dataset_id: load_arrays(GOLUB_BCI.path)}
    resumed_as_whole(kind, kind.example(), inputs, interruptions)


def resumed_as_whole(
    kind: Kind[Any], spec: Spec, inputs: Mapping[str, Dataset], interruptions: tuple[int, ...]
) -> None:
    """Compare a run with one that is interrupted at the n-th state it offers, repeatedly."""
    whole = kind.run(spec, inputs, silent)
    kept: Kept | None = None
    for at in interruptions:
        caller = Interrupted(at, kept)
        with pytest.raises(Cancelled):
            kind.run(spec, inputs, caller)
        kept = caller.newest
    resumed = kind.run(spec, inputs, Interrupted(None, kept))
    for array, expected in whole.arrays.items():
        assert resumed[array].dtype == expected.values.dtype, array
        assert resumed[array].tobytes() == expected.values.tobytes(), array
