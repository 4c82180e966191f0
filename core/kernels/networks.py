"""Teachers, students and their learning rules, drawn replicate by replicate into one stack."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.kernels.draws import Distribution, Role, draw_signs, draw_weights, generator
from core.kernels.stack import Plasticity, Weights, padded, padded_columns


@dataclass(frozen=True)
class Draw:
    """What a set of networks is drawn from; one network per replicate."""

    seed: int
    replicates: range
    dtype: np.dtype[Any]


@dataclass(frozen=True)
class Layers:
    """The sizes of a network."""

    inputs: int
    hidden: int
    outputs: int


@dataclass(frozen=True)
class Law:
    """What weights are drawn from."""

    distribution: Distribution
    scale: float


@dataclass(frozen=True)
class FlipCounts:
    """How many neurons are flipped where; postsynaptic flips sit on the other side of a layer."""

    hidden: int
    readout: int
    postsynaptic: bool


def drawn_weights(draw: Draw, role: Role, layers: Layers, law: Law) -> Weights:
    """One network per replicate."""
    stack = _empty(draw, layers)
    for n, replicate in enumerate(draw.replicates):
        W1, W2 = draw_weights(
            generator(draw.seed, role, replicate),
            inputs=layers.inputs,
            hidden=layers.hidden,
            outputs=layers.outputs,
            distribution=law.distribution,
            scale=law.scale,
        )
        stack.W1[n, : layers.hidden, : layers.inputs] = W1
        stack.W2[n] = W2
    return stack


def set_norms(stack: Weights, norm1: float | None, norm2: float | None) -> None:
    """Scale every network's layers to the given Frobenius norms, where there is one."""
    for W, norm in ((stack.W1, norm1), (stack.W2, norm2)):
        if norm is not None:
            for layer in W:
                layer *= norm / np.linalg.norm(layer)


def shifted(stack: Weights, layers: Layers, *, by: float, layer: str) -> Weights:
    """A copy with a constant added to every weight of layer "W1" or "W2"."""
    copy = Weights(*(part.copy() for part in stack))
    if layer == "W1":
        copy.W1[:, : layers.hidden, : layers.inputs] += copy.W1.dtype.type(by)
    else:
        copy.W2[:] += copy.W2.dtype.type(by)
    return copy


def repeated(stack: Weights, rules: int) -> Weights:
    """The same networks once for every rule."""
    return Weights(*(np.concatenate([part] * rules) for part in stack))


def plasticity_of(
    draw: Draw,
    stack: Weights,
    layers: Layers,
    rules: Sequence[str],
    flips: FlipCounts,
    feedback_scale: float,
) -> Plasticity:
    """Signs, feedback weights and norms to keep, for every rule and replicate of the stack."""
    plasticity = _empty_plasticity(stack, layers)
    n = 0
    for rule in rules:
        for replicate in draw.replicates:
            plasticity.aligned[n] = "feedback_alignment" in rule
            if rule.startswith("curl_"):
                _set_signs(plasticity, n, layers, flips, draw.seed, replicate)
            shape = plasticity.feedback.shape[1:]
            rng = generator(draw.seed, Role.FEEDBACK, replicate)
            bound = feedback_scale / np.sqrt(layers.hidden)
            plasticity.feedback[n] = rng.uniform(-bound, bound, shape)
            plasticity.norm1[n] = np.linalg.norm(stack.W1[n], axis=1)
            plasticity.norm2[n] = np.linalg.norm(stack.W2[n], axis=1)
            n += 1
    return plasticity


def _set_signs(
    plasticity: Plasticity, n: int, layers: Layers, flips: FlipCounts, seed: int, replicate: int
) -> None:
    hidden = plasticity.post1[n, : layers.hidden] if flips.postsynaptic else plasticity.pre1[n]
    readout = plasticity.post2[n] if flips.postsynaptic else plasticity.pre2[n]
    hidden = hidden[: layers.hidden if flips.postsynaptic else layers.inputs]
    for signs, flipped, role in (
        (hidden, flips.hidden, Role.HIDDEN_FLIPS),
        (readout, flips.readout, Role.READOUT_FLIPS),
    ):
        signs[:] = draw_signs(generator(seed, role, replicate), size=signs.size, flipped=flipped)


def _empty(draw: Draw, layers: Layers) -> Weights:
    networks, rows = len(draw.replicates), padded(layers.hidden, 2)
    columns = padded_columns(layers.inputs, draw.dtype)
    return Weights(
        np.zeros((networks, rows, columns), draw.dtype),
        np.ones((networks, rows), draw.dtype),
        np.zeros((networks, layers.outputs, layers.hidden), draw.dtype),
        np.ones((networks, layers.outputs), draw.dtype),
    )


def _empty_plasticity(stack: Weights, layers: Layers) -> Plasticity:
    networks, rows, columns = stack.W1.shape
    dtype = stack.W1.dtype
    return Plasticity(
        pre1=np.ones((networks, columns), dtype),
        post1=np.ones((networks, rows), dtype),
        pre2=np.ones((networks, layers.hidden), dtype),
        post2=np.ones((networks, layers.outputs), dtype),
        feedback=np.zeros((networks, layers.outputs, layers.hidden), dtype),
        aligned=np.zeros((networks, 1), np.bool_),
        norm1=np.zeros((networks, rows), dtype),
        norm2=np.zeros((networks, layers.outputs), dtype),
    )
