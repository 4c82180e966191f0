"""Tuning of neurons to the direction of a target, as Fourier series on the circle."""

from typing import Literal

import numpy as np
import scipy
from numpy.typing import NDArray

Tuning = Literal["cosine", "sharp", "random"]
Coefficients = NDArray[np.complex128]

SHARPNESS = 4.0  # concentration of a von Mises bump whose half width is 34 degrees
SHARP_HARMONICS = 8
RANDOM_HARMONICS = 3


def tuning_coefficients(rng: np.random.Generator, tuning: Tuning, neurons: int) -> Coefficients:
    """C "neurons harmonics" of f_n(theta) = Re sum_k C_nk exp(-i k theta), k = 1, 2, ...

    cosine: f = sqrt(2) cos(theta - phi_n); sharp: the bump exp(kappa cos(theta - phi_n)) without
    its mean, C_nk ~ I_k(kappa) exp(i k phi_n); random: independent complex normal C_nk of equal
    variance, k <= 3. The mean of f^2 over the circle is 1, for `random` on average over neurons.
    """
    if tuning == "random":
        parts = rng.standard_normal((2, neurons, RANDOM_HARMONICS))
        return np.asarray(
            (parts[0] + 1j * parts[1]) / np.sqrt(RANDOM_HARMONICS), dtype=np.complex128
        )
    k = np.arange(1, 2 if tuning == "cosine" else SHARP_HARMONICS + 1)
    weight = np.ones(1) if tuning == "cosine" else scipy.special.ive(k, SHARPNESS)
    weight = weight * np.sqrt(2 / np.square(weight).sum())
    phase = rng.uniform(0, 2 * np.pi, (neurons, 1))
    return np.asarray(weight * np.exp(1j * k * phase), dtype=np.complex128)


def further_harmonics(rng: np.random.Generator, neurons: int) -> Coefficients:
    """C "neurons harmonics" with independent normal parts at k = 2 and 3, none at 1.

    Added with weight h to cosine tuning they lift the participation ratio of many neurons from 2 to
    (1 + h^2)^2 / (1/2 + h^4/4), since the ring's two dimensions carry 1/2 each and the four further
    ones h^2/4 each.
    """
    parts = rng.standard_normal((2, neurons, 2)) / np.sqrt(2)
    return np.concatenate([np.zeros((neurons, 1)), parts[0] + 1j * parts[1]], axis=1)


def tuned(coefficients: Coefficients, angle_deg: NDArray[np.float64]) -> NDArray[np.float64]:
    """f "angles neurons" at each angle."""
    k = np.arange(1, coefficients.shape[1] + 1)
    waves = np.exp(-1j * np.deg2rad(angle_deg)[:, None] * k)
    return np.ascontiguousarray((waves @ coefficients.T).real)
