"""The directions of targets, where a question needs enough of them."""

import numpy as np
from numpy.typing import NDArray

from core.experiment import Refused
from core.kernels.directions import direction_numbers

MIN_DIRECTIONS = 3
_MIN_TO_DECODE = 4  # one left out of the others


def distinct_directions(angles_deg: NDArray[np.float64]) -> int:
    """How many different directions the angles of targets are."""
    return len(np.unique(direction_numbers(angles_deg)))


def too_few_to_decode(angles_deg: NDArray[np.float64]) -> str:
    """Why the direction of a target cannot be decoded by those in others; empty if it can."""
    directions = distinct_directions(angles_deg)
    if directions >= _MIN_TO_DECODE:
        return ""
    return (
        f"the targets lie in {directions} direction{'s' if directions > 1 else ''}; "
        f"{_MIN_TO_DECODE} are needed to decode one by the others"
    )


def check_ring(dataset: str, directions: int | None) -> None:
    """Refuse targets that make no ring: of two points on a line any turn fits as well."""
    if directions is not None and directions < MIN_DIRECTIONS:
        raise Refused(
            "dataset",
            dataset,
            f"its targets lie in {directions} direction{'s' if directions > 1 else ''}, and a ring "
            f"that turns needs {MIN_DIRECTIONS}; with fewer, measure the change of each target "
            "with population.condition_distance",
        )
