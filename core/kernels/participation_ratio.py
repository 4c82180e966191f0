"""Participation ratio of condition means, without the bias of a finite number of trials.

With true means mu_c of C conditions, M_cd = mu_c . mu_d and P = I - 11'/C,

    PR = A / B,   A = (tr P M)^2,   B = tr(P M P M),   1 <= PR <= C - 1.

Means of few trials carry noise that looks like further dimensions (a true 2.0 reads about 3 at five
trials). A and B are polynomials of degree four in the means, so each has an unbiased estimate in
which no trial meets itself, given only that trials are independent:

    A_hat = sum P_ab P_cd U_abcd,   B_hat = sum P_da P_bc U_abcd,
    U_abcd = mean of (x_a . x_b)(x_c . x_d) over picks of distinct trials.

Their ratio is not exactly unbiased (0 to 2 % at ten trials per condition) and may be undefined when
B_hat is small against its error. Every sum needs only the Gram matrix of trials. Trials carry
weights: 0 deletes one, m counts it m times without pretending that the copies are independent, and
the mean of m rows with weight m stands for a group.

Reference: P. Gao et al., A theory of multineuronal dimensionality, dynamics and measurement,
bioRxiv 214262 (2017), for the ratio; the closed forms are this project's own.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class TrialGram:
    """Trials sorted by condition, and the products of all pairs of distinct ones.

    rows: "trials", where each sorted trial was; first: "conditions + 1", where each condition
    begins; activity: "trials neurons", about the grand mean; products, squares: "trials trials",
    0 on the diagonal.
    """

    rows: NDArray[np.int64]
    first: NDArray[np.int64]
    activity: Floats
    products: Floats
    squares: Floats

    def slices(self) -> list[slice]:
        """The trials of each condition."""
        return [slice(*pair) for pair in zip(self.first[:-1], self.first[1:], strict=True)]


def trial_gram(activity: Floats, condition: NDArray[np.int64]) -> TrialGram:
    """Prepare "trials neurons" with a condition 0 to C - 1 each.

    The grand mean is the origin. With equal weights (0 aside) A_hat and B_hat do not depend on the
    origin, only their rounding does. With unequal ones they do: a far origin would add noise.
    """
    rows = np.argsort(condition, kind="stable")
    first = np.searchsorted(condition[rows], np.arange(int(condition.max()) + 2))
    centred = np.ascontiguousarray((activity - activity.mean(axis=0))[rows])
    products = centred @ centred.T
    np.fill_diagonal(products, 0.0)
    return TrialGram(rows, first, centred, products, np.square(products))


def numerator_and_denominator(gram: TrialGram, weights: Floats) -> tuple[Floats, Floats]:
    """A_hat and B_hat for each row of "draws trials", whose trials are in the original order.

    NaN where a condition has fewer than four trials of positive weight.
    """
    w = np.ascontiguousarray(weights[:, gram.rows])
    picks = _picks(gram, w)
    S, G, F = _sums(gram, w)
    return _contracted(S, G, F, picks)


def condition_means(activity: Floats, condition: NDArray[np.int64]) -> Floats:
    """The mean over the trials of each condition, "conditions neurons"."""
    labels = range(int(condition.max()) + 1)
    return np.stack([activity[condition == label].mean(axis=0) for label in labels])


def plug_in_ratio(spectrum: Floats) -> float:
    """(sum l)^2 / sum l^2 of the eigenvalues of a covariance; NaN where all are 0.

    Of condition means it is biased upwards by noise. Of single trials it is the participation ratio
    of their total covariance, another quantity altogether.
    """
    total = float(np.square(spectrum).sum())
    return float(spectrum.sum()) ** 2 / total if total > 0 else float("nan")


def covariance_spectrum(rows: Floats) -> Floats:
    """Eigenvalues, largest first, of the covariance (divided by n - 1) of "rows columns".

    Those that can differ from 0, at most n - 1.
    """
    centred = rows - rows.mean(axis=0)
    singular = np.linalg.svd(centred, compute_uv=False)[: max(len(rows) - 1, 1)]
    values: Floats = np.square(singular) / max(len(rows) - 1, 1)
    return values


def elementary_symmetric(sums: list[Floats]) -> list[Floats]:
    """k! e_k for k = 1 to 4 from the power sums p_1 to p_4 (Newton's identities)."""
    p1, p2, p3, p4 = sums
    return [
        p1,
        p1**2 - p2,
        p1**3 - 3 * p1 * p2 + 2 * p3,
        p1**4 - 6 * p1**2 * p2 + 3 * p2**2 + 8 * p1 * p3 - 6 * p4,
    ]


def centring_projector(n_conditions: int) -> Floats:
    """P = I - 11'/C."""
    return np.eye(n_conditions) - 1.0 / n_conditions


def _picks(gram: TrialGram, w: Floats) -> list[Floats]:
    """k! e_k(w) of each condition's weights, k = 1 to 4, "draws conditions"; NaN where it is 0."""
    powers = [np.add.reduceat(w**k, gram.first[:-1], axis=1) for k in (1, 2, 3, 4)]
    # Weights are whole numbers, so that the sums are exact and too few trials give exactly 0.
    return [np.where(e > 0, e, np.nan) for e in elementary_symmetric(powers)]


def _sums(gram: TrialGram, w: Floats) -> tuple[Floats, Floats, Floats]:
    """S_ef, G_efg = sum_(t in e) R_tf R_tg and F_ef, with R_tf = w_t sum_(s in f, s != t) w_s K_ts.

    "draws e f", "draws e f g", "draws e f"; S_ee, R_te and F_ee leave out the diagonal.
    """
    slices = gram.slices()
    n, C = len(w), len(slices)
    squared = np.square(w)
    R = np.stack([w[:, f] @ gram.products[f] for f in slices], axis=1) * w[:, None, :]
    F2 = np.stack([squared[:, f] @ gram.squares[f] for f in slices], axis=1) * squared[:, None, :]
    S, F = (np.add.reduceat(sums, gram.first[:-1], axis=2).swapaxes(1, 2) for sums in (R, F2))
    G = np.empty((n, C, C, C))
    for e, trials in enumerate(slices):
        part = R[:, :, trials]
        np.matmul(part, part.swapaxes(1, 2), out=G[:, e])
    return S, G, F


def _contracted(S: Floats, G: Floats, F: Floats, picks: list[Floats]) -> tuple[Floats, Floats]:
    """A_hat and B_hat: products of estimated M, mended where the two factors share a condition."""
    M = S / picks[0][:, None, :] / picks[0][:, :, None]
    _diagonal(M)[...] = _diagonal(S) / picks[1]
    mends = _mends(S, G, F, picks, M)
    P = centring_projector(S.shape[1])
    for_A, for_B = _multiplicities(P)
    PM = P @ M
    A = np.einsum("wee->w", PM) ** 2
    B = np.einsum("wef,wfe->w", PM, PM)
    for mend, in_A, in_B in zip(mends, for_A, for_B, strict=True):
        flat = mend.reshape(len(mend), -1)
        A, B = A + flat @ in_A.ravel(), B + flat @ in_B.ravel()
    return A, B


def _mends(
    S: Floats, G: Floats, F: Floats, picks: list[Floats], M: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    """U_abcd less M_ab M_cd for the picks (e,f,e,g), (e,f,e,f), (e,e,e,f) and (e,e,e,e).

    "draws e f g", "draws e f", "draws e f", "draws e"; entries where e, f, g coincide mean nothing.
    """
    one, two, three, four = picks
    on, M_on, F_on = _diagonal(S), _diagonal(M), _diagonal(F)
    QQ = S[:, :, :, None] * S[:, :, None, :] - G
    efeg = QQ / (two[:, :, None, None] * one[:, None, :, None] * one[:, None, None, :])
    spread = np.einsum("weff->wef", G)
    SS = S**2 - spread - spread.swapaxes(1, 2) + F
    efef = SS / (two[:, :, None] * two[:, None, :])
    offQ = on[:, :, None] * S - 2 * np.einsum("weef->wef", G)
    eeef = offQ / (three[:, :, None] * one[:, None, :])
    eeee = (on**2 - 2 * F_on - 4 * (np.einsum("weee->we", G) - F_on)) / four
    return (
        efeg - M[:, :, :, None] * M[:, :, None, :],
        efef - M**2,
        eeef - M_on[:, :, None] * M,
        eeee - M_on**2,
    )


def _multiplicities(P: Floats) -> tuple[tuple[Floats, ...], tuple[Floats, ...]]:
    """How often each mend enters A_hat (P_ab P_cd) and B_hat (P_da P_bc), over its permutations."""
    apart = 1.0 - np.eye(len(P))
    distinct = apart[:, :, None] * apart[:, None, :] * apart[None, :, :]
    own = np.diag(P)
    PP = P[:, :, None] * P[:, None, :] * distinct
    across = own[:, None, None] * P[None, :, :] * distinct
    eeef = 4 * own[:, None] * P * apart
    for_A = (4 * PP, 2 * P**2 * apart, eeef, own**2)
    for_B = (2 * (PP + across), (P**2 + np.outer(own, own)) * apart, eeef, own**2)
    return for_A, for_B


def _diagonal(matrices: Floats) -> Floats:
    """The diagonals of "draws e e", as a view."""
    view: Floats = np.einsum("wee->we", matrices)
    return view
