"""How far a code for one set of conditions carries to others: CCGP, shattering, held-out targets.

A dichotomy puts half of the conditions on either side. Its classifier is linear discriminant
analysis in closed form, with a shrinkage that depends on the sizes alone,

    w = (S + gamma tr(S)/N I)^-1 (m_+ - m_-),   gamma = N / (N + n),   threshold w . (m_+ + m_-) / 2

with S the total covariance of the n training trials: by the matrix inversion lemma the direction is
that of the within-class covariance with the same ridge. S is a sum of one matrix per condition, so
that leaving conditions out costs a sum and a solve, and all dichotomies share one factorisation.

CCGP (S. Bernardi et al., Cell 183:954 (2020)): train on all conditions but one from each side, test
on those two, average over pairs. It can be below chance. Its null turns each condition's cloud at
random about the grand mean of the training conditions, which keeps how well conditions can be told
apart and destroys how they lie to each other; about the origin its spread would triple.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import scipy
from numpy.typing import NDArray

from core.kernels.directions import direction_numbers

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Clouds:
    """The trials of every condition: activity "trials neurons" of each, their means "conditions
    neurons" and covariances about them "conditions neurons neurons".

    Conditions weigh alike in all that is made of them, however many trials each has.
    """

    activity: Floats | Sequence[Floats]
    means: Floats
    covariances: Floats

    def trials(self, conditions: NDArray[np.int64]) -> int:
        """How many trials these conditions have."""
        return sum(len(self.activity[c]) for c in conditions)


def clouds(activity: Floats | Sequence[Floats]) -> Clouds:
    """From "trials neurons" of every condition: of one array, or of one for each condition."""
    means = np.stack([own.mean(axis=0) for own in activity])
    apart = [own - mean for own, mean in zip(activity, means, strict=True)]
    return Clouds(activity, means, np.stack([own.T @ own / len(own) for own in apart]))


def by_condition(activity: Floats, condition: NDArray[np.int64]) -> list[Floats]:
    """All trials of each condition, from "trials neurons"."""
    return [activity[condition == c] for c in range(int(condition.max()) + 1)]


def balanced(
    activity: Floats, condition: NDArray[np.int64], generator: np.random.Generator
) -> Floats:
    """As many trials of every condition, drawn without replacement, as the rarest has."""
    members = [np.flatnonzero(condition == c) for c in range(int(condition.max()) + 1)]
    size = min(len(own) for own in members)
    return np.stack([activity[generator.permutation(own)[:size]] for own in members])


def dichotomies(n_conditions: int) -> NDArray[np.bool_]:
    """All balanced dichotomies, each once: "dichotomies conditions"; 35 for eight conditions."""
    sides = [
        [k in chosen for k in range(n_conditions)]
        for chosen in combinations(range(n_conditions), n_conditions // 2)
    ]
    unique = [side for side in sides if side[0] or n_conditions % 2]
    return np.array(unique, dtype=np.bool_)


def half_circles(order: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Dichotomies of neighbours: each half circle of the conditions in this order, once."""
    n, half = len(order), len(order) // 2
    sides = np.zeros((half if n % 2 == 0 else n, n), dtype=np.bool_)
    for first in range(len(sides)):
        sides[first, order[(first + np.arange(half)) % n]] = True
    return sides


def cross_condition_accuracy(found: Clouds, sides: NDArray[np.bool_]) -> float:
    """CCGP of one dichotomy, the mean accuracy over pairs of left-out conditions."""
    pairs = [
        (a, b) for a in np.flatnonzero(sides).tolist() for b in np.flatnonzero(~sides).tolist()
    ]
    return float(np.mean([_pair_accuracy(found, sides, a, b) for a, b in pairs]))


def turned(found: Clouds, generator: np.random.Generator) -> tuple[Clouds, Floats]:
    """Every cloud turned at random about its own mean, and its turn "conditions neurons neurons".

    The turn of the means depends on which conditions are trained on: see `turned_accuracy`.
    """
    n_conditions, n_neurons = found.means.shape
    turns = np.stack([_rotation(n_neurons, generator) for _ in range(n_conditions)])
    activity = [
        (own - mean) @ turn.T + mean
        for own, mean, turn in zip(found.activity, found.means, turns, strict=True)
    ]
    covariances = np.matmul(np.matmul(turns, found.covariances), turns.transpose(0, 2, 1))
    return Clouds(activity, found.means, covariances), turns


def turned_accuracy(found: Clouds, turns: Floats, sides: NDArray[np.bool_]) -> float:
    """CCGP of turned clouds: for each pair the means turn about the training conditions' mean."""
    total, pairs = 0.0, 0
    for a in np.flatnonzero(sides).tolist():
        for b in np.flatnonzero(~sides).tolist():
            centre = np.delete(found.means, (a, b), axis=0).mean(axis=0)
            means = np.matmul(turns, (found.means - centre)[:, :, None])[:, :, 0] + centre
            moved = [found.activity[c] + means[c] - found.means[c] for c in (a, b)]
            total += _pair_accuracy(
                Clouds(found.activity, means, found.covariances), sides, a, b, tested=moved
            )
            pairs += 1
    return total / pairs


def decoding_accuracy(
    activity: Floats, fold: NDArray[np.int64], sides: NDArray[np.bool_]
) -> Floats:
    """Cross-validated accuracy of each of "dichotomies conditions" on trials of all conditions.

    activity: "conditions trials neurons"; fold: "trials", the same for every condition.
    """
    correct = np.zeros(len(sides))
    for left_out in np.unique(fold):
        train, test = activity[:, fold != left_out], activity[:, fold == left_out]
        own = clouds(train)
        signs = np.where(sides, 1.0, -1.0)
        weights, thresholds = _discriminants(
            own.means, own.covariances.mean(axis=0), signs, train.shape[0] * train.shape[1]
        )
        scores = np.matmul(test, weights) - thresholds
        correct += ((scores > 0) == sides.T[:, None, :]).sum(axis=(0, 1))
    return np.asarray(correct / (activity.shape[0] * activity.shape[1]))


def shuffled_trials(activity: Floats, generator: np.random.Generator) -> Floats:
    """The same trials with conditions at random: what decoding gives by chance."""
    flat = activity.reshape(-1, activity.shape[-1])
    return np.asarray(flat[generator.permutation(len(flat))].reshape(activity.shape))


def held_out_direction_errors(found: Clouds, angle_deg: Floats) -> Floats:
    """Mean absolute error, in degrees, of decoding each target by the others: "conditions".

    The others are those of other directions: targets that share one, near and far, are left out
    together. There must be two directions or more.

    Ridge regression on cos and sin with the shrinkage of the classifier; chance is 90. The mean of
    the training targets points away from the one left out, so that with it as intercept noise would
    be decoded as the opposite direction; the mean of all targets takes its place.
    """
    n_conditions = len(found.means)
    aims = np.deg2rad(angle_deg)
    everyone = np.array([np.cos(aims).mean(), np.sin(aims).mean()])
    direction = direction_numbers(angle_deg)
    errors = np.empty(n_conditions)
    for c in range(n_conditions):
        rest = np.flatnonzero(direction != direction[c])
        Y = np.stack([np.cos(aims[rest]), np.sin(aims[rest])], axis=1)
        centre, middle = found.means[rest].mean(axis=0), Y.mean(axis=0)
        M = found.means[rest] - centre
        S = found.covariances[rest].mean(axis=0) + M.T @ M / len(rest)
        W = _solve(S, M.T @ (Y - middle) / len(rest), found.trials(rest))
        decoded = (found.activity[c] - centre) @ W + everyone
        apart = np.arctan2(decoded[:, 1], decoded[:, 0]) - aims[c]
        errors[c] = np.degrees(np.abs(np.angle(np.exp(1j * apart)))).mean()
    return errors


def _pair_accuracy(
    found: Clouds,
    sides: NDArray[np.bool_],
    a: int,
    b: int,
    tested: Sequence[Floats] | None = None,
) -> float:
    """Train without conditions a (positive side) and b (negative side), test on both."""
    train = np.delete(np.arange(len(sides)), (a, b))
    signs = np.where(sides[train], 1.0, -1.0)[None]
    weights, thresholds = _discriminants(
        found.means[train],
        found.covariances[train].mean(axis=0),
        signs,
        found.trials(train),
    )
    positive, negative = (
        own @ weights[:, 0] - thresholds[0]
        for own in tested or (found.activity[a], found.activity[b])
    )
    return float(np.mean([np.mean(positive > 0), np.mean(negative <= 0)]))


def _discriminants(
    means: Floats, within: Floats, signs: Floats, n_trials: int
) -> tuple[Floats, Floats]:
    """Weights "neurons dichotomies" and thresholds, for signs "dichotomies conditions"."""
    centre = means.mean(axis=0)
    M = means - centre
    positive = signs > 0
    upper = positive @ means / positive.sum(axis=1, keepdims=True)
    lower = ~positive @ means / (~positive).sum(axis=1, keepdims=True)
    weights = _solve(within + M.T @ M / len(means), (upper - lower).T, n_trials)
    return weights, ((upper + lower) / 2 * weights.T).sum(axis=1)


def _solve(S: Floats, right: Floats, n_trials: int) -> Floats:
    n_neurons = len(S)
    gamma = n_neurons / (n_neurons + n_trials)
    ridge = gamma * float(np.trace(S)) / n_neurons
    factor = scipy.linalg.cho_factor(S + ridge * np.eye(n_neurons), lower=True, check_finite=False)
    return np.asarray(scipy.linalg.cho_solve(factor, right, check_finite=False))


def _rotation(size: int, generator: np.random.Generator) -> Floats:
    """A random orthogonal matrix, uniform by Haar's measure (F. Mezzadri, 2007)."""
    Q, R = np.linalg.qr(generator.standard_normal((size, size)))
    return np.asarray(Q * np.sign(np.diag(R)))
