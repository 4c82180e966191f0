"""The slow and obvious twin of a curl-descent simulation: one network at a time, plain numpy.

It shares the seeded draws with the kernels and nothing else.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.curl_descent import SimulationSpec
from core.kernels.draws import Role, draw_signs, draw_weights, generator
from core.kernels.measures import record_epochs

Array = NDArray[np.float64]


@dataclass
class Twin:
    """One network's curves, final weights and weights at the end of every epoch."""

    train_error: list[float] = field(default_factory=list)
    test_error: list[float] = field(default_factory=list)
    W1: Array = field(default_factory=lambda: np.zeros((0, 0)))
    W2: Array = field(default_factory=lambda: np.zeros((0, 0)))
    trajectory: list[Array] = field(default_factory=list)


def phi(name: str, a: Array) -> Array:
    """An activation."""
    if name == "linear":
        return a
    if name == "tanh":
        return np.asarray(np.tanh(a))
    return np.maximum(a, 0.0) if name == "relu" else 1.0 / (1.0 + np.exp(-a))


def slope(name: str, a: Array) -> Array:
    """Its derivative."""
    if name == "linear":
        return np.ones_like(a)
    if name == "tanh":
        return np.asarray(1.0 - np.tanh(a) ** 2)
    if name == "relu":
        return np.asarray(a > 0, dtype=float)
    s = phi(name, a)
    return s * (1.0 - s)


def answers(spec: SimulationSpec, W1: Array, W2: Array, x: Array) -> Array:
    """y_hat "samples outputs" for inputs "samples inputs"."""
    return phi(spec.readout_activation, phi(spec.activation, x @ W1.T) @ W2.T)


def loss(spec: SimulationSpec, W1: Array, W2: Array, x: Array, y: Array) -> float:
    """1/(2P) sum of ||e||^2."""
    return float(np.sum((answers(spec, W1, W2, x) - y) ** 2) / (2 * len(x)))


def learned_slowly(spec: SimulationSpec, rule: str, replicate: int) -> Twin:
    """The run of one rule and (absolute) replicate."""
    T1, T2, W1, W2 = start(spec, replicate)
    rng = generator(spec.seed, Role.TRAIN_INPUTS)
    x = spec.data.input_std * rng.standard_normal((spec.data.train_size, spec.inputs))
    rng = generator(spec.seed, Role.TEST_INPUTS)
    x_test = spec.data.input_std * rng.standard_normal((spec.data.test_size, spec.inputs))
    y, y_test = (answers(spec, T1, T2, inputs) for inputs in (x, x_test))
    D = signs(spec, rule, replicate)
    bound = spec.feedback_scale / np.sqrt(spec.hidden)
    shape = (spec.outputs, spec.hidden)
    feedback = generator(spec.seed, Role.FEEDBACK, replicate).uniform(-bound, bound, shape)
    order = generator(spec.seed, Role.SAMPLE_ORDER)
    fresh = generator(spec.seed, Role.FRESH_INPUTS)
    norms = [np.linalg.norm(W1, axis=1), np.linalg.norm(W2, axis=1)]
    records = set(record_epochs(spec.training.epochs, spec.record.points).tolist())
    twin = Twin()
    for epoch in range(spec.training.epochs + 1):
        if epoch:
            for xb, yb, eta in _batches(spec, x, y, (T1, T2), order, fresh):
                fixed = feedback if "feedback" in rule else None
                G1, G2 = gradients(spec, W1, W2, xb, yb, fixed)
                W1 = W1 - eta * D[0][:, None] * G1 * D[1][None, :]
                W2 = W2 - eta * D[2][:, None] * G2 * D[3][None, :]
                W1, W2 = _constrained(spec, W1, norms[0]), _constrained(spec, W2, norms[1])
            twin.trajectory.append(np.concatenate([W1.ravel(), W2.ravel()]))
        if epoch in records:
            twin.train_error.append(loss(spec, W1, W2, x, y))
            twin.test_error.append(loss(spec, W1, W2, x_test, y_test))
    twin.W1, twin.W2 = W1, W2
    return twin


def start(spec: SimulationSpec, replicate: int) -> tuple[Array, Array, Array, Array]:
    """Teacher and student weights before learning."""
    T1, T2 = draw_weights(
        generator(spec.seed, Role.TEACHER, replicate),
        inputs=spec.inputs,
        hidden=spec.teacher_hidden,
        outputs=spec.outputs,
        distribution=spec.teacher.distribution,
        scale=spec.teacher.scale,
    )
    if spec.student.start == "at_solution":
        shift = {"W1": 0.0, "W2": 0.0, spec.student.perturbation_layer: spec.student.perturbation}
        return T1, T2, T1 + shift["W1"], T2 + shift["W2"]
    W1, W2 = draw_weights(
        generator(spec.seed, Role.STUDENT, replicate),
        inputs=spec.inputs,
        hidden=spec.hidden,
        outputs=spec.outputs,
        distribution=spec.student.distribution,
        scale=spec.student.scale,
    )
    return T1, T2, W1, W2


def signs(spec: SimulationSpec, rule: str, replicate: int) -> tuple[Array, Array, Array, Array]:
    """D1', D1, D2', D2 as vectors."""
    D = [np.ones(n) for n in (spec.hidden, spec.inputs, spec.outputs, spec.hidden)]
    if rule.startswith("curl_"):
        for layer, role in enumerate((Role.HIDDEN_FLIPS, Role.READOUT_FLIPS)):
            place = 2 * layer + (spec.flips.site == "presynaptic")
            rng = generator(spec.seed, role, replicate)
            D[place] = draw_signs(rng, size=len(D[place]), flipped=spec.flip_counts[layer])
    return D[0], D[1], D[2], D[3]


def gradients(
    spec: SimulationSpec, W1: Array, W2: Array, x: Array, y: Array, feedback: Array | None = None
) -> tuple[Array, Array]:
    """What the rules take for the gradient of the mean loss of a batch, before any sign."""
    a1 = x @ W1.T
    h = phi(spec.activation, a1)
    a2 = h @ W2.T
    delta2 = phi(spec.readout_activation, a2) - y
    if spec.output_error == "exact":
        delta2 = delta2 * slope(spec.readout_activation, a2)
    back = W2 if feedback is None else feedback
    delta1 = (delta2 @ back) * slope(spec.activation, a1)
    return delta1.T @ x / len(x), delta2.T @ h / len(x)


def _batches(
    spec: SimulationSpec,
    x: Array,
    y: Array,
    teacher: tuple[Array, Array],
    order: np.random.Generator,
    fresh: np.random.Generator,
) -> list[tuple[Array, Array, float]]:
    """Inputs, targets and eta of every update of one epoch."""
    B, P = spec.batch, spec.data.train_size
    batches = []
    indices = order.permutation(P) if B < P and not spec.data.online else np.arange(P)
    for first in range(0, P, B):
        xb, yb = x[indices[first : first + B]], y[indices[first : first + B]]
        if spec.data.online:
            xb = spec.data.input_std * fresh.standard_normal((len(xb), spec.inputs))
            yb = answers(spec, *teacher, xb)
        share = len(xb) / P if spec.training.learning_rate_scaling == "per_epoch" else 1.0
        batches.append((xb, yb, spec.training.learning_rate * share))
    return batches


def _constrained(spec: SimulationSpec, W: Array, norms: Array) -> Array:
    if spec.training.norm_constraint == "row":
        return np.asarray(W * (norms / np.linalg.norm(W, axis=1))[:, None])
    if spec.training.norm_constraint == "layer":
        return np.asarray(W * np.linalg.norm(norms) / np.linalg.norm(W))
    return W
