"""Networks on the solution manifold, drawn at random, and whether they would stay there."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.kernels.clock import no_tick
from core.kernels.critical_lines import Floats
from core.kernels.draws import Role, Streams, draw_signs, fill
from core.kernels.networks import FlipCounts, Layers
from core.kernels.stability_matrices import (
    Tick,
    eigenvalues,
    one_layer_verdicts,
    postsynaptic_matrices,
    presynaptic_matrices,
)

MULTIPLY_ADD_S = 5.0e-11
DRAW_S = 1.2e-8
DIAGONALISE_S = 1.3e-10
"""What a weight's products and its draw take, and a matrix by the cube of its rows."""


@dataclass(frozen=True)
class Sampled:
    """What networks are drawn from.

    W1 is normal with variance 1 / inputs, so that rates are in units of M Var W1; W2 is normal,
    scaled to a squared Frobenius norm of outputs times kappa. Every draw is a network of its own.
    """

    layers: Layers
    kappa: float
    seed: int


def sampled_eigenvalues(
    sampled: Sampled,
    flips: FlipCounts,
    draw: int,
    *,
    covariance: float | Floats | None = None,
    tick: Tick = no_tick,
) -> Floats:
    """The ascending rates of one network, as many as inputs times outputs.

    `covariance` of the inputs: an exponent a, for eigenvalues proportional to rank^-a with mean 1
    along directions drawn at random; R "inputs inputs" with R R^T the covariance; None: white.
    """
    streams, layers = Streams(sampled.seed), sampled.layers
    W1, W2 = _weights(sampled, streams, draw, tick)
    before, after = layers.inputs, layers.hidden
    if flips.postsynaptic:
        before, after = layers.hidden, layers.outputs
    D1 = draw_signs(streams.at(Role.HIDDEN_FLIPS, draw), size=before, flipped=flips.hidden)
    D2 = draw_signs(streams.at(Role.READOUT_FLIPS, draw), size=after, flipped=flips.readout)
    root = covariance
    if isinstance(root, float):
        root = power_law_root(streams.at(Role.TRAIN_INPUTS, draw), layers.inputs, root)
        tick()
    matrices = postsynaptic_matrices if flips.postsynaptic else presynaptic_matrices
    return eigenvalues(matrices(W1, W2, D1, D2, root, tick), tick)


def sampled_verdicts(
    sampled: Sampled,
    counts: tuple[Sequence[int], Sequence[int]],
    draw: int,
    tick: Tick = no_tick,
) -> tuple[list[bool], list[bool]]:
    """Whether one network with one output is stable, for ascending counts of presynaptic flips.

    Of inputs alone, and of hidden neurons alone; more flips keep those of fewer.
    """
    streams, layers = Streams(sampled.seed), sampled.layers
    W1, _ = _weights(sampled, streams, draw, tick)
    orders = (
        streams.at(Role.HIDDEN_FLIPS, draw).permutation(layers.inputs),
        streams.at(Role.READOUT_FLIPS, draw).permutation(layers.hidden),
    )
    return one_layer_verdicts(W1, sampled.kappa, orders, counts, tick)


def power_law_root(rng: np.random.Generator, inputs: int, exponent: float) -> Floats:
    """R with R R^T = S, eigenvalues of S proportional to rank^-exponent with mean 1."""
    axes, triangle = np.linalg.qr(rng.standard_normal((inputs, inputs)))
    variances = np.arange(1.0, inputs + 1) ** -exponent
    variances *= inputs / variances.sum()
    # Signs that make the axes uniform over all rotations (Mezzadri 2007).
    return np.asarray(axes * np.sign(np.diag(triangle)) * np.sqrt(variances))


def _weights(sampled: Sampled, streams: Streams, draw: int, tick: Tick) -> tuple[Floats, Floats]:
    layers = sampled.layers
    W1 = np.empty((layers.hidden, layers.inputs))
    W2 = np.empty((layers.outputs, layers.hidden))
    rng = streams.at(Role.STUDENT, draw)
    fill(rng, W1, "normal", 1 / np.sqrt(layers.inputs), tick)
    fill(rng, W2, "normal", 1.0, tick)
    return W1, W2 * np.sqrt(layers.outputs * sampled.kappa / (W2**2).sum())
