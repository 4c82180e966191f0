"""What is asked of a session, and the answer: two states side by side and their difference."""

from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass
from math import hypot, nan

import numpy as np
from numpy.typing import NDArray

from core.experiment import Dataset
from core.findings.report_spec import ReportSpec
from core.kernels.ledger import Stage, new_stage
from core.kernels.normal import Z_95

FINDINGS: Mapping[str, str] = {
    "a_motor_noise": "motor noise",
    "a_error_sensitivity": "error sensitivity",
    "b_target_dependent": "target-dependent change",
    "b_target_independent": "target-independent shift",
    "c_field_distance": "distance between fields",
    "d_reaiming": "re-aiming",
    "e_dimensionality": "dimensionality",
    "f_neural_generalization": "error of decoding unseen targets",
    "f_behavioural_generalization": "generalization of learning",
}
"""Every finding and what is measured of it."""
SIGNS: Mapping[str, int] = dict.fromkeys(FINDINGS, 1) | {
    "a_error_sensitivity": -1,
    "d_reaiming": 0,
    "f_behavioural_generalization": -1,
}
"""The sign of block less control in the study; 0: either."""


@dataclass(frozen=True)
class Interval:
    """An estimate with its 95 % interval, NaN where there is none."""

    value: float = nan
    low: float = nan
    high: float = nan

    @classmethod
    def about(cls, value: float, error: float) -> "Interval":
        """The normal interval of a standard error."""
        return cls(value, value - Z_95 * error, value + Z_95 * error)


@dataclass(frozen=True)
class Answer:
    """Of one finding; control and hfs are empty where only their difference is a quantity."""

    control: Interval
    hfs: Interval
    difference: Interval
    p_value: float

    @property
    def numbers(self) -> NDArray[np.float64]:
        """All ten in one row, in the order of `NUMBERS`."""
        nested = (astuple(each) for each in (self.control, self.hfs, self.difference))
        return np.array([*(value for each in nested for value in each), self.p_value])


NUMBERS = (
    *("control", "control_low", "control_high", "hfs", "hfs_low", "hfs_high"),
    *("difference", "ci_low", "ci_high", "p_value"),
)


def kept_nowhere(_: str, /, *shape: int) -> Stage:
    """A stage of what is asked only once."""
    return new_stage(*shape)


@dataclass(frozen=True)
class Asked:
    """One session and how to look at it; seed: of every draw about this session.

    stage: where what an earlier attempt has computed of a name and a shape is found.
    """

    spec: ReportSpec
    arrays: Dataset
    seed: int
    stage: Callable[..., Stage] = kept_nowhere

    @property
    def has_field(self) -> bool:
        """Whether the session knows the field of its trials."""
        return self.spec.field.factor in self.arrays


def difference_of(control: Interval, hfs: Interval) -> Interval:
    """hfs less control, its interval from theirs, which need not be symmetric.

    low = d - sqrt((hfs - hfs_low)^2 + (control_high - control)^2), and high likewise: G. Y. Zou and
    A. Donner, Statistics in Medicine 27:1693 (2008).
    """
    value = hfs.value - control.value
    return Interval(
        value,
        value - hypot(hfs.value - hfs.low, control.high - control.value),
        value + hypot(hfs.high - hfs.value, control.value - control.low),
    )
