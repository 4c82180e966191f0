"""The spec of a distance between two labels of a factor, and the arms of its result."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field, Strict, model_validator

from core.experiment import Refused
from core.selection import Labels
from core.session_spec import COMPARISON, Comparison, Label, SessionSpec

MEAN = "mean"


class ConditionDistanceSpec(SessionSpec):
    """How far mean activity moves, target by target, between two labels of a factor.

    The cross-validated squared Mahalanobis distance (crossnobis) between, say, null field and force
    field, divided by the number of neurons: zero on average where nothing changes, whatever the
    number of trials, and in units of noise variance. It can be negative; its sign is kept. The
    distance can be compared between two states, say control and block.
    """

    factor: Label = Field(
        default="field", description="The factor whose two labels the distance is between."
    )
    between: Annotated[tuple[Label, Label], Strict(False)] = Field(
        description="The two labels.", examples=[["NF", "FF"]]
    )
    block: Comparison | None = Field(
        default=None,
        description="Two states whose distances to compare, such as control and block; null: one "
        "distance.",
    )
    folds: int = Field(
        default=5,
        ge=2,
        le=20,
        description="Folds of the cross-validation, stratified by target and label; at most as "
        "many as the smallest cell has trials are used.",
    )
    permutations: int = Field(
        default=1000,
        ge=0,
        le=100_000,
        description="Shuffles behind each p-value, which is at least 1 / (1 + permutations); 0: "
        "no test.",
    )

    @model_validator(mode="after")
    def _labels_differ(self) -> "ConditionDistanceSpec":
        if self.between[0] == self.between[1]:
            raise ValueError(f"between names {self.between[0]!r} twice; it needs two labels")
        return self

    @property
    def states(self) -> tuple[str, ...]:
        """The compared states; one without a name where nothing is compared."""
        return ("",) if self.block is None else self.block.compare

    @property
    def cells(self) -> tuple[Labels, ...]:
        """The labels of each state's two sides."""
        if self.factor in self.within or (self.block and self.block.factor == self.factor):
            raise Refused("factor", self.factor, "is named twice; a factor can be used once")
        return tuple(
            {**labels, self.factor: side}
            for labels in self.arms_of(self.block)
            for side in self.between
        )


def arm_names(spec: ConditionDistanceSpec, targets: Sequence[str]) -> list[str]:
    """Targets and mean of each state, and the comparison."""
    prefixes = [f"{state}:" if state else "" for state in spec.states]
    each = [*(f"target:{label}" for label in targets), MEAN]
    compared = [] if spec.block is None else [COMPARISON]
    return [prefix + name for prefix in prefixes for name in each] + compared
