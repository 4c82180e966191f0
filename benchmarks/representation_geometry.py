"""Distances, dimensions and parts of variance beside the peer or the plain loop: one core.

    python -m benchmarks.representation_geometry

The plain way does each draw by itself with numpy; of a thousand it is timed on some. The peer for
TwoNN is scikit-dimension, on a fifth of the points: its work grows with their square; that for
distances between all cells is rsatoolbox, which takes one precision for all folds.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import skdim
from rsatoolbox.data import Dataset
from rsatoolbox.rdm import calc_rdm
from sklearn.covariance import ledoit_wolf

from benchmarks.one_core import one_core, processor_s
from core.kernels.crossnobis import (
    Labelled,
    distance_matrix,
    distances,
    permuted_distances,
    whitened,
)
from core.kernels.folds import stratified_folds
from core.kernels.intrinsic_dimension import twonn
from core.kernels.neighbours import neighbour_distances
from core.kernels.participation_ratio import Floats, numerator_and_denominator, trial_gram
from core.kernels.variance_partition import Observations, partitions, permuted_partitions

TARGETS, TRIALS, NEURONS, FOLDS = 8, 800, 200, 5
DRAWS, SOME = 1000, 5
POINTS, DIMENSIONS = 20_000, 100


@dataclass(frozen=True)
class Case:
    """What is computed, the goal, and the plain way with how much more it would have to do."""

    name: str
    goal_s: float
    ours: Callable[[], object]
    plain: Callable[[], object]
    times: float
    repetitions: int = 3


def ignore(fraction: float) -> None:
    """A report that nobody reads."""


def session(*, balanced: bool) -> Labelled:
    """800 trials of 200 neurons: 8 targets, 2 states, 2 sides."""
    generator = np.random.default_rng(0)
    cells = 4 * TARGETS
    shares = np.ones(cells) if balanced else generator.uniform(0.4, 1.6, cells)
    sizes = np.maximum((TRIALS * shares / shares.sum()).astype(int), 5)
    cell = np.repeat(np.arange(cells), sizes)
    means = generator.standard_normal((cells, NEURONS))
    x = means[cell] + generator.standard_normal((len(cell), NEURONS))
    fold = stratified_folds(cell, FOLDS, generator)
    return Labelled(x, cell // 4, cell // 2 % 2, cell % 2, np.ones(len(cell)), fold)


def crossnobis(seen: Labelled) -> Floats:
    """Precision of each training part, and the distances."""
    return distances(seen, whitened(seen, seen.cell), seen.part[None])


def plain_crossnobis(seen: Labelled) -> Floats:
    """The definition, target by target, with scikit-learn's shrinkage and an inverse."""
    found = np.zeros(seen.shape)
    for k in range(FOLDS):
        train = seen.fold != k
        means = np.stack([seen.activity[train & (seen.cell == c)].mean(axis=0) for c in range(32)])
        residuals = seen.activity[train] - means[seen.cell[train]]
        precision = np.linalg.inv(ledoit_wolf(residuals, assume_centered=True)[0])
        for state, target in np.ndindex(seen.shape):
            d = []
            for part in (train, ~train):
                own = part & (seen.target == target) & (seen.state == state)
                d.append(
                    seen.activity[own & (seen.side == 1)].mean(axis=0)
                    - seen.activity[own & (seen.side == 0)].mean(axis=0)
                )
            found[state, target] += d[0] @ precision @ d[1] / NEURONS / FOLDS
    return found


def all_cells(seen: Labelled) -> Floats:
    """Distances between all 32 cells, of activity as it is."""
    return distance_matrix(seen, [seen.activity] * FOLDS)


def rsatoolbox_all_cells(seen: Labelled) -> object:
    """The same by rsatoolbox."""
    labels = {"cell": seen.cell, "fold": seen.fold}
    data = Dataset(seen.activity, obs_descriptors=labels)
    return calc_rdm(data, method="crossnobis", descriptor="cell", cv_descriptor="fold")


def cases() -> tuple[Case, ...]:
    """The goals, on the sizes for which they are set."""
    even, uneven = session(balanced=True), session(balanced=False)
    views = {id(each): whitened(each, each.cell) for each in (even, uneven)}
    seen = Observations(even.activity, even.target, even.side, even.size)
    gram = trial_gram(even.activity, even.target)
    weights = np.random.default_rng(1).integers(0, 3, (DRAWS, len(even.size))).astype(float)
    points = np.random.default_rng(2).standard_normal((POINTS, DIMENSIONS))
    few = points[:4000]

    def permuted(each: Labelled) -> Floats:
        return permuted_distances(each, views[id(each)], ignore, seed=0, draws=DRAWS, states=True)

    def weighed() -> None:
        for start in range(0, DRAWS, 50):
            numerator_and_denominator(gram, weights[start : start + 50])

    def weighed_alone() -> None:
        for row in weights[:SOME]:
            numerator_and_denominator(trial_gram(even.activity, even.target), row[None])

    both = {"balanced": even, "unequal": uneven}
    plain = {name: partial(plain_crossnobis, each) for name, each in both.items()}
    peer = {name: partial(rsatoolbox_all_cells, each) for name, each in both.items()}
    return (
        *(
            Case(f"crossnobis, {name}", 0.3, partial(crossnobis, each), plain[name], 1)
            for name, each in both.items()
        ),
        *(
            Case(f"all cells, {name} (rsatoolbox)", 0.3, partial(all_cells, each), peer[name], 1)
            for name, each in both.items()
        ),
        *(
            Case(
                f"its 1000 permutations, {name}", 5, partial(permuted, each), plain[name], DRAWS, 1
            )
            for name, each in both.items()
        ),
        Case("participation ratio, 1000 resamples", 2, weighed, weighed_alone, DRAWS / SOME, 1),
        Case(
            "variance partition, 3000 shuffles",
            5,
            lambda: permuted_partitions(seen, ignore, seed=0, draws=DRAWS),
            lambda: partitions(seen, seen.cell[None]),
            3 * DRAWS,
            1,
        ),
        Case(
            "TwoNN, 20000 x 100",
            3,
            lambda: twonn(neighbour_distances(points, 2, ignore)),
            lambda: skdim.id.TwoNN().fit(few),
            (POINTS / len(few)) ** 2,
            1,
        ),
    )


def main() -> None:
    """Print the table, in seconds of this process."""
    with one_core():
        print(f"{'seconds':40} {'ours':>8} {'plain':>9} {'x plain':>8} {'goal':>6}")
        neighbour_distances(np.random.default_rng(0).standard_normal((50, 3)), 2, ignore)
        for case in cases():
            ours = min(processor_s(case.ours) for _ in range(case.repetitions))
            plain = processor_s(case.plain) * case.times
            met = "met" if ours < case.goal_s else "MISSED"
            numbers = f"{ours:8.3f} {plain:9.2f} {plain / ours:8.1f} {case.goal_s:6.1f}"
            print(f"{case.name:40} {numbers}  {met}", flush=True)


if __name__ == "__main__":
    main()
