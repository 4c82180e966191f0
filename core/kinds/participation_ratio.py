"""How many dimensions the task occupies in a population, and whether two blocks differ in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, isfinite, nan
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, Strict, model_validator

from core.charts.participation_ratio import draw_null, draw_ratios, draw_spectra
from core.columns import columns_of
from core.dataset import DatasetSummary
from core.examples import GOLUB_BCI
from core.experiment import (
    MAX_INTEGER,
    Array,
    Dataset,
    Declared,
    Estimate,
    ExperimentError,
    Figure,
    Kind,
    Metric,
    Progress,
    Result,
    Row,
    Spec,
)
from core.independence import Units, independent_units, serial_correlation
from core.kernels.participation_ratio import (
    Floats,
    covariance_spectrum,
    naive_participation_ratio,
)
from core.kernels.participation_ratio_error import (
    RatioEstimate,
    Report,
    permuted_log_ratios,
    ratio_estimate,
)
from core.kernels.resampling import two_sided_p
from core.session import MAX_TARGETS, MIN_CELL_TRIALS, Session, few_trials
from core.summary import cell_trials, check_factor, check_label, check_neurons, check_session

ALL = "all"
COMPARISON = "comparison"
Z_95 = 1.959963984540054
Label = Annotated[str, Field(min_length=1, max_length=100)]


class Comparison(Declared):
    """Two blocks of one session."""

    factor: Label = Field(
        description="Name of the block factor, a text array of the dataset with one label per "
        "trial, such as `block`, `field` or `state`.",
        examples=["block"],
    )
    compare: Annotated[tuple[Label, Label], Strict(False)] = Field(
        description="The two labels to compare; the log ratio is that of the first to the second.",
        examples=[["before", "after"]],
    )

    @model_validator(mode="after")
    def _labels_make_two_arms(self) -> "Comparison":
        if self.compare[0] == self.compare[1]:
            raise ValueError(f"compare names {self.compare[0]!r} twice; it needs two labels")
        if COMPARISON in self.compare:
            raise ValueError(f"compare: {COMPARISON!r} is the name of an arm of the result")
        return self


class ParticipationRatioSpec(Spec):
    """Participation ratio of the condition means of a session, corrected for trial count."""

    dataset: Annotated[str, Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")] = Field(
        description="Id of the dataset, a session: `counts` (trial, neuron), `target` (trial)."
    )
    transform: Literal["none", "sqrt"] = Field(
        default="none",
        description="Activity as it is, or its square root, which steadies the variance of counts.",
    )
    neurons: (
        Annotated[
            tuple[Annotated[int, Field(ge=0, le=1_000_000)], ...],
            Field(min_length=2, max_length=100_000),
            Strict(False),
        ]
        | None
    ) = Field(
        default=None,
        description="Positions (from 0) of the neurons to use, each once; null: all of them.",
    )
    seed: int = Field(
        default=0, ge=0, le=MAX_INTEGER, description="Seed of the permutations; no other role."
    )
    block: Comparison | None = Field(
        default=None, description="Two blocks to compare; null: all trials as one, arm `all`."
    )
    permutations: int = Field(
        default=1000,
        ge=0,
        le=100_000,
        description="Relabellings of trials within target behind the p-value, which is at least "
        "1 / (1 + permutations); 0: no test. Used when blocks are compared.",
    )
    neuron_correction: bool = Field(
        default=False,
        description="Also correct for the number of neurons: without it the ratio grows with them "
        "even where there is no noise (a sharp ring: 2.5 at 50, 3.3 at 150).",
    )

    @model_validator(mode="after")
    def _neurons_are_distinct(self) -> "ParticipationRatioSpec":
        if self.neurons is not None and len(set(self.neurons)) < len(self.neurons):
            raise ValueError("neurons names a neuron twice; each may be named once")
        return self


METRICS = {
    "participation_ratio": Metric(
        "Participation ratio of the condition means, corrected for trial count (U-statistic); "
        "at most targets - 1; null where the data cannot tell"
    ),
    "participation_ratio_naive": Metric(
        "The same from the means as measured: biased upwards, the more the fewer trials"
    ),
    "log_se": Metric("Standard error of the logarithm of the corrected ratio (jackknife)"),
    "ci_low": Metric("Lower end of the 95 % interval of the corrected ratio"),
    "ci_high": Metric("Upper end of the 95 % interval of the corrected ratio"),
    "total_covariance_participation_ratio": Metric(
        "Participation ratio of the total covariance of single trials: another quantity, which "
        "counts noise dimensions and is far larger"
    ),
    "trials": Metric("Trials used", unit="trial", type="integer"),
    "neurons": Metric("Neurons used", unit="neuron", type="integer"),
    "log_ratio": Metric("Logarithm of the first block's corrected ratio over the second's"),
    "p_value": Metric("Two-sided permutation p of the log ratio, labels shuffled within target"),
}




@dataclass(frozen=True)
class _Data:
    """What a spec chose from a dataset: trials in file order, the arm of each, what is said of it."""

    session: Session
    arm: NDArray[np.int64]
    units: Units
    warnings: tuple[str, ...]


def run(spec: ParticipationRatioSpec, inputs: Mapping[str, Dataset], progress: Progress) -> Result:
    """Estimate each arm, leaving out each trial in turn; then shuffle block labels."""
    data = _chosen(spec, inputs[spec.dataset])
    names = _arms(spec)
    reports = _reports(progress, _work(spec, [int((data.units.block == a).sum()) for a, _ in enumerate(names)]))
    estimates = [_estimated(spec, data.units, arm, reports[arm]) for arm, _ in enumerate(names)]
    arrays = _estimate_arrays(data, estimates) | _description_arrays(data, len(names))
    if spec.block is not None:
        arrays["permutation_log_ratio"] = Array(_null(spec, data.units, reports[-1]), ("permutation",))
    warnings = data.warnings + _doubts(spec, data.units, estimates)
    return Result(arrays, warnings)
