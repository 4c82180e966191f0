"""The paper's speed-up (figure 5c at P >= 1000), with its statistical error.

    python -m benchmarks.reproduce_speedup [P ...]

M 100, N 10, tanh hidden and readout, raw output error, layer norm, g = 2, g_T = 1, B 10, learning
rate 0.1 per epoch: epochs to test error 1e-3 of gradient descent (expected at P = 2000: mean 4 300
to 4 900) and of curl descent with one flipped readout neuron (1 300 to 2 000); the paired ratio is
about 3. A quarter of an hour on one core.
"""

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.one_core import one_core
from core.curl_descent import SimulationSpec
from core.kinds.curl_descent_simulation import KIND

EPOCHS = 20_000
SIZES = (1000, 1500, 2000)


def spec(train_size: int) -> SimulationSpec:
    """Both rules at one number of training samples."""
    return SimulationSpec.model_validate(
        {
            "inputs": 100,
            "hidden": 10,
            "activation": "tanh",
            "readout_activation": "tanh",
            "output_error": "raw",
            "flips": {"readout": {"count": 1}},
            "teacher": {"scale": 1.0},
            "student": {"scale": 2.0},
            "data": {"train_size": train_size},
            "training": {"epochs": EPOCHS, "batch_size": 10, "norm_constraint": "layer"},
            "record": {"points": 400, "threshold": 1e-3},
            "replicates": 20,
        }
    )


def show(fraction: float, /, **values: float) -> None:
    """Progress on the terminal."""
    if sys.stderr.isatty():
        print(f"\r{100 * fraction:5.1f} %", end="", file=sys.stderr, flush=True)


def mean_and_error(values: NDArray[Any]) -> str:
    """A mean with its standard error."""
    return f"{values.mean():.3g} +- {values.std(ddof=1) / np.sqrt(len(values)):.2g}"


def main(sizes: Sequence[int]) -> None:
    """Run each and print what came out."""
    for size in sizes or SIZES:
        _compare(spec(size))


def _compare(of: SimulationSpec) -> None:
    expected = KIND.estimate(of, {}).seconds
    print(f"P {of.data.train_size}: {of.replicates} replicates, about {expected:.0f} s", flush=True)
    epochs = np.full((len(of.rules), of.replicates), np.nan)
    for row in KIND.rows(of, KIND.run(of, {}, show)):
        arrived = row.metrics["epochs_to_threshold"]
        if arrived is not None:
            epochs[list[str](of.rules).index(row.arm), row.replicate] = arrived
    for rule, of_rule in zip(of.rules, epochs, strict=True):
        known = of_rule[np.isfinite(of_rule)]
        censored = len(of_rule) - len(known)
        print(
            f"{rule}: {mean_and_error(known)} epochs, median {np.median(known):.0f}, "
            f"{censored} of {len(of_rule)} censored at {EPOCHS}"
        )
    gradient, curl = epochs[:, np.isfinite(epochs).all(axis=0)]
    print(f"ratio of means, paired: {gradient.mean() / curl.mean():.2f}")
    print(f"mean of log2 ratios: {mean_and_error(np.log2(gradient / curl))}")
    print(
        f"mean ratio: {mean_and_error(gradient / curl)}; curl faster in {(gradient > curl).sum()}",
        flush=True,
    )


if __name__ == "__main__":
    with one_core():
        main([int(size) for size in sys.argv[1:]])
