"""How many flips the solution manifold bears, in closed form, when one layer alone has them.

Linear networks, N, M -> infinity at c = M / N, kappa = ||W2||^2 / (M Var W1). Both lines are the
double root of z(w) = 0 (`free_probability`) with its parameter eliminated: a depressed cubic with
one positive root. Ninou, Kadmon and Cayco-Gajic, NeurIPS 2025, arXiv:2510.02765, figure 2; the
closed forms were derived for this project.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_NEWTON_STEPS = 20  # from above on a convex cubic: never overshoots, at rest after about seven


def critical_hidden_fraction(c: Any, kappa: Any) -> Floats:
    """Largest stable fraction of flipped inputs (readout without flips), from 0 to 1.

        x^3 + (1 - c) x = 2 kappa c,     x > 0
        alpha_h = (1 - x)^2 [x^2 + kappa (1 + x)^2] / (2 x^2 (1 + x^2))

    0 where x >= 1 (c >= 2 / (1 + 2 kappa): one flipped input destabilises), 1 where
    x <= sqrt kappa (1 - x) (c <= 1 / (1 + sqrt kappa)^2: no number of them does). c and kappa are
    positive and broadcast.
    """
    c, kappa = _floats(c, kappa)
    x = _positive_root(1 - c, 2 * kappa * c)
    fraction = (1 - x) ** 2 * (x**2 + kappa * (1 + x) ** 2) / (2 * x**2 * (1 + x**2))
    return np.where(x >= 1, 0.0, np.where(x <= np.sqrt(kappa) * (1 - x), 1.0, fraction))


def critical_readout_fraction(c: Any, kappa: Any) -> Floats:
    """Largest stable fraction of flipped hidden neurons (no inputs flipped), from 0 to 1.

        s^3 + (1 - 1/c) s = 2 kappa,     s > 0
        alpha_r = c (s - 1)^2 (s^2 + kappa) / (2 s^2)

    0 where s <= 1 (kappa < 1 and c >= 1 / (2 (1 - kappa)): one flip destabilises), 1 where
    s^2 <= kappa (kappa > 1 and c >= 1 / (sqrt kappa - 1)^2). c and kappa are positive and
    broadcast.
    """
    c, kappa = _floats(c, kappa)
    s = _positive_root(1 - 1 / c, 2 * kappa)
    fraction = c * (s - 1) ** 2 * (s**2 + kappa) / (2 * s**2)
    return np.where(s <= 1, 0.0, np.where(s**2 <= kappa, 1.0, fraction))


def _positive_root(a: Floats, b: Floats) -> Floats:
    """The one positive root of x^3 + a x = b, for b > 0."""
    x: Floats = np.cbrt(b) + np.sqrt(np.maximum(-a, 0))
    for _ in range(_NEWTON_STEPS):
        x = x - ((x * x + a) * x - b) / (3 * x * x + a)
    return x


def _floats(c: Any, kappa: Any) -> tuple[Floats, Floats]:
    first, second = np.broadcast_arrays(np.asarray(c, float), np.asarray(kappa, float))
    return first, second
