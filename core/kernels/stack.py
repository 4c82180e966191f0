"""The networks of one simulation, side by side in padded arrays, each advanced on its own.

Rows (hidden units) are padded to an even number, columns (inputs) to whole cache lines and samples
to whole blocks, all with zeros that stay zero: the inner loops then have no remainders, and a sum
has one order whatever the sample's place.
"""

from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.kernels.compiled import inner

Array = NDArray[Any]

BLOCK = 10  # samples that meet a weight while it is in a register
_LINE_BYTES = 64

Constraint = Literal["none", "layer", "row"]
UNCONSTRAINED, LAYER_NORM, ROW_NORM = range(3)
CONSTRAINTS: tuple[Constraint, ...] = ("none", "layer", "row")
"""The order gives the codes that compiled functions take."""


class Model(NamedTuple):
    """What all networks of a stack have in common, as codes."""

    phi: int
    psi: int
    raw_error: bool
    constraint: int


class Weights(NamedTuple):
    """Effective weights are s1_i W1_ij and s2_k W2_ki; in a stack, with an axis of networks first.

    The scales carry the norm constraint: rescaling N numbers instead of N M costs nothing.
    """

    W1: Array  # "rows columns"
    s1: Array  # "rows"
    W2: Array  # "outputs hidden"
    s2: Array  # "outputs"


class Plasticity(NamedTuple):
    """How a network turns a gradient into a change; in a stack, with an axis of networks first.

    dW1_ij is multiplied by post1_i pre1_j and dW2_ki by post2_k pre2_i, all +-1.
    """

    pre1: Array  # "columns"
    post1: Array  # "rows"
    pre2: Array  # "hidden"
    post2: Array  # "outputs"
    feedback: Array  # "outputs hidden"
    aligned: Array  # "1", true where errors travel back through `feedback` instead of W2
    norm1: Array  # "rows", the norms that a constraint keeps
    norm2: Array  # "outputs"


class Trace(NamedTuple):
    """Welford's running mean and sum of squared deviations of every weight, in float64."""

    epochs: Array  # "networks", how many were seen
    mean1: Array  # "networks rows columns"
    spread1: Array
    mean2: Array  # "networks outputs hidden"
    spread2: Array


class Scratch(NamedTuple):
    """Working memory for one network, reused for all. `flat_*` is the same memory as `*`."""

    h: Array  # "rows block"
    d: Array  # "rows block"
    y: Array  # "outputs block"
    e: Array  # "outputs block"
    flat_h: Array
    flat_d: Array
    flat_y: Array
    flat_e: Array
    gradient2: Array  # "outputs hidden"
    squares1: Array  # "rows", squared norms of the rows of W1
    squares2: Array  # "outputs", and of W2
    target: Array  # "rows columns", the new W1 while a batch of several blocks needs the old


@inner
def weights_at(stack: Weights, n: int) -> Weights:
    """Network n of a stack."""
    return Weights(stack.W1[n], stack.s1[n], stack.W2[n], stack.s2[n])


@inner
def plasticity_at(stack: Plasticity, n: int) -> Plasticity:
    """The rule of network n of a stack."""
    return Plasticity(
        stack.pre1[n],
        stack.post1[n],
        stack.pre2[n],
        stack.post2[n],
        stack.feedback[n],
        stack.aligned[n],
        stack.norm1[n],
        stack.norm2[n],
    )


def padded(size: int, multiple: int) -> int:
    """The smallest multiple that holds `size`."""
    return -(-size // multiple) * multiple


def padded_columns(inputs: int, dtype: np.dtype[Any]) -> int:
    """How many inputs fill whole cache lines."""
    return padded(inputs, _LINE_BYTES // dtype.itemsize)


def scratch_for(weights: Weights, batch: int) -> Scratch:
    """Working memory for batches of that many (padded) samples."""
    _, rows, columns = weights.W1.shape
    outputs, hidden = weights.W2.shape[1:]
    dtype = weights.W1.dtype
    h, d = (np.zeros((rows, BLOCK), dtype) for _ in range(2))
    y, e = (np.zeros((outputs, BLOCK), dtype) for _ in range(2))
    return Scratch(
        h=h,
        d=d,
        y=y,
        e=e,
        flat_h=h.reshape(-1),
        flat_d=d.reshape(-1),
        flat_y=y.reshape(-1),
        flat_e=e.reshape(-1),
        gradient2=np.zeros((outputs, hidden), dtype),
        squares1=np.zeros(rows, dtype),
        squares2=np.zeros(outputs, dtype),
        target=np.zeros((rows, columns) if batch > BLOCK else (0, 0), dtype),
    )


def empty_trace(weights: Weights, *, wanted: bool) -> Trace:
    """A trace of no epochs; without room for any unless wanted."""
    shapes = [array.shape if wanted else (0, 0, 0) for array in (weights.W1, weights.W2)]
    mean1, spread1, mean2, spread2 = (np.zeros(shapes[i]) for i in (0, 0, 1, 1))
    return Trace(np.zeros(weights.W1.shape[0], np.int64), mean1, spread1, mean2, spread2)
