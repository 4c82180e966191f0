"""The interval of a rate that was counted."""

import numpy as np

from core.kernels.normal import Z_95
from core.kernels.participation_ratio import Floats


def wilson_interval(found: Floats, tries: int) -> tuple[Floats, Floats]:
    """The 95 % interval of each chance of which `found` of `tries` came true.

        (p + z^2 / 2n +- z sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n),   p = found / n

    The chances that a score test does not reject: within [0, 1], and of some width even where none
    or all came true. E. B. Wilson, Journal of the American Statistical Association 22:209 (1927).
    """
    rate, per_try = found / tries, Z_95**2 / tries
    middle = rate + per_try / 2
    reach = np.sqrt(per_try * (rate * (1 - rate) + per_try / 4))
    low, high = (middle - reach) / (1 + per_try), (middle + reach) / (1 + per_try)
    return np.clip(low, 0.0, 1.0), np.clip(high, 0.0, 1.0)
