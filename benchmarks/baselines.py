"""The plain ways of stepping a network in numpy, for the benchmarks to be judged by.

`lean` is careful single-network numpy: nothing computed twice, in-place arithmetic, no Python loop
inside an update. `as_usually_written` follows research scripts: one loop over samples' batches, a
fresh array for every expression, activations and slopes as functions, norms by a library call.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Step = Callable[["Problem", Array, Array], None]


@dataclass
class Problem:
    """One network with its rule; weights change in place."""

    W1: Array  # "hidden inputs"
    W2: Array  # "1 hidden"
    D1: Array  # "inputs"
    D2: Array  # "hidden"
    eta: float
    tanh: bool  # hidden and readout; else both linear; the output error is raw
    layer_norm: bool

    def __post_init__(self) -> None:
        self.norm1 = float(np.linalg.norm(self.W1))
        self.norm2 = float(np.linalg.norm(self.W2))


def lean(problem: Problem, x: Array, y: Array) -> None:
    """One update by the batch x "samples inputs", y "1 samples"."""
    W1, W2 = problem.W1, problem.W2
    step = problem.eta / len(x)
    h = W1 @ x.T
    if problem.tanh:
        np.tanh(h, out=h)
    e = W2 @ h
    if problem.tanh:
        np.tanh(e, out=e)
    e -= y
    e *= step
    d = W2.T * e
    if problem.tanh:
        slope = h * h
        np.subtract(1.0, slope, out=slope)
        d *= slope
    W2 -= (e @ h.T) * problem.D2
    change = d @ x
    change *= problem.D1
    W1 -= change
    if problem.layer_norm:
        flat1, flat2 = W1.reshape(-1), W2.reshape(-1)
        W1 *= problem.norm1 / np.sqrt(flat1 @ flat1)
        W2 *= problem.norm2 / np.sqrt(flat2 @ flat2)


def as_usually_written(problem: Problem, x: Array, y: Array) -> None:
    """The same update."""
    D1, D2 = np.diag(problem.D1), np.diag(problem.D2)
    x = x.T
    a1 = np.dot(problem.W1, x)
    h = _activation(problem, a1)
    a2 = np.dot(problem.W2, h)
    y_hat = _activation(problem, a2)
    delta2 = y_hat - y
    delta1 = np.dot(problem.W2.T, delta2) * _slope(problem, a1)
    dW2 = -problem.eta * np.dot(delta2, h.T) / x.shape[1]
    dW1 = -problem.eta * np.dot(delta1, x.T) / x.shape[1]
    problem.W2 = problem.W2 + np.dot(dW2, D2)
    problem.W1 = problem.W1 + np.dot(dW1, D1)
    if problem.layer_norm:
        problem.W1 = problem.W1 / np.linalg.norm(problem.W1) * problem.norm1
        problem.W2 = problem.W2 / np.linalg.norm(problem.W2) * problem.norm2


def _activation(problem: Problem, a: Array) -> Array:
    return np.asarray(np.tanh(a)) if problem.tanh else a


def _slope(problem: Problem, a: Array) -> Array:
    return np.asarray(1 - np.tanh(a) ** 2) if problem.tanh else np.ones_like(a)


BASELINES: dict[str, Step] = {"lean": lean, "as_usually_written": as_usually_written}
