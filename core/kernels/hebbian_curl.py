"""Hebbian plasticity among excitatory and inhibitory neurons: how far it is from any gradient.

A recurrent network y = (I + W D) f, D = diag(+-1) with -1 for inhibitory neurons, learns by
dW = <y f^T>. The Jacobian acts on every row of W alike, as D Sigma up to transposition, with
Sigma = <f f^T>; so the curl fraction of the whole is that of D Sigma,

    curl_fraction^2 = sum over pairs of opposite sign of Sigma_ij^2 / sum over all pairs

0 for uncorrelated activity, sqrt(2 a (1 - a)) for constant activity at inhibitory fraction a, and
never above sqrt(1/2).
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def activity_covariance(rates: Floats, coefficient: float) -> Floats:
    """Sigma_ij = r_i r_j for i = j, else coefficient r_i r_j: "neurons neurons"."""
    covariance = coefficient * np.outer(rates, rates)
    np.fill_diagonal(covariance, rates**2)
    return covariance


def hebbian_curl_fraction(covariance: Floats, inhibitory: NDArray[np.bool_]) -> Floats:
    """The curl fraction of each mixture: "mixtures", for inhibitory "mixtures neurons"."""
    squares = covariance**2
    inner = inhibitory.astype(np.float64)
    opposite = ((inner @ squares) * (1 - inner)).sum(axis=1)
    return np.asarray(np.sqrt(2 * opposite / squares.sum()))
