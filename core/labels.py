"""Block labels as a spec writes them and as a dataset does, where only capitals differ."""

from collections.abc import Collection, Mapping

import numpy as np

from core.experiment import Dataset


def meant(asked: Collection[str], known: Collection[str]) -> dict[str, str]:
    """The label of a dataset that each asked label means, where it means one.

    An exact match wins; otherwise the only two labels that differ in nothing but capitals.
    """
    found = {label: label for label in asked if label in known}
    for label in asked:
        if label in known:
            continue
        alike = [each for each in known if _same(each, label) and each not in asked]
        rivals = [each for each in asked if _same(each, label) and each not in known]
        if len(alike) == len(rivals) == 1:
            found[label] = alike[0]
    return found


def as_asked(arrays: Dataset, asked: Mapping[str, Collection[str]]) -> Dataset:
    """The arrays with the labels of these factors written as they were asked for."""
    written = dict(arrays)
    for factor, labels in asked.items():
        own = arrays.get(factor)
        if own is None or own.dtype.kind != "U":
            continue
        for label, known in meant(labels, np.unique(own).tolist()).items():
            written[factor] = np.where(own == known, label, written[factor])
    return written


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()
