"""What a simulation has seen of its networks so far, and how far it has got."""

import numpy as np

from core.kernels.measures import Extrema
from core.kernels.stack import Array


class Recording:
    """Errors at the records, and their extrema over all looks."""

    def __init__(self, networks: int, records: int) -> None:
        self.errors = np.zeros((2, networks, records))  # of training and test
        self.extrema = Extrema(networks)
        self.stops = 0  # of learning, to look or for an observer
        self.records = 0

    def add(self, errors: Array, *, recorded: bool) -> None:
        """Training and test errors "two networks" at one more look, which may be a record."""
        self.extrema.add(errors)
        if recorded:
            self.errors[:, :, self.records] = errors
            self.records += 1
