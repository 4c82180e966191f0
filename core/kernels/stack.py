"""The networks of one simulation, side by side in padded arrays, each advanced on its own.

Network n is rule n // replicates of replicate n % replicates. Rows (hidden units) are padded to an
even number, columns (inputs) to whole cache lines and samples to whole blocks, all with zeros that
stay zero: the inner loops then have no remainders, and a sum has one order whatever the sample's
place.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

BLOCK = 10  # samples that meet a weight while it is in a register
_LINE_BYTES = 64

UNCONSTRAINED, LAYER_NORM, ROW_NORM = range(3)
CONSTRAINTS = ("none", "layer", "row")
"""The order gives the codes that compiled functions take."""


class Model(NamedTuple):
    """What all networks of a stack have in common, as codes."""

    phi: int
    psi: int
    raw_error: bool
    constraint: int


class Weights(NamedTuple):
    """Effective weights are s1[n, i] W1[n, i, j] and s2[n, k] W2[n, k, i].

    The scales carry the norm constraint: rescaling N numbers instead of N M costs nothing.
    """

    W1: Array  # "networks rows columns"
    s1: Array  # "networks rows"
    W2: Array  # "networks outputs hidden"
    s2: Array  # "networks outputs"


class Plasticity(NamedTuple):
    """How each network turns a gradient into a change: signs of +-1, and feedback weights.

    dW1_ij is multiplied by post1_i pre1_j and dW2_ki by post2_k pre2_i.
    """

    pre1: Array  # "networks columns"
    post1: Array  # "networks rows"
    pre2: Array  # "networks hidden"
    post2: Array  # "networks outputs"
    feedback: Array  # "networks outputs hidden"; used where aligned
    aligned: Array  # "networks", true where errors travel back through `feedback`, not W2
    norm1: Array  # "networks rows", the norms that a constraint keeps
    norm2: Array  # "networks outputs"


class Trace(NamedTuple):
    """Welford's running mean and sum of squared deviations of every weight, in float64."""

    count: Array  # "networks", epochs seen
    mean1: Array
    spread1: Array
    mean2: Array
    spread2: Array


class Scratch(NamedTuple):
    """Working memory for one network, reused for all."""

    h: Array  # "rows block"
    d: Array  # "rows block"
    y: Array  # "outputs block"
    e: Array  # "outputs block"
    gradient2: Array  # "outputs hidden"
    squares: Array  # "rows", squared norms of the rows of W1
    squares2: Array  # "outputs", and of W2
    target: Array  # "rows columns", the new W1 while a batch of several blocks needs the old


def padded(size: int, multiple: int) -> int:
    """The smallest multiple that holds `size`."""
    return -(-size // multiple) * multiple


def padded_columns(inputs: int, dtype: np.dtype[Any]) -> int:
    """How many inputs fill whole cache lines."""
    return padded(inputs, _LINE_BYTES // dtype.itemsize)


def padded_inputs(x: Array, dtype: np.dtype[Any]) -> Array:
    """Inputs "samples columns" with padding, and always at least one sample of zeros at the end."""
    samples, inputs = x.shape
    block = np.zeros((padded(samples + 1, BLOCK), padded_columns(inputs, dtype)), dtype)
    block[:samples, :inputs] = x
    return block


def weights_of(W1: Array, W2: Array, dtype: np.dtype[Any]) -> Weights:
    """Weights "networks hidden inputs" and "networks outputs hidden", padded, at scale one."""
    networks, hidden, inputs = W1.shape
    padded1 = np.zeros((networks, padded(hidden, 2), padded_columns(inputs, dtype)), dtype)
    padded1[:, :hidden, :inputs] = W1
    s1 = np.ones(padded1.shape[:2], dtype)
    return Weights(padded1, s1, W2.astype(dtype), np.ones(W2.shape[:2], dtype))


def scratch_for(weights: Weights, batch: int) -> Scratch:
    """Working memory for batches of that many (padded) samples."""
    _, rows, columns = weights.W1.shape
    outputs, hidden = weights.W2.shape[1:]
    dtype = weights.W1.dtype
    target = (rows, columns) if batch > BLOCK else (0, 0)
    return Scratch(
        h=np.zeros((rows, BLOCK), dtype),
        d=np.zeros((rows, BLOCK), dtype),
        y=np.zeros((outputs, BLOCK), dtype),
        e=np.zeros((outputs, BLOCK), dtype),
        gradient2=np.zeros((outputs, hidden), dtype),
        squares=np.zeros(rows, dtype),
        squares2=np.zeros(outputs, dtype),
        target=np.zeros(target, dtype),
    )


def empty_trace(weights: Weights, *, wanted: bool) -> Trace:
    """A trace of no epochs; without room for any unless wanted."""
    shapes = [array.shape if wanted else (0, 0, 0) for array in (weights.W1, weights.W2)]
    mean1, spread1, mean2, spread2 = (np.zeros(shapes[i]) for i in (0, 0, 1, 1))
    return Trace(np.zeros(weights.W1.shape[0], np.int64), mean1, spread1, mean2, spread2)
