"""The matrices that decide whether a linear network's solutions are stable, for given weights.

On the manifold E = W2 W1 - B_teacher = 0 the error obeys, for inputs of covariance S,

    presynaptic flips:  dE/dt = -[W2 W2^T E S D1 + E S W1^T D2 W1]
    postsynaptic flips: dE/dt = -[D2' E S W1^T W1 + W2 D1' W2^T E S]

and the eigenvalues of the symmetric matrices below are its rates: stable iff all are positive.
Ninou, Kadmon and Cayco-Gajic, NeurIPS 2025, arXiv:2510.02765; the forms for several outputs,
postsynaptic flips and general S were derived for this project.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from core.kernels.clock import NUMBERS_AT_ONCE, no_tick
from core.kernels.critical_lines import Floats

Tick = Callable[[], None]
Order = NDArray[np.int64]


def presynaptic_matrices(
    W1: Floats, W2: Floats, D1: Floats, D2: Floats, root: Floats | None, tick: Tick = no_tick
) -> Iterator[Floats]:
    """root^T A_k root, A_k = s_k D1 + W1^T D2 W1, one for every output, "1 inputs inputs".

    s_k are the eigenvalues of W2 W2^T; W1 "hidden inputs", W2 "outputs hidden"; signs D1 of inputs,
    D2 of hidden neurons. `root` is any R with R R^T = S, or None for white inputs.
    """
    X = signed_gram(W1, D2, tick)
    for strength in np.linalg.eigvalsh(W2 @ W2.T):
        A = X + np.diag(strength * D1)
        yield (A if root is None else root.T @ A @ root)[None]


def postsynaptic_matrices(
    W1: Floats, W2: Floats, D1: Floats, D2: Floats, root: Floats | None, tick: Tick = no_tick
) -> Iterator[Floats]:
    """White inputs: B_j = m_j D2' + W2 D1' W2^T, "inputs outputs outputs"; else one large matrix.

    m_j are the eigenvalues of W1^T W1, zeros included; signs D1' of hidden neurons, D2' of outputs.
    General S = R R^T: kron(R^T W1^T W1 R, D2') + kron(R^T R, W2 D1' W2^T), "1 rows rows" with
    inputs times outputs rows.
    """
    gram, readout = signed_gram(W1, np.ones(len(W1)), tick), W2 * D1 @ W2.T
    if root is None:
        yield np.linalg.eigvalsh(gram)[:, None, None] * np.diag(D2) + readout
    else:
        first = np.kron(root.T @ gram @ root, np.diag(D2))
        yield (first + np.kron(root.T @ root, readout))[None]


def eigenvalues(stacks: Iterable[Floats], tick: Tick = no_tick) -> Floats:
    """Ascending eigenvalues of all symmetric matrices of all stacks together."""
    found = []
    for stack in stacks:
        together = max(1, NUMBERS_AT_ONCE // stack[0].size)
        for first in range(0, len(stack), together):
            tick()
            found.append(np.linalg.eigvalsh(stack[first : first + together]).reshape(-1))
    return np.sort(np.concatenate(found))


def one_layer_verdicts(
    W1: Floats,
    strength: float,
    orders: tuple[Order, Order],
    counts: tuple[Sequence[int], Sequence[int]],
    tick: Tick = no_tick,
) -> tuple[list[bool], list[bool]]:
    """Whether A = s D1 + W1^T D2 W1 is positive definite, with flips in one of the layers.

    For flipped inputs, then for flipped hidden neurons: the order in which neurons are flipped, and
    ascending counts. All from matrices as small as the smaller layer: where that is the hidden one,
    A and -T / s, T = s D2 + W1 D1 W1^T, are the Schur complements of [[s D1, W1^T], [W1, -D2]], and
    inertia adds (Haynsworth 1968): A is positive definite iff T has as many positive eigenvalues as
    there are hidden neurons, less those flipped in either layer.
    """
    dual = W1.shape[1] > W1.shape[0]
    V = W1.T if dual else W1
    small, large = (1, 0) if dual else (0, 1)
    X = signed_gram(V, np.ones(len(V)), tick)

    def stable(T: Floats, flipped: int) -> bool:
        tick()
        upward = np.count_nonzero(np.linalg.eigvalsh(T) > 0)
        return bool(upward == len(T) - dual * flipped)

    found: list[list[bool]] = [[], []]
    signs = np.full(len(X), strength)
    for count in counts[small]:
        signs[orders[small][:count]] = -strength
        found[small].append(stable(X + np.diag(signs), count))
    done = 0
    for count in counts[large]:
        turned = V[orders[large][done:count]]
        X -= 2 * signed_gram(turned, np.ones(len(turned)), tick)
        found[large].append(stable(X + strength * np.eye(len(X)), count))
        done = count
    return found[0], found[1]


def signed_gram(W: Floats, signs: Floats, tick: Tick = no_tick) -> Floats:
    """W^T diag(signs) W "columns columns", some rows at a time."""
    total = np.zeros((W.shape[1], W.shape[1]))
    rows = max(1, NUMBERS_AT_ONCE // W.shape[1])
    for first in range(0, len(W), rows):
        part = W[first : first + rows]
        total += (part.T * signs[first : first + rows]) @ part
        tick()
    return total
