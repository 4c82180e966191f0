"""How long a run of each kind works without listening, at sizes far above its example's.

`python -m benchmarks.cancelling [KIND ...]` runs large specs on a recording of 2200 trials and 400
neurons, cancels each after a while, and prints the longest time on the processor between two calls
of `progress`. The goal is that a cancellation is heard within 2 s; what a worker adds to the gap is
its second between two looks at the database.
"""

import sys
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from core.experiment import Cancelled, Dataset, Kind, silent
from core.kinds import KINDS
from store.example_results import inputs

TRIALS, NEURONS = 2200, 400
CANCEL_AFTER_S = 6.0
GOAL_S = 1.0

NETWORK = {"inputs": 400, "hidden": 400, "outputs": 20}
LARGE: Mapping[str, tuple[Mapping[str, Any], ...]] = {
    "curl_descent.simulation": (
        {**NETWORK, "replicates": 2, "training": {"epochs": 100_000}},
        {"replicates": 100, "training": {"epochs": 1000}},
    ),
    "curl_descent.stability": ({"empirical": {"inputs": 2000, "draws": 5}},),
    "curl_descent.phase_diagram": (
        {"simulated": {"ratios": 20, "fractions": 20, "neurons": 400, "draws": 2}},
        {
            "compression_ratio": {"from": 0.001, "to": 100.0, "points": 5000},
            "joint": {"compression_ratio": 0.2, "points": 2000},
        },
    ),
    "curl_descent.toy": (
        {"starts": {"random": 10_000, "radius": 2.0}, "duration": 1000.0, "points": 2000},
    ),
    "plasticity.curl": (
        {"neurons": 1000},
        {"rule": "curl_feedback_alignment", "network": NETWORK},
    ),
    "dimensionality.participation_ratio": ({"permutations": 100_000}, {"permutations": 10}),
    "dimensionality.components": ({"shuffles": 1000}, {"splits": 2, "shuffles": 20, "factors": 60}),
    "dimensionality.intrinsic": ({"surrogates": 50},),
    "population.variance_partition": ({"permutations": 100_000}, {"permutations": 10}),
    "population.condition_distance": ({"permutations": 100_000}, {"permutations": 10}),
    "population.generalization": ({"permutations": 1000}, {"permutations": 2, "nulls": 2}),
    "population.reaiming": (
        {"resamples": 5000, "splits": 50},
        {"resamples": 20, "permutations": 20},
    ),
    "population.subspaces": ({"splits": 1000}, {"splits": 10}),
    "behaviour.adaptation": ({"model": "two_state"}, {"model": "generalization"}),
    "cerebellar_block.report": ({"permutations": 1000}, {"permutations": 19, "resamples": 20}),
}


def main() -> None:
    """Print the longest gap of every kind, or of those that are named."""
    print(f"{'kind':40}{'longest gap':>12}{'ran':>8}  (goal {GOAL_S:g} s)")
    for kind in (KINDS[name] for name in sys.argv[1:] or KINDS):
        bundled = inputs(kind.name)
        kind.run(kind.example(), bundled, silent)  # compiles
        grown = {name: enlarged(arrays) for name, arrays in bundled.items()}
        for changes in LARGE.get(kind.name, ({},)):
            document = _merged(kind.example().model_dump(mode="json", by_alias=True), changes)
            listener = Listener()
            listener.run(kind, document, grown)
            print(f"{kind.name:40}{listener.longest_s:10.2f} s{listener.ran_s:6.0f} s", changes)


class Listener:
    """A progress callback that notes the longest silence, and cancels after a while."""

    def __init__(self) -> None:
        self.longest_s = 0.0
        self.ran_s = 0.0
        self._start = self._last = time.process_time()

    def __call__(self, fraction: float, /, **values: float) -> None:
        """Note the silence before this call."""
        self._note()
        if self.ran_s > CANCEL_AFTER_S:
            raise Cancelled

    def run(self, kind: Kind[Any], document: dict[str, Any], inputs: Mapping[str, Dataset]) -> None:
        """Run until the end or the cancellation; the silence before the end counts too."""
        spec = kind.spec.model_validate(document)
        self._start = self._last = time.process_time()
        try:
            kind.run(spec, inputs, self)
        except Cancelled:
            return
        self._note()

    def _note(self) -> None:
        now = time.process_time()
        self.longest_s = max(self.longest_s, now - self._last)
        self.ran_s, self._last = now - self._start, now


def enlarged(arrays: Dataset) -> Dataset:
    """A recording with more trials and neurons: copies, with noise of their own."""
    if "counts" not in arrays:
        return arrays
    rng = np.random.default_rng(0)
    trials, neurons = arrays["counts"].shape
    order = np.resize(np.arange(trials), TRIALS)
    counts = arrays["counts"][order][:, np.resize(np.arange(neurons), NEURONS)]
    grown = {
        name: values[order] if values.shape[:1] == (trials,) else values
        for name, values in arrays.items()
    }
    return grown | {"counts": counts + rng.poisson(1.0, counts.shape)}


def _merged(document: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    for name, value in changes.items():
        inner = document.get(name)
        nested = isinstance(inner, dict) and isinstance(value, Mapping)
        document[name] = _merged(inner, value) if nested and inner is not None else value
    return document


if __name__ == "__main__":
    main()
