"""Which of all targets a single trial was aimed at, decoded by linear discriminant analysis.

With the mean m_c of target c and its share p_c of the training trials,

    decoded(x) = argmax_c  m_c' S^-1 x - m_c' S^-1 m_c / 2 + ln p_c,        S = sum_c p_c S_c.

S_c is the covariance of target c's training trials, each neuron scaled to unit variance, shrunk
towards no correlation (O. Ledoit, M. Wolf, J. Multivariate Anal. 88:365 (2004), lemma 3.3) and
scaled back; a neuron silent at that target is taken to have the scale 1. That is what scikit-learn
computes as LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"). Of two trials about their
mean nothing is shrunk: with so few of every target S is singular, the solution of least norm is
taken, and little is decoded (see `enough_training`).

Reference: T. Hastie, R. Tibshirani, J. Friedman, The Elements of Statistical Learning, eq. 4.10.
"""

import numpy as np
import scipy
from numpy.typing import NDArray

from core.kernels.crossnobis import LEAST_VARIANCE, shrunk_covariance
from core.kernels.participation_ratio import Floats

Codes = NDArray[np.int64]

LEAST_TRAINING = 3


def decoded_targets(activity: Floats, target: Codes, fold: Codes) -> Codes:
    """The target decoded from each trial by a classifier of the other folds: "trials".

    activity: "trials neurons"; target: codes from 0, each in the training part of every fold.
    """
    decoded = np.empty_like(target)
    for left_out in np.unique(fold):
        test = fold == left_out
        weights, offsets = _classifier(activity[~test], target[~test])
        decoded[test] = np.argmax(activity[test] @ weights + offsets, axis=1)
    return decoded


def enough_training(n_trials: int, n_folds: int) -> Codes:
    """The fold of each of a target's trials, of which three remain to train on if there are four.

    As many folds as wanted or, where a fold would leave two or fewer, one trial in each.
    """
    spared = n_trials - -(-n_trials // n_folds)
    return np.arange(n_trials) % (n_folds if spared >= LEAST_TRAINING else n_trials)


def fold_accuracy(decoded: Codes, target: Codes, fold: Codes) -> float:
    """The share of right answers in each fold, mean over folds; 1 / targets is chance if all are
    equally frequent.
    """
    right = decoded == target
    return float(np.mean([right[fold == left_out].mean() for left_out in np.unique(fold)]))


def _classifier(activity: Floats, target: Codes) -> tuple[Floats, Floats]:
    """Weights "neurons targets" and offsets "targets" of the scores."""
    n_targets, n_neurons = int(target.max()) + 1, activity.shape[1]
    means, S = np.empty((n_targets, n_neurons)), np.zeros((n_neurons, n_neurons))
    shares = np.bincount(target) / len(target)
    for c, share in enumerate(shares):
        own = activity[target == c]
        means[c] = own.mean(axis=0)
        shrunk, scale, _ = shrunk_covariance(own - means[c])
        scale = np.where(scale > LEAST_VARIANCE, scale, 1.0)
        S += share * scale[:, None] * shrunk * scale
    weights = scipy.linalg.lstsq(S, means.T, lapack_driver="gelsy", check_finite=False)[0]
    return weights, np.log(shares) - 0.5 * np.sum(means.T * weights, axis=0)
