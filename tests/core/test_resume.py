"""A run that is interrupted and resumed gives the arrays of one that never was, bit for bit."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from core.checkpoints import Kept
from core.examples import GOLUB_BCI
from core.experiment import Cancelled, silent
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
    spec = SIMULATION.spec.model_validate(given)
    whole = SIMULATION.run(spec, {}, silent)
    kept: Kept | None = None
    for at in interruptions:
        caller = Interrupted(at, kept)
        with pytest.raises(Cancelled):
            SIMULATION.run(spec, {}, caller)
        kept = caller.newest
    resumed = SIMULATION.run(spec, {}, Interrupted(None, kept))
    for array, expected in whole.arrays.items():
        assert np.array_equal(resumed[array], expected.values, equal_nan=True), array


@pytest.mark.parametrize("interruptions", [(1,), (3, 2, 4)])
def test_an_interrupted_analysis_ends_with_the_same_bits(interruptions: tuple[int, ...]) -> None:
    kind = KINDS["dimensionality.participation_ratio"]
    spec = kind.example()
    inputs = {GOLUB_BCI.dataset_id: load_arrays(GOLUB_BCI.path)}
    whole = kind.run(spec, inputs, silent)
    kept: Kept | None = None
    for at in interruptions:
        caller = Interrupted(at, kept)
        with pytest.raises(Cancelled):
            kind.run(spec, inputs, caller)
        kept = caller.newest
    resumed = kind.run(spec, inputs, Interrupted(None, kept))
    for array, expected in whole.arrays.items():
        assert np.array_equal(resumed[array], expected.values, equal_nan=True), array
