"""Folds are balanced inside strata and over them."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.circular_colours import circular_colours
from core.kernels.folds import halves, most_folds, stratified_folds


@given(
    sizes=st.lists(st.integers(1, 30), min_size=1, max_size=9),
    n_folds=st.integers(2, 7),
    seed=st.integers(0, 1000),
)
def test_folds_differ_by_one_at_most_in_every_stratum_and_altogether(
    sizes: list[int], n_folds: int, seed: int
) -> None:
    generator = np.random.default_rng(seed)
    stratum = generator.permutation(np.repeat(np.arange(len(sizes)), sizes))
    fold = stratified_folds(stratum, n_folds, generator)
    for label in range(len(sizes)):
        assert np.ptp(np.bincount(fold[stratum == label], minlength=n_folds)) <= 1
    assert np.ptp(np.bincount(fold, minlength=n_folds)) <= 1
    assert most_folds(stratum, n_folds) == min(n_folds, *sizes)


def test_halves_are_different_splits_that_do_not_depend_on_their_number() -> None:
    stratum = np.repeat(np.arange(4), 8)
    few = list(halves(stratum, np.random.SeedSequence(1), 2))
    many = list(halves(stratum, np.random.SeedSequence(1), 5))
    assert (few[0] == many[0]).all()
    assert (few[1] == many[1]).all()
    assert (few[0] != few[1]).any()
    assert all(np.bincount(stratum[half]).tolist() == [4] * 4 for half in many)


def test_directions_close_to_each_other_round_the_circle_have_close_colours() -> None:
    def channels(colour: str) -> list[int]:
        return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]

    first, near, far = (np.array(channels(c)) for c in circular_colours([355.0, 5.0, 175.0]))
    assert np.abs(first - near).max() < 30 < np.abs(first - far).max()
    assert len(set(circular_colours(np.arange(0.0, 360.0, 45.0)))) == 8
