"""How many principal components activity has, by six answers to the question.

They are different questions, and the answers differ severalfold on one recording:

    n90, n95: components that hold 90 or 95 % of the variance of single trials
    entropy dimension: exp(H), H = -sum p_i ln p_i, p_i the shares of variance
    parallel analysis: components with more variance than the 95th percentile of the same component
        after each neuron is shuffled over trials (J. Horn, Psychometrika 30:179, 1965)
    cvpca: components of the condition means whose variance repeats in other trials
    factor analysis: the number of shared factors with the best cross-validated likelihood

Cross-validated components (after C. Stringer et al., Nature 571:361, 2019): means of one half of
the trials give the axes and one set of scores, those of the other half the other set; the
covariance of both is a variance without noise, unbiased for the given axes. Only C - 1 components
of C means can be told from nothing.
"""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from core.kernels.folds import halves, stratified_folds
from core.kernels.ledger import Stage, new_stage
from core.kernels.participation_ratio import Floats, covariance_spectrum
from core.kernels.portions import Report

Codes = NDArray[np.int64]

PERCENTILE = 95.0
EM_STEPS = 60
EM_TOLERANCE = 1e-4


def components_for(spectrum: Floats, share: float) -> int:
    """The fewest components with at least this share of the variance."""
    reached = np.cumsum(spectrum) / spectrum.sum()
    return int(np.searchsorted(reached, share * (1 - 1e-12)) + 1)


def entropy_dimension(spectrum: Floats) -> float:
    """exp(-sum p ln p) of the shares of variance."""
    p = spectrum[spectrum > 0] / spectrum.sum()
    return float(np.exp(-np.sum(p * np.log(p))))


def shuffled_spectra(
    activity: Floats,
    seed: np.random.SeedSequence,
    draws: int,
    report: Report,
    *,
    stage: Callable[..., Stage] = new_stage,
) -> Floats:
    """Spectra with each neuron shuffled over trials by itself, "draws components"."""
    generator = np.random.default_rng(seed)
    found = stage(len(covariance_spectrum(activity)), draws)
    shuffled = (
        (slice(draw, draw + 1), generator.permuted(activity, axis=0)) for draw in range(draws)
    )
    for draw, each in found.missing(shuffled):
        found.add(draw, covariance_spectrum(each)[:, None])
        report(draw.stop / draws)
    return found.by_draw


def leading(spectrum: Floats, threshold: Floats) -> int:
    """How many components exceed their threshold before the first that does not."""
    above = spectrum > threshold
    return int(len(above) if above.all() else np.argmin(above))


def cross_validated_spectra(
    activity: Floats,
    condition: Codes,
    size: Floats,
    seed: np.random.SeedSequence,
    *,
    splits: int,
    report: Report,
) -> Floats:
    """Variance of condition means along components that repeats in other trials.

    "splits components", C - 1 of them, divided by C - 1; each the mean over both roles of the
    halves. May be negative.
    """
    n_conditions = int(condition.max()) + 1
    found = np.empty((splits, min(n_conditions - 1, activity.shape[1])))
    for split, first in enumerate(halves(condition, seed, splits)):
        one, other = (
            _centred_means(activity[own], condition[own], size[own]) for own in (first, ~first)
        )
        both = _repeated(one, other) + _repeated(other, one)
        found[split] = both[: found.shape[1]] / 2 / (n_conditions - 1)
        report((split + 1) / splits)
    return found


def factor_likelihoods(
    activity: Floats,
    stratum: Codes,
    numbers: Codes,
    seed: np.random.SeedSequence,
    *,
    folds: int,
    report: Report,
    stage: Callable[..., Stage] = new_stage,
) -> Floats:
    """Mean log likelihood of left-out trials under factor analysis, "folds numbers", in nats.

    Each fold fits x = mean + L f + e, f standard normal, e independent with its own variance for
    each neuron, by expectation maximisation on the covariance.
    """
    fold = stratified_folds(stratum, folds, np.random.default_rng(seed))
    found = stage(folds * len(numbers))
    for fit, (S, T, number) in found.missing(_fits(activity, fold, folds, numbers)):
        L, noise = fitted_factors(S, number)
        found.add(fit, np.array([_log_likelihood(T, L, noise)]))
        report(fit.stop / found.values.size)
    return found.values.reshape(folds, len(numbers))


def fitted_factors(S: Floats, number: int) -> tuple[Floats, Floats]:
    """Loadings "neurons factors" and noise variances that fit the covariance S.

    Expectation maximisation (D. Rubin, D. Thayer, Psychometrika 47:69, 1982) from the leading
    components; at most 60 steps, or until the likelihood grows by less than 1e-4 nats.
    """
    floor = 1e-6 * np.diag(S).mean()
    values, vectors = np.linalg.eigh(S)
    top = slice(len(S) - number, None)
    rest = values[: len(S) - number].mean() if number < len(S) else floor
    L = vectors[:, top] * np.sqrt(np.maximum(values[top] - rest, floor))
    noise = np.maximum(np.diag(S) - np.square(L).sum(axis=1), floor)
    before = -np.inf
    for _ in range(EM_STEPS if number else 0):
        weighted = L / noise[:, None]
        precision = np.linalg.inv(np.eye(number) + L.T @ weighted)
        B = precision @ weighted.T
        SB = S @ B.T
        L = SB @ np.linalg.inv(precision + B @ SB)
        noise = np.maximum(np.diag(S) - np.einsum("nf,nf->n", L, SB), floor)
        now = _log_likelihood(S, L, noise)
        if now - before < EM_TOLERANCE:
            break
        before = now
    return L, noise


def _fits(
    activity: Floats, fold: Codes, folds: int, numbers: Codes
) -> Iterator[tuple[slice, tuple[Floats, Floats, int]]]:
    """Covariance in training and test about the training mean, and how many factors to fit."""
    for k in range(folds):
        train, test = activity[fold != k], activity[fold == k]
        mean = train.mean(axis=0)
        S = (train - mean).T @ (train - mean) / len(train)
        T = (test - mean).T @ (test - mean) / len(test)
        for place, number in enumerate(numbers.tolist(), start=k * len(numbers)):
            yield slice(place, place + 1), (S, T, number)


def _log_likelihood(S: Floats, L: Floats, noise: Floats) -> float:
    """Mean log density of rows with covariance S about the mean, by Woodbury's identity."""
    weighted = L / noise[:, None]
    inner = np.eye(L.shape[1]) + L.T @ weighted
    log_det = float(np.linalg.slogdet(inner)[1] + np.log(noise).sum())
    explained = np.sum(np.linalg.solve(inner, weighted.T @ S @ weighted).diagonal())
    distance = float((np.diag(S) / noise).sum() - explained)
    return -0.5 * (len(S) * float(np.log(2 * np.pi)) + log_det + distance)


def _centred_means(activity: Floats, condition: Codes, size: Floats) -> Floats:
    w = (condition == np.arange(int(condition.max()) + 1)[:, None]) * size
    means = w @ activity / w.sum(axis=1, keepdims=True)
    centred: Floats = means - means.mean(axis=0)
    return centred


def _repeated(axes_from: Floats, others: Floats) -> Floats:
    """Covariance, along the components of one set of means, of its scores with the others'."""
    axes = np.linalg.svd(axes_from, full_matrices=False)[2]
    products: Floats = np.sum((axes_from @ axes.T) * (others @ axes.T), axis=0)
    return products
