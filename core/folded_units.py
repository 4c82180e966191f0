"""Units of a session in stratified folds, as the distances between their cells need them."""

import numpy as np

from core.independence import Units
from core.kernels.crossnobis import Labelled
from core.kernels.folds import most_folds, stratified_folds


def in_folds(units: Units, cells: int, folds: int, seed: int) -> Labelled:
    """Units in folds that are stratified by target, state and side; fewer where cells are small.

    cells: how many labels of state and side there are; the sides of a state lie side by side.
    """
    stratum = units.condition * cells + units.block
    generator = np.random.default_rng(np.random.SeedSequence([seed, 0]))
    fold = stratified_folds(stratum, most_folds(stratum, folds), generator)
    # About the grand mean, where rounding is least.
    activity = units.activity - units.activity.mean(axis=0)
    return Labelled(activity, units.condition, units.block // 2, units.block % 2, units.size, fold)
