"""Crossnobis distances are those of rsatoolbox, with equal and unequal numbers of trials."""

import numpy as np
import pytest
from rsatoolbox.data import Dataset
from rsatoolbox.rdm import calc_rdm

from core.kernels.crossnobis import Labelled, distance_matrix, distances
from core.kernels.folds import stratified_folds
from core.kernels.participation_ratio import Floats

# rsatoolbox makes its averages of integers that hold NaN before it fills them.
pytestmark = pytest.mark.filterwarnings("ignore:invalid value encountered in cast:RuntimeWarning")


def labelled(*, most: int) -> Labelled:
    """Three targets in two states and on two sides, 5 to `most` trials of each."""
    generator = np.random.default_rng(most)
    cell = np.repeat(np.arange(12), generator.integers(5, most + 1, 12))
    x = generator.standard_normal((12, 7))[cell] + generator.standard_normal((len(cell), 7))
    fold = stratified_folds(cell, 5, generator)
    return Labelled(x, cell // 4, cell // 2 % 2, cell % 2, np.ones(len(cell)), fold)


def peer(seen: Labelled, precision: Floats | None) -> Floats:
    """All cells against all, by rsatoolbox with these folds."""
    labels = {"cell": seen.cell, "fold": seen.fold}
    found = calc_rdm(
        Dataset(seen.activity, obs_descriptors=labels),
        method="crossnobis",
        descriptor="cell",
        cv_descriptor="fold",
        noise=precision,
    )
    return np.asarray(found.get_matrices()[0])


@pytest.mark.parametrize("most", [5, 11])
@pytest.mark.parametrize("white", [False, True])
def test_distances_between_all_cells_are_those_of_rsatoolbox(most: int, white: bool) -> None:
    """Of activity as it is, and with one precision W W' for all folds."""
    seen = labelled(most=most)
    W = np.eye(7) + 0.2 * np.random.default_rng(0).standard_normal((7, 7)) * white
    views = [seen.activity @ W] * 5
    expected = peer(seen, W @ W.T if white else None)
    np.testing.assert_allclose(distance_matrix(seen, views), expected, rtol=0, atol=1e-13)
    sides = np.arange(12).reshape(3, 2, 2)  # targets outermost, then states, then sides
    between = expected[sides[..., 0], sides[..., 1]].T
    found = distances(seen, views, seen.part[None])[0]
    np.testing.assert_allclose(found, between, rtol=0, atol=1e-13)
