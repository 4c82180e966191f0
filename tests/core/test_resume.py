"""A run that is interrupted and resumed gives the arrays of one that never was, bit for bit."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from core.checkpoints import Kept
from core.examples import EXAMPLES
from core.experiment import Cancelled, Dataset, Kind, Spec
from core.kinds import KINDS
from core.reading import load_arrays
from store.example_results import inputs

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


ANALYSES: Mapping[str, dict[str, Any]] = {
    "dimensionality.participation_ratio": {},
    "dimensionality.intrinsic": {"every": 4, "surrogates": 3},
    "dimensionality.components": {"splits": 2, "shuffles": 20, "factors": 2},
    "population.variance_partition": {"permutations": 200},
    "population.condition_distance": {"permutations": 200},
    "population.generalization": {"nulls": 3, "decoding_nulls": 2, "permutations": 5},
    "population.reaiming": {"resamples": 20, "permutations": 10, "splits": 1},
    "population.subspaces": {"splits": 10},
}


@pytest.mark.parametrize("name", ANALYSES)
def test_an_interrupted_analysis_ends_with_the_same_bits(name: str) -> None:
    resumed_analysis(name, ANALYSES[name], (1, 3))


@pytest.mark.parametrize("model", ["one_state", "two_state", "generalization"])
@pytest.mark.parametrize("interruptions", [(1, 2, 16), (20,)])
def test_an_interrupted_fit_of_adaptation_ends_with_the_same_bits(
    model: str, interruptions: tuple[int, ...]
) -> None:
    resumed_analysis("behaviour.adaptation", {"model": model}, interruptions)


@pytest.mark.parametrize(
    ("name", "interruptions"),
    [
        ("curl_descent.representation", (1, 200, 300)),
        ("curl_descent.stability", (1, 3)),
        ("curl_descent.phase_diagram", (1, 20)),
    ],
)
def test_interrupted_samples_end_with_the_same_bits(
    name: str, interruptions: tuple[int, ...]
) -> None:
    resumed_as_whole(KINDS[name], KINDS[name].example(), inputs(name), interruptions)


@pytest.mark.parametrize("rule", ["hebbian_ei", "curl_descent"])
def test_an_interrupted_curl_of_plasticity_ends_with_the_same_bits(rule: str) -> None:
    kind = KINDS["plasticity.curl"]
    spec = kind.spec.model_validate({"rule": rule, "replicates": 3})
    resumed_as_whole(kind, spec, {}, (1, 1))


def test_a_report_does_not_ask_again_what_was_answered() -> None:
    few = {"permutations": 19, "resamples": 20, "simulations": 10}
    resumed_analysis("cerebellar_block.report", few, (3,))


def test_a_report_goes_on_in_the_middle_of_a_question() -> None:
    few = {"permutations": 19, "resamples": 20, "simulations": 10}
    resumed_analysis("cerebellar_block.report", few, (10, 30))


def resumed_analysis(name: str, changes: dict[str, Any], interruptions: tuple[int, ...]) -> None:
    """Interrupt the kind's example, changed as given."""
    kind = KINDS[name]
    spec = kind.spec.model_validate(kind.example().model_dump(mode="json") | changes)
    used = [example for example in EXAMPLES if example.dataset_id in kind.datasets(spec)]
    inputs = {example.dataset_id: load_arrays(example.path) for example in used}
    resumed_as_whole(kind, spec, inputs, interruptions)


def resumed_as_whole(
    kind: Kind[Any], spec: Spec, inputs: Mapping[str, Dataset], interruptions: tuple[int, ...]
) -> None:
    """Compare a run with one that is interrupted at the n-th state it offers, repeatedly.

    What is kept is not computed again: all attempts together come by as many states as the whole.
    """
    uninterrupted = Interrupted(None)
    whole = kind.run(spec, inputs, uninterrupted)
    kept: Kept | None = None
    for at in interruptions:
        caller = Interrupted(at, kept)
        with pytest.raises(Cancelled):
            kind.run(spec, inputs, caller)
        kept = caller.newest
    last = Interrupted(None, kept)
    resumed = kind.run(spec, inputs, last)
    assert sum(interruptions) + last.offered == uninterrupted.offered
    for array, expected in whole.arrays.items():
        assert resumed[array].dtype == expected.values.dtype, array
        assert resumed[array].tobytes() == expected.values.tobytes(), array
