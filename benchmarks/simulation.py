"""How fast simulations step, beside plain numpy and what the machine can do: one core, one thread.

    python -m benchmarks.simulation

Times are the least processor time of several repetitions, per update and network, because other
work on the machine only adds. Goals are stated for a machine whose float64 matrix products reach
53 GFLOP/s and scaled by the rate measured here in the same run.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.baselines import BASELINES, Problem
from benchmarks.one_core import one_core
from core.curl_descent import SimulationSpec
from core.experiment import silent
from core.kernels.draws import Role, draw_signs, draw_weights, generator
from core.kinds.curl_descent_simulation import KIND

REFERENCE_GFLOPS = 53.0
REPETITIONS = 9


@dataclass(frozen=True)
class Case:
    """One shape with its goals in microseconds per update and network."""

    name: str
    spec: SimulationSpec
    goal: float


def _case(name: str, goal: float, **fields: Any) -> Case:
    base: dict[str, Any] = {"output_error": "raw", "record": {"points": 2}, "replicates": 10}
    return Case(name, SimulationSpec.model_validate({**base, **fields}), goal)


def _training(epochs: int, batch_size: int | str, norm: str = "layer") -> dict[str, Any]:
    return {"epochs": epochs, "batch_size": batch_size, "norm_constraint": norm}


TANH = {"inputs": 100, "hidden": 10, "activation": "tanh", "readout_activation": "tanh"}
LINEAR = {"activation": "linear", "data": {"train_size": 250}}
HIDDEN_FLIPS = {"hidden": {"fraction": 0.5}, "readout": {"count": 0}}

CASES = (
    _case("tanh minibatch, M 100 N 10 B 10", 2.3, **TANH, training=_training(200, 10)),
    _case("the same in float32", 1.5, **TANH, training=_training(200, 10), precision="float32"),
    _case(
        "linear minibatch (fig 3a), M 20 N 199 B 10",
        8.0,
        inputs=20,
        hidden=199,
        flips=HIDDEN_FLIPS,
        training=_training(80, 10),
        **LINEAR,
    ),
    _case(
        "linear full batch, M 110 N 110 P 250",
        10.0,
        inputs=110,
        hidden=110,
        training=_training(1000, "full"),
        **LINEAR,
    ),
    _case(
        "linear full batch, M 2 N 217 P 250",
        1.5,
        inputs=2,
        hidden=217,
        training=_training(2000, "full"),
        **LINEAR,
    ),
)


def matrix_product_gflops(dtype: str) -> float:
    """The machine's rate: a product of two 1024 x 1024 matrices."""
    a = np.random.default_rng(0).standard_normal((1024, 1024)).astype(dtype)
    out = np.empty_like(a)
    return 2 * 1024**3 / min(_timed(lambda: np.matmul(a, a, out=out))) / 1e9


def ours(spec: SimulationSpec) -> float:
    """Microseconds per update and network of a whole run, the first records included."""
    updates = spec.training.epochs * -(-spec.data.train_size // spec.batch)
    KIND.run(spec.model_copy(update={"replicates": 1}), {}, silent)
    networks = len(spec.rules) * spec.replicates
    return min(_timed(lambda: KIND.run(spec, {}, silent))) / (updates * networks) * 1e6


def baseline(spec: SimulationSpec, name: str) -> float:
    """Microseconds per update of the plain loop over networks, on the same draws."""
    rng = generator(spec.seed, Role.STUDENT, 0)
    W1, W2 = draw_weights(
        rng,
        inputs=spec.inputs,
        hidden=spec.hidden,
        outputs=1,
        distribution="uniform",
        scale=spec.student.scale,
    )
    dtype = np.dtype(spec.precision)
    signs = [
        draw_signs(rng, size=size, flipped=flipped).astype(dtype)
        for size, flipped in zip(spec.flip_layers, spec.flip_counts, strict=True)
    ]
    eta = spec.training.learning_rate * spec.batch / spec.data.train_size
    problem = Problem(
        W1.astype(dtype),
        W2.astype(dtype),
        signs[0],
        signs[1],
        eta,
        tanh=spec.activation == "tanh",
        layer_norm=spec.training.norm_constraint == "layer",
    )
    batches = 20
    x = (rng.standard_normal((batches, spec.batch, spec.inputs)) * 0.7).astype(dtype)
    y = (rng.standard_normal((batches, 1, spec.batch)) * 0.2).astype(dtype)
    step = BASELINES[name]

    def loop() -> None:
        for b in range(10 * batches):
            step(problem, x[b % batches], y[b % batches])

    return min(_timed(loop)) / (10 * batches) * 1e6


def _timed(work: Callable[[], Any]) -> list[float]:
    seconds = []
    for _ in range(REPETITIONS):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return seconds


def main() -> None:
    """Print the table."""
    with one_core():
        _print_table()


def _print_table() -> None:
    rates = {name: matrix_product_gflops(name) for name in ("float64", "float32")}
    slower = REFERENCE_GFLOPS / rates["float64"]
    print("matrix product: " + ", ".join(f"{r:.1f} GFLOP/s {name}" for name, r in rates.items()))
    print(f"goals are scaled by {slower:.2f}\n")
    print(f"{'us per update and network':46}  ours   lean  usual   x lean  x usual  goal")
    for case in CASES:
        times = [ours(case.spec), *(baseline(case.spec, name) for name in BASELINES)]
        ratios = [plain / times[0] for plain in times[1:]]
        met = "met" if times[0] <= case.goal * slower else "MISSED"
        print(
            f"{case.name:46} {times[0]:5.2f} {times[1]:6.1f} {times[2]:6.1f} "
            f"{ratios[0]:8.1f} {ratios[1]:8.1f} {case.goal * slower:5.1f}  {met}"
        )


if __name__ == "__main__":
    main()
