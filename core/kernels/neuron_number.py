"""What a finite number of neurons adds to the participation ratio, and its unbiased estimate.

A and B (see `participation_ratio`) contain the term of each neuron with itself,

    D = sum_n [sum_ab P_ab mu_an mu_bn]^2,

which makes the ratio grow with the number of neurons sampled (a sharp ring: 2.53 at 50 neurons,
3.34 at 150). (A - D) / (B - D) is the ratio without it. As in A_hat and B_hat no trial meets
itself: powers mu^k become k! e_k(w x) / (k! e_k(w)), e_k the elementary symmetric polynomials of a
condition's trials. The result may be negative for weak tuning.
"""

import numpy as np

from core.kernels.participation_ratio import (
    Floats,
    TrialGram,
    centring_projector,
    elementary_symmetric,
)


def own_neuron_term(gram: TrialGram, weights: Floats) -> Floats:
    """D_hat for each row of "draws trials", whose trials are in the original order."""
    w = weights[:, gram.rows]
    moments = [_powers(w[:, trials], gram.activity[trials]) for trials in gram.slices()]
    m1, m2, m3, m4 = (np.stack(power, axis=1) for power in zip(*moments, strict=True))
    return _contracted(m1, m2, m3, m4)


def _powers(w: Floats, x: Floats) -> list[Floats]:
    """Unbiased mu, mu^2, mu^3, mu^4 of one condition, each "draws neurons"."""
    weighted = elementary_symmetric([w**k @ x**k for k in (1, 2, 3, 4)])
    picks = elementary_symmetric([(w**k).sum(axis=1, keepdims=True) for k in (1, 2, 3, 4)])
    return [e / np.where(n > 0, n, np.nan) for e, n in zip(weighted, picks, strict=True)]


def _contracted(m1: Floats, m2: Floats, m3: Floats, m4: Floats) -> Floats:
    """D_hat from "draws conditions neurons": the plug-in, mended where conditions coincide."""
    C = m1.shape[1]
    P = centring_projector(C)
    apart = P * (1.0 - np.eye(C))
    diagonal = np.diag(P)[:, None]
    others = apart @ m1
    plain = (others * m1 + diagonal * m2).sum(axis=1) ** 2
    once = 4 * (m2 - m1**2) * (others**2 - apart**2 @ m1**2)
    twice = 2 * (m2 * (apart**2 @ m2) - m1**2 * (apart**2 @ m1**2))
    thrice = 4 * diagonal * others * (m3 - m2 * m1)
    full = diagonal**2 * (m4 - m2**2)
    total: Floats = (plain + (once + twice + thrice + full).sum(axis=1)).sum(axis=1)
    return total
