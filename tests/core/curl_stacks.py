"""Small networks with chosen weights and signs, stepped by the kernels themselves."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.kernels.activations import ACTIVATIONS
from core.kernels.batches import FullBatch
from core.kernels.clock import Clock
from core.kernels.learners import (
    BatchLearner,
    CovarianceLearner,
    Learner,
    Networks,
    Samples,
    Schedule,
    covariance_learner,
    started_state,
)
from core.kernels.stack import BLOCK, CONSTRAINTS, Model, Plasticity, Weights, padded

Array = NDArray[np.float64]
Signs = tuple[Array, Array, Array, Array]


def _quiet(*_: Any, **__: Any) -> None:
    """A report nobody reads."""


@dataclass
class Small:
    """One network, its rule and its data, for float64."""

    W1: Array  # "hidden inputs"
    W2: Array  # "outputs hidden"
    x: Array  # "samples inputs"
    y: Array  # "samples outputs"
    signs: Signs  # D1', D1, D2', D2
    activation: str = "linear"
    readout_activation: str = "linear"
    raw_error: bool = False
    norm_constraint: str = "none"
    feedback: Array | None = None
    norms_of: "Small | None" = None  # whose norms a constraint keeps; None: its own

    def after(self, epochs: int, eta: float, *, by_covariance: bool = False) -> tuple[Array, Array]:
        """The weights after full-batch learning."""
        hidden, inputs = self.W1.shape
        networks = self._networks()
        schedule = Schedule(len(self.x), 1, eta, True, 1, 1e-6)
        state = started_state(networks, schedule, traced=False)
        clock = Clock(_quiet, epochs)
        learner: Learner
        if by_covariance:
            learner = self._by_covariance(networks, schedule, clock)
        else:
            train = self._samples()
            source = FullBatch(train.x, train.y, train.count)
            learner = BatchLearner(networks, source, schedule, state, clock)
        learner.advance_to(epochs, traced=False)
        W1, s1, W2, s2 = (part[0] for part in networks.weights)
        return (s1[:, None] * W1)[:hidden, :inputs], s2[:, None] * W2

    def _by_covariance(
        self, networks: Networks, schedule: Schedule, clock: Clock
    ) -> CovarianceLearner:
        teacher = np.linalg.lstsq(self.x, self.y, rcond=None)[0].T
        stack = _weights(np.eye(len(teacher)) @ teacher, np.eye(len(teacher)))
        state = started_state(networks, schedule, traced=False)
        return covariance_learner(
            networks, stack, self._samples(), self.W1.shape[1], schedule, state, clock
        )

    def _samples(self) -> Samples:
        samples, inputs = self.x.shape
        x = np.zeros((padded(samples + 1, BLOCK), padded(inputs, 8)))
        y = np.zeros((1, len(x), self.y.shape[1]))
        x[:samples, :inputs], y[0, :samples] = self.x, self.y
        return Samples(x, y, samples)

    def _networks(self) -> Networks:
        weights = _weights(self.W1, self.W2)
        kept = _weights(self.norms_of.W1, self.norms_of.W2) if self.norms_of else weights
        _, rows, columns = weights.W1.shape
        post1, pre1, post2, pre2 = self.signs
        outputs, hidden = self.W2.shape
        feedback = np.zeros((outputs, hidden)) if self.feedback is None else self.feedback
        rules = Plasticity(
            pre1=np.pad(pre1, (0, columns - len(pre1)), constant_values=1)[None],
            post1=np.pad(post1, (0, rows - hidden), constant_values=1)[None],
            pre2=pre2[None],
            post2=post2[None],
            feedback=feedback[None],
            aligned=np.array([[self.feedback is not None]]),
            norm1=np.linalg.norm(kept.W1, axis=2),
            norm2=np.linalg.norm(kept.W2, axis=2),
        )
        model = Model(
            ACTIVATIONS.index(self.activation),
            ACTIVATIONS.index(self.readout_activation),
            self.raw_error,
            CONSTRAINTS.index(self.norm_constraint),
        )
        return Networks(model, weights, rules)


def _weights(W1: Array, W2: Array) -> Weights:
    hidden, inputs = W1.shape
    first = np.zeros((1, padded(hidden, 2), padded(inputs, 8)))
    first[0, :hidden, :inputs] = W1
    return Weights(first, np.ones(first.shape[:2]), W2[None].copy(), np.ones((1, len(W2))))


def random_signs(rng: np.random.Generator, hidden: int, inputs: int, outputs: int) -> Signs:
    """Signs of +-1 at both sites of both layers."""
    D = [rng.choice([-1.0, 1.0], size, p=[0.3, 0.7]) for size in (hidden, inputs, outputs, hidden)]
    return D[0], D[1], D[2], D[3]
