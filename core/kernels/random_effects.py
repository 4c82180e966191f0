"""One estimate from several sessions that need not share one truth.

Session k has estimate y_k with standard error s_k about its own truth, and the truths scatter about
mu with variance tau^2. With w_k = 1 / s_k^2 and Q the weighted squares about their mean,

    tau^2 = max(0, (Q - (K - 1)) / (sum w - sum w^2 / sum w))            (DerSimonian and Laird)
    v_k = 1 / (s_k^2 + tau^2),   mu = sum v y / sum v
    se^2 = max(1, sum v (y - mu)^2 / (K - 1)) / sum v                    (Hartung and Knapp)

and (mu - truth) / se follows Student's t with K - 1 degrees of freedom. With the plain normal
interval instead, few sessions reject far too often. R. DerSimonian and N. Laird, Controlled
Clinical Trials 7:177 (1986); J. Hartung and G. Knapp, Statistics in Medicine 20:3875 (2001), kept
from falling below the plain error as C. Roever et al., BMC Medical Research Methodology 15:99
(2015).
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np
import scipy

from core.kernels.participation_ratio import Floats


@dataclass(frozen=True)
class Summary:
    """mu with its 95 % interval and two-sided p of mu = 0; between_sd: tau."""

    mean: float
    low: float
    high: float
    p_value: float
    between_sd: float


def random_effects(estimates: Floats, errors: Floats) -> Summary:
    """The summary of two sessions or more, each with a positive standard error."""
    freedom = len(estimates) - 1
    w = 1 / np.square(errors)
    Q = float(w @ np.square(estimates - w @ estimates / w.sum()))
    excess = (Q - freedom) / float(w.sum() - np.square(w).sum() / w.sum())
    between = max(0.0, excess)
    v = 1 / (np.square(errors) + between)
    mean = float(v @ estimates / v.sum())
    scatter = float(v @ np.square(estimates - mean)) / freedom
    error = sqrt(max(1.0, scatter) / float(v.sum()))
    reach = float(scipy.special.stdtrit(freedom, 0.975)) * error
    p_value = 2 * float(scipy.special.stdtr(freedom, -abs(mean) / error))
    return Summary(mean, mean - reach, mean + reach, p_value, sqrt(between))
