"""What a preset is: named panels, each one spec or one sweep, and the pictures to look at."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Scale = Literal["quick", "full"]


@dataclass(frozen=True)
class Picture:
    """A figure of an experiment or a sweep by name; a sweep's says what it is drawn over."""

    figure: str
    over: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Panel:
    """One named part of a preset: an experiment or, where there are axes, a sweep."""

    name: str
    kind: str
    spec: Mapping[str, Any]
    pictures: tuple[Picture, ...]
    axes: Mapping[str, Any] = field(default_factory=dict)
    derive: Mapping[str, float] = field(default_factory=dict)

    @property
    def type(self) -> Literal["experiment", "sweep"]:
        """What it becomes."""
        return "sweep" if self.axes else "experiment"


@dataclass(frozen=True)
class Preset:
    """A figure of a paper, ready to run; `quick` says what its quick scale does otherwise.

    `usual_loop_hours` is what a loop over networks in plain numpy takes at full scale, in
    core-hours as `make presets` timed it; None where there are none to loop over.
    """

    name: str
    summary: str
    reference: str
    found: str
    quick: str
    panels: Mapping[Scale, tuple[Panel, ...]]
    usual_loop_hours: float | None = None
