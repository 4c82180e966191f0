"""Spike counts of known mean, with noise that neurons share and noise of their own."""

import numpy as np
from numpy.typing import NDArray

SHARED_DIMENSIONS = 2


def noisy_counts(
    rng: np.random.Generator, rates: NDArray[np.float64], *, shared: float, private: float
) -> NDArray[np.int64]:
    """Counts "trials neurons" whose mean is exactly `rates` "trials neurons".

        count_tn ~ Poisson(rate_tn exp(L_n . x_t - |L_n|^2 / 2) exp(sigma e_tn - sigma^2 / 2))

    x_t: two normal numbers per trial; L_n: normal loadings of variance shared^2 / 2 each; e_tn:
    normal; sigma = private. Both factors have mean one, so that noise moves no mean; a neuron's
    variance is rate + rate^2 (exp(|L_n|^2 + sigma^2) - 1).
    """
    trials, neurons = rates.shape
    loadings = rng.standard_normal((neurons, SHARED_DIMENSIONS)) * shared
    loadings /= np.sqrt(SHARED_DIMENSIONS)
    latent = rng.standard_normal((trials, SHARED_DIMENSIONS))
    exponent = latent @ loadings.T - np.square(loadings).sum(axis=1) / 2
    exponent += private * rng.standard_normal((trials, neurons)) - private**2 / 2
    return np.asarray(rng.poisson(rates * np.exp(exponent)), dtype=np.int64)
