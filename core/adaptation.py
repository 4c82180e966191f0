"""The spec of an analysis of adaptation, and the series of movements that it asks for."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from core.behaviour import Behaviour
from core.experiment import Dataset, ExperimentError, Refused
from core.kernels.adaptation_filter import Movements
from core.kernels.adaptation_models import (
    Model,
    generalization,
    one_state,
    separations,
)
from core.selection import Labels
from core.session_spec import ALL, Comparison, SessionSpec

MIN_OBSERVED = 20
MIN_RUN = 8  # trials in a block, on average, where each block starts from an unknown state
MAX_SEPARATIONS = 12
NO_ANGLES = (
    "needs the direction of each target: upload the dataset again with `target_angle_deg`, one "
    "angle in degrees per target"
)


class AdaptationSpec(SessionSpec):
    """How quickly movements learn from errors, how well they keep what was learned, and the noise.

    A state z follows z' = retention * z + error_sensitivity * error + planning noise; a movement is
    z plus motor noise. All four are fitted by maximum likelihood with the Kalman filter: regressing
    a movement on the last error would take motor noise for learning, two- to threefold. The dataset
    needs `perturbation` and `reach` (the deviation of the hand) or `error` per trial, and may have
    `clamp`; NaN marks trials on which the hand was not seen. Counts are not used, nor are
    `neurons` and `transform`; the seed is that of the series which correct the tests.
    """

    block: Comparison | None = Field(
        default=None, description="Two blocks to compare; null: all trials as one, arm `all`."
    )
    model: Literal["one_state", "two_state", "generalization"] = Field(
        default="one_state",
        description="One state; a slow and a fast one, whose sum moves and of which the fast is 0 "
        "where nothing is known of the state; or one state per target, "
        "with an error sensitivity for every distance between the target of the error and another "
        "(the behavioural generalization function; needs `target` and `target_angle_deg`).",
    )
    state_at_blocks: Literal["unknown", "carried_over"] = Field(
        default="unknown",
        description="What is known of the state where another block begins: nothing (sessions "
        "apart, or washed out in between), or what the trial before left. Choose `carried_over` "
        "where blocks alternate within a few trials.",
    )

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms that are blocks: their labels, or `all`."""
        return (ALL,) if self.block is None else self.block.compare


def used_trials(spec: AdaptationSpec, arrays: Dataset) -> tuple[Behaviour, NDArray[np.int64]]:
    """The trials of the arms, and the arm of each."""
    behaviour = Behaviour.from_arrays(arrays)
    arm = np.full(len(behaviour.trials), -1, dtype=np.int64)
    for position, labels in enumerate(spec.arms_of(spec.block)):
        arm[_carrying(behaviour, labels)] = position
    behaviour, arm = behaviour.with_trials(arm >= 0), arm[arm >= 0]
    for position, name in enumerate(spec.arms):
        _check_arm(name, behaviour, arm == position)
    return behaviour, arm


def _carrying(behaviour: Behaviour, labels: Labels) -> NDArray[np.bool_]:
    own = np.ones(len(behaviour.trials), dtype=np.bool_)
    for factor, label in labels.items():
        if factor not in behaviour.factors:
            known = ", ".join(behaviour.factors) or "no block factor"
            raise Refused("factor", factor, f"the dataset has {known}")
        own &= behaviour.factors[factor] == label
    return own


def _check_arm(name: str, behaviour: Behaviour, own: NDArray[np.bool_]) -> None:
    seen = behaviour.compensation[own & ~behaviour.missing]
    if len(seen) < MIN_OBSERVED:
        raise ExperimentError(
            f"the block {name} has {len(seen)} movements; at least {MIN_OBSERVED} are needed to "
            "tell learning from noise"
        )
    if np.ptp(seen) == 0:
        raise ExperimentError(f"all movements of the block {name} are {seen[0]:g}: nothing to fit")


def series_of(
    spec: AdaptationSpec, behaviour: Behaviour, arm: NDArray[np.int64]
) -> tuple[NDArray[np.float64], Movements]:
    """The series, and the angle of each target where the model needs it."""
    gap = np.diff(behaviour.trials, prepend=-2) != 1
    another = np.diff(arm, prepend=-1) != 0
    start = gap | another if spec.state_at_blocks == "unknown" else gap
    if len(start) < MIN_RUN * int(start.sum()):
        raise ExperimentError(
            f"the {len(start)} trials fall into {int(start.sum())} runs, each beginning in an "
            f"unknown state; runs of {MIN_RUN} trials on average are needed. Where blocks "
            "alternate within a session, set state_at_blocks of behaviour.adaptation to "
            "carried_over"
        )
    angles, targets, target = np.zeros(1), 1, np.zeros(len(arm), dtype=np.int64)
    if spec.model == "generalization":
        if behaviour.target_angle_deg is None:
            raise Refused("model", spec.model, NO_ANGLES)
        angles, target = behaviour.target_angle_deg, behaviour.condition
        targets = len(angles)
    return angles, Movements(
        compensation=behaviour.compensation,
        perturbation=behaviour.perturbation,
        clamp=behaviour.clamp,
        start=start,
        regime=arm * targets + target,
    )


def model_of(spec: AdaptationSpec, angles: NDArray[np.float64]) -> Model:
    """The model of one state, or of one per target."""
    if spec.model == "one_state":
        return one_state()
    distinct, which = separations(angles)
    if not 2 <= len(distinct) <= MAX_SEPARATIONS:
        raise Refused(
            "model",
            spec.model,
            f"the targets have {len(distinct)} different distances; 2 to {MAX_SEPARATIONS} can be "
            "told apart",
        )
    return generalization(which)
