"""The networks of a stack one at a time, without padding and in float64, as measures need them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.kernels.activations import ACTIVATIONS, LINEAR
from core.kernels.curl_fraction import UpdateField
from core.kernels.derivatives import Array, derivatives
from core.kernels.learners import Networks, Samples
from core.kernels.networks import Layers

_TERMS_AT_ONCE = 2**27  # multiply-adds between two looks at the clock
_LARGEST_REDUCTION = 1000  # inputs; beyond, to find eigenvectors is one long wait


def samples_needed(samples: int, inputs: int, *, linear: bool) -> int:
    """How many samples measures look at: linear networks need no more than they have inputs."""
    return min(samples, inputs) if linear and inputs <= _LARGEST_REDUCTION else samples


@dataclass(frozen=True)
class Students:
    """Networks while they learn, each as the update field that it follows on all its samples."""

    networks: Networks
    layers: Layers
    train: Samples
    test: Samples
    postsynaptic: bool
    tick: Callable[[], None]

    def finite(self, n: int) -> bool:
        """Whether the squared norms of one network are finite numbers, and so its weights."""
        with np.errstate(over="ignore", invalid="ignore"):
            squares = [(part[n] ** 2).sum() for part in self.networks.weights]
        return bool(np.isfinite(squares).all())

    def weights(self, n: int) -> tuple[Array, Array]:
        """W1 "hidden inputs" and W2 "outputs hidden" of one network."""
        W1, s1, W2, s2 = (part[n] for part in self.networks.weights)
        hidden, inputs = self.layers.hidden, self.layers.inputs
        first = s1[:hidden, None] * W1[:hidden, :inputs]
        return first.astype(float), (s2[:, None] * W2).astype(float)

    def field(self, n: int) -> UpdateField:
        """The rule of one network at its present weights, on the whole training set."""
        W1, W2 = self.weights(n)
        X, Y = self.data
        rules, model = self.networks.rules, self.networks.model
        if self.postsynaptic:
            D1, D2 = rules.post1[n, : self.layers.hidden], rules.post2[n]
        else:
            D1, D2 = rules.pre1[n, : self.layers.inputs], rules.pre2[n]
        return UpdateField(
            W1=W1,
            W2=W2,
            X=X,
            Y=Y[n % len(Y)],
            D1=D1.astype(float),
            D2=D2.astype(float),
            site="postsynaptic" if self.postsynaptic else "presynaptic",
            phi=ACTIVATIONS[model.phi],
            psi=ACTIVATIONS[model.psi],
            raw_error=bool(model.raw_error),
            feedback=rules.feedback[n].astype(float) if rules.aligned[n, 0] else None,
        )

    def activity(self, n: int, samples: int) -> Array:
        """h "samples hidden" of one network on its first test inputs."""
        W1, _ = self.weights(n)
        phi = ACTIVATIONS[self.networks.model.phi]
        h = np.zeros((samples, self.layers.hidden))
        together = max(1, _TERMS_AT_ONCE // W1.size)
        for first in range(0, samples, together):
            part = slice(first, min(first + together, samples))
            x = self.test.x[part, : self.layers.inputs].astype(float)
            h[part] = derivatives(phi, x @ W1.T)[0]
            self.tick()
        return h

    @cached_property
    def data(self) -> tuple[Array, Array]:
        """X "samples inputs" and Y "replicates samples outputs" of the training set.

        A linear network sees samples through X^T X and X^T Y alone, so any fewer ones with the
        same products will do.
        """
        X = self.train.x[: self.train.count, : self.layers.inputs]
        Y = self.train.y[:, : self.train.count]
        linear = self.networks.model.phi == self.networks.model.psi == LINEAR
        if samples_needed(self.train.count, self.layers.inputs, linear=linear) < self.train.count:
            return self._fewest(X, Y)
        return X.astype(float, copy=False), Y.astype(float, copy=False)

    def _fewest(self, X: Array, Y: Array) -> tuple[Array, Array]:
        """As many samples as inputs, sqrt(l_i) v_i by eigenvectors of X^T X, and their answers."""
        replicates, _, outputs = Y.shape
        XX = np.zeros((X.shape[1], X.shape[1]))
        XY = np.zeros((replicates, X.shape[1], outputs))
        together = max(1, _TERMS_AT_ONCE // X.shape[1] ** 2)
        for first in range(0, len(X), together):
            part = slice(first, first + together)
            x = X[part].astype(float)
            XX += x.T @ x
            for own, answers in zip(XY, Y, strict=True):
                own += x.T @ answers[part].astype(float)
            self.tick()
        squares, vectors = np.linalg.eigh(XX)
        roots = np.sqrt(np.maximum(squares, 0.0))
        with np.errstate(divide="ignore"):
            inverse = np.where(roots > roots.max() * 1e-7, 1 / roots, 0.0)
        return roots[:, None] * vectors.T, (inverse[:, None] * vectors.T) @ XY
