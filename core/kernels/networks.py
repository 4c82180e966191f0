"""Teachers, students and their learning rules, drawn replicate by replicate into one stack."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.kernels.clock import no_tick, parts
from core.kernels.draws import Distribution, Role, Streams, draw_signs, fill, fill_weights
from core.kernels.stack import Array, Plasticity, Weights, padded, padded_columns


@dataclass(frozen=True)
class Draw:
    """What a set of networks is drawn from; one network per replicate.

    Whatever takes long calls `tick` every few milliseconds.
    """

    seed: int
    replicates: range
    dtype: np.dtype[Any]
    tick: Callable[[], None] = no_tick


@dataclass(frozen=True)
class Layers:
    """The sizes of a network."""

    inputs: int
    hidden: int
    outputs: int

    @property
    def weights(self) -> int:
        """How many there are in both layers."""
        return self.hidden * (self.inputs + self.outputs)


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


def drawn_weights(draw: Draw, role: Role, layers: Layers, law: Law, copies: int = 1) -> Weights:
    """One network per replicate; then copies of all of them."""
    stack = _empty(draw, layers, copies)
    streams = Streams(draw.seed)
    for n, replicate in enumerate(draw.replicates):
        fill_weights(
            streams.at(role, replicate),
            stack.W1[n, : layers.hidden, : layers.inputs],
            stack.W2[n],
            distribution=law.distribution,
            scale=law.scale,
            tick=draw.tick,
        )
    _copy_first(draw, stack.W1, stack.W2)
    return stack


def shifted_weights(
    draw: Draw, stack: Weights, layers: Layers, *, by: float, layer: str, copies: int = 1
) -> Weights:
    """The networks of a stack with a constant added to every weight of layer "W1" or "W2"."""
    new = _empty(draw, layers, copies)
    used = (slice(None), slice(layers.hidden), slice(layers.inputs))
    for name, source, target in (("W1", stack.W1[used], new.W1[used]), ("W2", stack.W2, new.W2)):
        shift = draw.dtype.type(by if name == layer else 0)
        for networks, rows in parts(source.shape):
            target[: len(source)][networks, rows] = source[networks, rows] + shift
            draw.tick()
    _copy_first(draw, new.W1, new.W2)
    return new


def set_norms(draw: Draw, stack: Weights, norm1: float | None, norm2: float | None) -> None:
    """Scale every network's layers to the given Frobenius norms, where there is one."""
    for W, norm in ((stack.W1, norm1), (stack.W2, norm2)):
        if norm is None:
            continue
        factors = norm / np.sqrt((_row_norms(draw, W) ** 2).sum(axis=1))
        for networks, rows in parts(W.shape):
            W[networks, rows] *= factors[networks, None, None]
            draw.tick()


def plasticity_of(
    draw: Draw,
    stack: Weights,
    layers: Layers,
    rules: Sequence[str],
    flips: FlipCounts,
    feedback_scale: float,
) -> Plasticity:
    """Signs, feedback weights and norms to keep, for every rule and replicate of the stack."""
    aligned = ["feedback_alignment" in rule for rule in rules]
    plasticity = _empty_plasticity(draw, stack, layers, feedback=any(aligned))
    curled = [arm for arm, rule in enumerate(rules) if rule.startswith("curl_")]
    if curled:
        _draw_signs(draw, plasticity, layers, flips, curled)
    if any(aligned):
        _draw_feedback(draw, plasticity, feedback_scale / np.sqrt(layers.hidden))
    plasticity.aligned[:, 0] = np.repeat(aligned, len(draw.replicates))
    for W, norms in ((stack.W1, plasticity.norm1), (stack.W2, plasticity.norm2)):
        norms[:] = np.tile(_row_norms(draw, W[: len(draw.replicates)]), (len(rules), 1))
    return plasticity


def _draw_signs(
    draw: Draw, plasticity: Plasticity, layers: Layers, flips: FlipCounts, curled: list[int]
) -> None:
    """Flip neurons of the rules numbered `curled`, the same for all of them."""
    if flips.postsynaptic:
        signs1, signs2 = plasticity.post1[:, : layers.hidden], plasticity.post2
    else:
        signs1, signs2 = plasticity.pre1[:, : layers.inputs], plasticity.pre2
    streams, replicates = Streams(draw.seed), len(draw.replicates)
    for signs, flipped, role in (
        (signs1, flips.hidden, Role.HIDDEN_FLIPS),
        (signs2, flips.readout, Role.READOUT_FLIPS),
    ):
        by_rule = signs.reshape(-1, replicates, signs.shape[1])
        for n, replicate in enumerate(draw.replicates if flipped else ()):
            rng = streams.at(role, replicate)
            by_rule[curled, n] = draw_signs(rng, size=signs.shape[1], flipped=flipped)
            draw.tick()


def _draw_feedback(draw: Draw, plasticity: Plasticity, bound: float) -> None:
    """U(-bound, bound), the same for all rules; those that are not aligned do not look at it."""
    streams = Streams(draw.seed)
    for n, replicate in enumerate(draw.replicates):
        rng = streams.at(Role.FEEDBACK, replicate)
        fill(rng, plasticity.feedback[n], "uniform", bound, draw.tick)
    _copy_first(draw, plasticity.feedback)


def _copy_first(draw: Draw, *stacks: Array) -> None:
    """Repeat the networks of the first rule for all others."""
    replicates = len(draw.replicates)
    for stack in stacks:
        by_rule = stack.reshape(-1, replicates, *stack.shape[1:])
        for networks, rows in parts(stack[:replicates].shape):
            by_rule[1:, networks, rows] = by_rule[0, networks, rows]
            draw.tick()


def _row_norms(draw: Draw, stack: Array) -> Array:
    """The norm of every row, "networks rows"."""
    norms = np.zeros(stack.shape[:2], stack.dtype)
    for networks, rows in parts(stack.shape):
        norms[networks, rows] = np.linalg.norm(stack[networks, rows], axis=-1)
        draw.tick()
    return norms


def _ones(draw: Draw, networks: int, size: int) -> Array:
    ones = np.empty((networks, size), draw.dtype)
    for part, _ in parts((networks, 1, size)):
        ones[part] = 1
        draw.tick()
    return ones


def _empty(draw: Draw, layers: Layers, copies: int) -> Weights:
    networks, rows = copies * len(draw.replicates), padded(layers.hidden, 2)
    columns = padded_columns(layers.inputs, draw.dtype)
    return Weights(
        np.zeros((networks, rows, columns), draw.dtype),
        _ones(draw, networks, rows),
        np.zeros((networks, layers.outputs, layers.hidden), draw.dtype),
        _ones(draw, networks, layers.outputs),
    )


def _empty_plasticity(draw: Draw, stack: Weights, layers: Layers, *, feedback: bool) -> Plasticity:
    networks, rows, columns = stack.W1.shape
    fixed = (layers.outputs, layers.hidden) if feedback else (0, 0)
    return Plasticity(
        pre1=_ones(draw, networks, columns),
        post1=_ones(draw, networks, rows),
        pre2=_ones(draw, networks, layers.hidden),
        post2=_ones(draw, networks, layers.outputs),
        feedback=np.zeros((networks, *fixed), draw.dtype),
        aligned=np.zeros((networks, 1), np.bool_),
        norm1=np.zeros((networks, rows), draw.dtype),
        norm2=np.zeros((networks, layers.outputs), draw.dtype),
    )
