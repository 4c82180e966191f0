"""What condition means that are known exactly have as their dimensions, parts and distances."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def true_participation_ratio(means: Floats) -> float:
    """(sum of eigenvalues)^2 / sum of their squares, of the covariance of "targets neurons"."""
    centred = means - means.mean(axis=0)
    gram = centred @ centred.T
    total = np.square(gram).sum()
    return float(np.trace(gram) ** 2 / total) if total > 0 else float("nan")


def true_parts(first: Floats, second: Floats) -> tuple[float, float, float]:
    """Fractions of the variance over the cells of two blocks: target, block, interaction.

    The sums of squares of the marginalisations of a "blocks targets neurons" box of means.
    """
    box = np.stack([first, second])
    grand = box.mean(axis=(0, 1))
    target = box.mean(axis=0) - grand
    block = box.mean(axis=1) - grand
    rest = box - grand - target[None] - block[:, None]
    squares = np.array(
        [2 * np.square(target).sum(), len(first) * np.square(block).sum(), np.square(rest).sum()]
    )
    shares = squares / squares.sum()
    return float(shares[0]), float(shares[1]), float(shares[2])


def true_squared_distance(first: Floats, second: Floats) -> float:
    """|mu_1 - mu_2|^2 / neurons, the mean over targets of two boxes "targets neurons"."""
    return float(np.square(first - second).mean())
