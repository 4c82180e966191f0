"""What to take from an NWB file: windows of its trials, and what the trials' columns are."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, ValidationInfo, field_validator, model_validator

from core.experiment import Declared
from core.session import MAX_LABELS
from core.trial_table import Name, TrialColumns

Seconds = Annotated[float, Field(ge=-1e4, le=1e4)]
Label = Annotated[str, Field(min_length=1, max_length=100)]


class Window(Declared):
    """From `start` to `stop` seconds after a moment of each trial; the end itself is not in it."""

    align: Name = Field(
        default="start_time",
        description="Column of the trials with the moment, in seconds, such as `go_cue_time`.",
    )
    start: Seconds = Field(default=0.0, description="Beginning, in seconds after the moment.")
    stop: Seconds | None = Field(
        default=None, description="End, in seconds after the moment; null: the trial's `stop_time`."
    )

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> "Window":
        if self.stop is not None and self.stop <= self.start:
            raise ValueError(f"stop is {self.stop:g}; it must be after start, {self.start:g}")
        return self


class Sliding(Declared):
    """Windows of one width, each a step later than the one before."""

    align: Name = Field(default="start_time", description="Column with the moment, in seconds.")
    start: Seconds = Field(description="Beginning of the first window, in seconds.")
    stop: Seconds = Field(description="End of the last window, in seconds.")
    width: Annotated[float, Field(gt=0, le=1e4)] = Field(description="Width, in seconds.")
    step: Annotated[float, Field(gt=0, le=1e4)] = Field(description="Step, in seconds.")

    @model_validator(mode="after")
    def _windows_are_few(self) -> "Sliding":
        windows = int((self.stop - self.start - self.width) / self.step + 1e-9) + 1
        if not 1 <= windows <= MAX_LABELS or self.stop - self.start < self.width * (1 - 1e-9):
            raise ValueError(
                f"{max(windows, 0)} windows of {self.width:g} s fit; 1 to {MAX_LABELS} may be used"
            )
        return self

    def windows(self) -> dict[str, Window]:
        """Each window by its label, the beginning in seconds."""
        last = self.stop - self.width + 1e-9
        starts = np.arange(self.start, last + self.step * 1e-6, self.step)
        return {
            f"{start:.6g}": Window(align=self.align, start=start, stop=start + self.width)
            for start in starts.round(9).tolist()
        }


NEEDED = (
    "an NWB mapping names columns of the trials, and windows in `counts`; a window is "
    '{"align": "start_time", "start": 0.0, "stop": 0.5}, in seconds after a moment of each trial'
)
"""What to say of a mapping that is none."""
Only = bool | int | float | Annotated[str, Field(max_length=256)]
"""A value that a column must have."""


class NwbMapping(TrialColumns):
    """What to count, and which columns of the trials are labels and behaviour.

    Several windows make several rows per trial: the factor `window` has their labels, `group` says
    which rows are of one trial.
    """

    table: Name = Field(default="trials", description="The table of intervals that are the trials.")
    counts: (
        Window
        | Sliding
        | Annotated[dict[Label, Window], Field(min_length=1, max_length=MAX_LABELS)]
    ) = Field(
        default_factory=Window,
        description="The window whose spikes are counted, several by name, or a sliding one. "
        "Default: the whole trial.",
    )
    baseline: Window | None = Field(
        default=None,
        description="A window whose firing rate, times a window's length, is subtracted from its "
        "count, trial by trial.",
    )
    only: Annotated[dict[Name, Only], Field(max_length=10)] = Field(
        default_factory=dict,
        description='Use only trials with these values, such as {"correct": true}.',
    )
    unobserved: Literal["leave_out_trials", "leave_out_units"] = Field(
        default="leave_out_trials",
        description="What to leave out where a window is not within a unit's `obs_intervals`: that "
        "trial, or that unit.",
    )

    @field_validator("counts", "baseline", mode="before")
    @classmethod
    def _is_of_windows(cls, given: Any, about: ValidationInfo) -> Any:
        known = isinstance(given, Mapping | Window | Sliding)
        if known or (given is None and about.field_name == "baseline"):
            return given
        raise ValueError(f"{repr(given)[:100]} is no window")

    def windows(self) -> dict[str, Window]:
        """The windows by label; one alone has the empty label."""
        if isinstance(self.counts, Window):
            return {"": self.counts}
        return self.counts.windows() if isinstance(self.counts, Sliding) else dict(self.counts)
