"""Which angles are one direction."""

import numpy as np
from numpy.typing import NDArray

_DIGITS = 6  # after the point of a degree


def direction_numbers(angles_deg: NDArray[np.float64]) -> NDArray[np.int64]:
    """The number of the direction of each angle: the same to a millionth of a degree, 360 as 0."""
    rounded = np.round(angles_deg, _DIGITS) % 360.0
    return np.unique(rounded, return_inverse=True)[1].astype(np.int64)
