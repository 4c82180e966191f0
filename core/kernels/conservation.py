"""The conserved quantity of every hidden neuron, and how far discrete steps let it drift.

Under curl gradient flow, with linear or ReLU hidden units and no norm constraint,

    Q_i = D1'_i sum_j D1_j W1_ij^2 - D2_i sum_k D2'_k W2_ki^2

is constant (D for presynaptic signs, D' for postsynaptic ones, of which one kind is all 1); errors
must travel back through W2 itself. Worked out for this project; for gradient descent S. Du, W. Hu
and J. Lee, NeurIPS 2018, theorem 2.1.
"""

import numpy as np

from core.kernels.curl_fraction import UpdateField, synapse_signs
from core.kernels.derivatives import Array

LAWFUL = ("linear", "relu")
"""Hidden activations that are homogeneous: phi(a) = phi'(a) a."""


def conserved(field: UpdateField) -> Array:
    """Q_i, "hidden"."""
    signs = synapse_signs(field)
    before, after = (field.W1**2) @ signs.pre1, signs.post2 @ (field.W2**2)
    return np.asarray(signs.post1 * before - signs.pre2 * after)


def magnitude(field: UpdateField) -> Array:
    """What Q_i would be without cancellation: sum_j W1_ij^2 + sum_k W2_ki^2, "hidden"."""
    return np.asarray((field.W1**2).sum(axis=1) + (field.W2**2).sum(axis=0))


def drift(Q: Array, scale: Array) -> Array:
    """||Q(t) - Q(0)|| / ||scale|| over "... records hidden", with scale "... hidden" at the start.

    A relative error of the invariant, as for the energy of a numerical integrator; first order in
    the step at a fixed time.
    """
    away = np.linalg.norm(Q - Q[..., :1, :], axis=-1)
    return np.asarray(away / np.linalg.norm(scale, axis=-1)[..., None])
