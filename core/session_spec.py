"""What the specs of all analyses of a session have in common, and how they are checked."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from pydantic import Field, Strict, model_validator

from core.dataset import DatasetSummary
from core.experiment import IDENTIFIER, MAX_INTEGER, Declared, Refused, Spec
from core.selection import Labels
from core.summary import (
    cell_trials,
    check_all_trials,
    check_factor,
    check_label,
    check_neurons,
    check_session,
    check_varying,
)

ALL = "all"
COMPARISON = "comparison"
MAX_ARM_LENGTH = 100
Label = Annotated[str, Field(min_length=1, max_length=100)]
DatasetId = Annotated[str, Field(pattern=IDENTIFIER)]


class Comparison(Declared):
    """Two blocks of one session."""

    factor: Label = Field(
        description="Name of the block factor, a text array of the dataset with one label per "
        "trial, such as `block`, `field` or `state`.",
        examples=["block"],
    )
    compare: Annotated[tuple[Label, Label], Strict(False)] = Field(
        description="The two labels to compare; a difference or ratio is that of the first to the "
        "second.",
        examples=[["before", "after"]],
    )

    @model_validator(mode="after")
    def _labels_make_two_arms(self) -> "Comparison":
        if self.compare[0] == self.compare[1]:
            raise ValueError(f"compare names {self.compare[0]!r} twice; it needs two labels")
        if COMPARISON in self.compare:
            raise ValueError(f"compare: {COMPARISON!r} is the name of an arm of the result")
        return self


class SessionSpec(Spec):
    """A session, and what of it to use."""

    dataset: DatasetId = Field(
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
    within: Annotated[dict[Label, Label], Field(max_length=4)] = Field(
        default={},
        description="Use only trials with these labels of further block factors, such as "
        '{"field": "NF"}; empty: all trials.',
    )
    seed: int = Field(
        default=0, ge=0, le=MAX_INTEGER, description="Seed of every random draw of the analysis."
    )

    @model_validator(mode="after")
    def _neurons_are_distinct(self) -> "SessionSpec":
        if self.neurons is not None and len(set(self.neurons)) < len(self.neurons):
            raise ValueError("neurons names a neuron twice; each may be named once")
        return self

    def arms_of(self, block: Comparison | None) -> tuple[Labels, ...]:
        """The labels of each compared block, or those of all trials in use as one arm."""
        if block is None:
            return (self.within,)
        if block.factor in self.within:
            raise Refused("within", block.factor, "is the factor whose blocks are compared")
        return tuple({**self.within, block.factor: label} for label in block.compare)


def checked_session(
    spec: SessionSpec, summaries: Mapping[str, DatasetSummary], arms: Sequence[Labels]
) -> tuple[DatasetSummary, list[int]]:
    """What is known of the spec's dataset and the trials of each arm; `Refused` if it cannot be."""
    if spec.dataset not in summaries:
        raise Refused("dataset", spec.dataset, "there is no such dataset, or it is not ready")
    summary = summaries[spec.dataset]
    check_session(summary, "dataset", spec.dataset)
    check_neurons(summary, spec.neurons)
    check_varying(summary, spec.neurons)
    for labels in arms:
        for factor, label in labels.items():
            factor_field, label_field = naming(spec, factor, label)
            check_factor(summary, factor_field, factor)
            check_label(summary, label_field, factor, label)
    trials = [cell_trials(summary, labels) for labels in arms]
    if spec.neurons is None and sum(trials) == summary.trials:
        check_all_trials(summary, spec.dataset, spec.transform)
    return summary, trials


def naming(spec: SessionSpec, factor: str, label: str) -> tuple[str, str]:
    """The fields of a spec that name a block factor and one of its labels."""
    if factor in spec.within:
        return "within", "within"
    own = {
        name: getattr(spec, name)
        for name in type(spec).model_fields
        if name not in SessionSpec.model_fields
    }
    for name, value in own.items():
        if isinstance(value, Comparison) and value.factor == factor:
            return f"{name}.factor", f"{name}.compare"
    labels = (name for name, value in own.items() if name != "factor" and _holds(value, label))
    return "factor", next(labels, "factor")


def _holds(value: object, label: str) -> bool:
    return value == label or (isinstance(value, tuple) and label in value)


def check_arms(names: Sequence[str]) -> None:
    """Refuse labels of which the names of arms become too long, or the same."""
    longest = max(names, key=len)
    if len(longest) > MAX_ARM_LENGTH:
        message = f"labels are too long: the arm {longest!r} has {len(longest)} characters, the "
        raise Refused("block", longest, f"{message}limit is {MAX_ARM_LENGTH}")
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise Refused("block", twice, f"two arms would have the name {twice!r}; rename the labels")
