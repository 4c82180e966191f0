"""The spec of a report on all findings."""

from typing import Annotated

from pydantic import Field, Strict, model_validator

from core.selection import Labels
from core.session_spec import Comparison, DatasetId, SessionSpec


class ReportSpec(SessionSpec):
    """All findings of the study of cerebellar block, asked of your own session or sessions.

    Each compares two states, intact and blocked, in a null field, in a force field, or in how they
    change from one to the other: motor noise and error sensitivity (a; what is learned at
    a target may fall off with the distance of others), target-dependent and target-independent
    change of activity (b), distance between the fields (c), re-aiming (d),
    dimensionality (e), generalization of neural code and of learning (f). A session without
    behaviour, without fields or without angles is asked what it can answer. A finding is supported
    if its p, corrected after Holm for all that were tested, is at most .05 and the difference has
    the sign of the study; re-aiming may go either way.
    """

    state: Comparison = Field(
        default=Comparison(factor="state", compare=("control", "hfs")),
        description="The two states, the intact one first; capitals do not matter where only one "
        "label can be meant.",
    )
    field: Comparison = Field(
        default=Comparison(factor="field", compare=("NF", "FF")),
        description="The two fields, the null field first.",
    )
    more_sessions: Annotated[
        tuple[DatasetId, ...],
        Field(max_length=50),
        Strict(False),
    ] = Field(
        default=(),
        description="Further sessions, of this animal or others, with the same factors and labels: "
        "each is analysed by itself, then a random-effects summary is made.",
    )
    permutations: int = Field(
        default=999,
        ge=0,
        le=20_000,
        description="Shuffles behind each p-value of activity, at least 1 / (1 + permutations), "
        "which Holm's correction for nine tests takes nine times. With 199 a finding fails when a "
        "single shuffle is as extreme; 0: no tests of activity.",
    )
    resamples: int = Field(
        default=100,
        ge=20,
        le=20_000,
        description="Stratified resamples behind the intervals of re-aiming.",
    )
    simulations: int = Field(
        default=40,
        ge=10,
        le=1000,
        description="Simulated series that correct the likelihood-ratio tests of behaviour for a "
        "finite number of trials; a quarter of them, but 10, where targets have angles.",
    )

    @model_validator(mode="after")
    def _factors_are_distinct(self) -> "ReportSpec":
        if len({self.state.factor, self.field.factor, *self.within}) < 2 + len(self.within):
            raise ValueError("state, field and within must name different factors")
        return self

    @model_validator(mode="after")
    def _sessions_are_distinct(self) -> "ReportSpec":
        if len(set(self.sessions)) < len(self.sessions):
            raise ValueError("more_sessions names a session twice; each counts once")
        if self.more_sessions and self.neurons is not None:
            raise ValueError("neurons are those of one session; with more_sessions it must be null")
        return self

    @property
    def sessions(self) -> tuple[str, ...]:
        """All datasets."""
        return (self.dataset, *self.more_sessions)

    def cells(self, fields: tuple[str, ...]) -> tuple[Labels, ...]:
        """The labels of each state in each of these fields, the fields of a state side by side."""
        arms = self.arms_of(self.state)
        if not fields:
            return arms
        return tuple({**arm, self.field.factor: label} for arm in arms for label in fields)
