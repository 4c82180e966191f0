"""Holm's correction of the p-values of several tests."""

import numpy as np

from core.kernels.participation_ratio import Floats


def holm(p_values: Floats) -> Floats:
    """Corrected p-values, which hold the chance of any false finding at the level.

        p~_(k) = max over j <= k of min(1, (m - j + 1) p_(j)),   p_(1) <= ... <= p_(m)

    m counts the tests that were made: NaN stays NaN and is no test. No independence is needed.
    S. Holm, Scandinavian Journal of Statistics 6:65 (1979).
    """
    corrected = np.full(len(p_values), np.nan)
    made = np.flatnonzero(np.isfinite(p_values))
    order = made[np.argsort(p_values[made], kind="stable")]
    factors = np.arange(len(order), 0, -1)
    corrected[order] = np.maximum.accumulate(np.minimum(1.0, factors * p_values[order]))
    return corrected
