"""The spec of an analysis of generalization, and the trials and dichotomies that it asks for."""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, Strict, model_validator

from core.experiment import Refused
from core.kernels.generalization import half_circles
from core.selection import Labels
from core.session_spec import ALL, Comparison, Label, SessionSpec

MIN_TARGETS, MAX_TARGETS = 4, 12
Side = Annotated[tuple[Label, ...], Field(min_length=2, max_length=MAX_TARGETS), Strict(False)]


class GeneralizationSpec(SessionSpec):
    """How far a linear code learned on some targets carries to others.

    Cross-condition generalization (CCGP) of dichotomies of targets: a classifier is trained without
    one target of each side and tested on those two. Beside it the ordinary decoding of the same
    dichotomies, that of all balanced dichotomies (shattering dimensionality), that of the target
    among all, the direction of a target decoded by the others, and, where two fields are given, how
    the change from one to the other generalizes over targets. Every target enters with equally many
    trials, drawn repeatedly; tests take all trials, and every target weighs alike.
    """

    block: Comparison | None = Field(
        default=None, description="Two blocks to compare; null: all trials as one, arm `all`."
    )
    field: Comparison | None = Field(
        default=None,
        description="Two fields whose difference is taken target by target, such as NF and FF; the "
        "classifiers then use trials of the first only. null: no such function.",
    )
    dichotomies: (
        Annotated[tuple[Side, ...], Field(min_length=1, max_length=40), Strict(False)] | None
    ) = Field(
        default=None,
        description="For each dichotomy the targets of one side; null: all half circles of "
        "neighbouring targets.",
    )
    nulls: int = Field(
        default=50, ge=0, le=2000, description="Random turns of the clouds behind the CCGP's p."
    )
    decoding_nulls: int = Field(
        default=5, ge=1, le=200, description="Shuffles of targets behind the shattering fraction."
    )
    folds: int = Field(default=10, ge=2, le=20, description="Folds of the ordinary decoding.")
    repeats: int = Field(
        default=5, ge=1, le=100, description="Subsamples of equally many trials, averaged."
    )
    permutations: int = Field(
        default=100,
        ge=0,
        le=5000,
        description="Relabellings of trials within target behind the comparison of two blocks.",
    )

    @model_validator(mode="after")
    def _factors_are_distinct(self) -> "GeneralizationSpec":
        named = [each.factor for each in (self.block, self.field) if each is not None]
        if len({*named, *self.within}) < len(named) + len(self.within):
            raise ValueError("block, field and within must name different factors")
        return self

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms that are blocks: their labels, or `all`."""
        return (ALL,) if self.block is None else self.block.compare

    @property
    def cells(self) -> tuple[Labels, ...]:
        """The labels of every arm and field, the fields of one arm side by side."""
        arms = self.arms_of(self.block)
        if self.field is None:
            return arms
        factor, labels = self.field.factor, self.field.compare
        return tuple({**arm, factor: label} for arm in arms for label in labels)

    @property
    def n_fields(self) -> int:
        """Fields per arm: 1 where none are compared."""
        return 1 if self.field is None else 2


def sides_of(
    spec: GeneralizationSpec, labels: tuple[str, ...], angles: NDArray[np.float64] | None
) -> NDArray[np.bool_]:
    """The dichotomies "dichotomies targets"; refuses those that leave a side without training."""
    check_targets(len(labels))
    if spec.dichotomies is None:
        order = np.arange(len(labels)) if angles is None else np.argsort(angles % 360.0)
        return half_circles(order)
    return np.array([_side(labels, chosen) for chosen in spec.dichotomies])


def check_targets(targets: int) -> None:
    """Refuse too few targets to leave one out on each side, or too many dichotomies to try."""
    if not MIN_TARGETS <= targets <= MAX_TARGETS:
        raise Refused(
            "dataset",
            targets,
            f"it has {targets} targets; dichotomies of {MIN_TARGETS} to {MAX_TARGETS} can be tried",
        )


def _side(labels: tuple[str, ...], chosen: tuple[str, ...]) -> list[bool]:
    unknown = [label for label in chosen if label not in labels]
    if unknown:
        raise Refused(
            "dichotomies", unknown[0], f"no target {unknown[0]!r}; there are {', '.join(labels)}"
        )
    if len(set(chosen)) > len(labels) - 2:
        raise Refused(
            "dichotomies", list(chosen), "each side needs two targets, one to train and one to test"
        )
    return [label in chosen for label in labels]
