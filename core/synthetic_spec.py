"""What a synthetic session is made of: every truth that an analysis should find again."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from core.experiment import MAX_INTEGER, Declared
from core.session import MIN_CELL_TRIALS

MAX_COUNTS = 2_000_000
Scenario = Literal["cerebellar_block", "null"]
Size = Annotated[float, Field(ge=0, le=5)]
Variance = Annotated[float, Field(ge=0, le=1e4)]


class SyntheticState(Declared):
    """One state of the cerebellum: how it shapes activity and behaviour.

    Sizes are in units of the tuning's standard deviation over targets.
    """

    complexity: Size = Field(
        default=0.0,
        description="Size of further harmonics of the tuning (2 and 3, random over neurons). With "
        "cosine tuning they lift the participation ratio from 2 to (1 + h^2)^2 / (1/2 + h^4/4).",
    )
    shift: Size = Field(
        default=0.0, description="Target-independent shift: the same change for every target."
    )
    target_change: Size = Field(
        default=0.0, description="Target-dependent change: random for each target, of mean zero."
    )
    field_change: Size = Field(
        default=0.4, description="Change from NF to FF that is the same for every target."
    )
    reaiming_deg: Annotated[float, Field(ge=-180, le=180)] = Field(
        default=0.0,
        description="Re-aiming: in FF the population acts as if the target were turned by this "
        "angle, counter-clockwise.",
    )
    retention: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.95, description="a: what of the compensation lasts until the next trial."
    )
    error_sensitivity: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.15, description="b: what of an error is corrected on the next trial."
    )
    planning_variance: Variance = Field(
        default=2.0, description="q: variance of the noise that stays in the state."
    )
    motor_variance: Variance = Field(
        default=16.0, description="r: variance of the noise of each movement."
    )
    generalization_width_deg: Annotated[float, Field(ge=1, le=360)] | None = Field(
        default=None,
        description="Standard deviation of the Gaussian over which an error at one target teaches "
        "its neighbours; null: all targets learn alike.",
    )


SCENARIOS: Mapping[str, Mapping[str, Mapping[str, float]]] = {
    "cerebellar_block": {
        "control": {"error_sensitivity": 0.2, "generalization_width_deg": 60.0},
        "hfs": {
            "complexity": 0.5,
            "shift": 0.4,
            "target_change": 0.3,
            "field_change": 0.8,
            "reaiming_deg": 20.0,
            "error_sensitivity": 0.08,
            "motor_variance": 36.0,
            "generalization_width_deg": 20.0,
        },
    },
    "null": {"control": {}, "hfs": {}},
}
"""What each scenario changes in the two states; under `null` they do not differ."""


class PlantedSpec(Declared):
    """Two states, control and HFS, and all that is true of their sessions, however long these are.

    `cerebellar_block` makes all six findings true; `null` makes the two states alike. Whatever is
    given replaces the scenario's own value, in `control` and `hfs` field by field.
    """

    scenario: Scenario = Field(
        default="cerebellar_block", description="What the two states are unless they say otherwise."
    )
    control: SyntheticState = Field(
        default_factory=SyntheticState, description="The intact cerebellum."
    )
    hfs: SyntheticState = Field(
        default_factory=SyntheticState, description="The blocked cerebellum."
    )
    targets: int = Field(default=8, ge=3, le=64, description="Targets, evenly spread on a ring.")
    tuning: Literal["cosine", "sharp", "random"] = Field(
        default="cosine",
        description="Tuning to direction: a cosine (two dimensions), a von Mises bump of half "
        "width 34 degrees, or three random harmonics (six dimensions).",
    )
    mean_count: float = Field(
        default=8.0, ge=0.1, le=1000, description="Mean spike count; neurons have .5 to 1.5 of it."
    )
    modulation: float = Field(
        default=0.3,
        ge=0,
        le=1,
        description="Standard deviation of the tuning over targets, as a part of a neuron's mean. "
        "Where all changes together would make a count negative, its mean stays at .01 of it.",
    )
    shared_noise: float = Field(
        default=0.1,
        ge=0,
        le=1,
        description="Size of gains that neurons share (two random ones per trial).",
    )
    private_noise: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="Size of a gain of each neuron and trial, beyond Poisson noise.",
    )
    unequal: float = Field(
        default=0.0,
        ge=0,
        le=2,
        description="How unequal the targets' numbers of trials are: standard deviation of the "
        "logarithm of their weights; 0: as equal as can be. Each cell keeps at least four.",
    )
    perturbation: float = Field(
        default=30.0, ge=-1e3, le=1e3, description="Perturbation in FF, in the unit of the reach."
    )
    clamp_fraction: float = Field(
        default=0.0, ge=0, le=0.9, description="Part of the FF trials that are error clamps."
    )
    missing_fraction: float = Field(
        default=0.0, ge=0, le=0.9, description="Part of all trials whose reach is missing."
    )

    @model_validator(mode="before")
    @classmethod
    def _scenario_fills_the_states(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        scenario = given.get("scenario", "cerebellar_block")
        own = SCENARIOS[scenario] if scenario in tuple(SCENARIOS) else {}
        filled = dict(given)
        for state, values in own.items():
            wanted = given.get(state, {})
            if isinstance(wanted, dict):
                filled[state] = {**values, **wanted}
        return filled


class SyntheticSpec(PlantedSpec):
    """A session of two states, control and HFS, each with baseline (NF), field (FF) and washout.

    `cerebellar_block` makes all six findings true; `null` makes the two states alike. Whatever is
    given replaces the scenario's own value, in `control` and `hfs` field by field.
    """

    neurons: int = Field(default=60, ge=2, le=2000, description="Neurons.")
    baseline_trials: int = Field(
        default=80, ge=0, le=10_000, description="NF trials of each state before the field."
    )
    field_trials: int = Field(default=160, ge=0, le=10_000, description="FF trials of each state.")
    washout_trials: int = Field(
        default=80, ge=0, le=10_000, description="NF trials of each state after the field."
    )
    seed: int = Field(default=0, ge=0, le=MAX_INTEGER, description="Seed of every random draw.")

    @model_validator(mode="after")
    def _sizes_are_possible(self) -> "SyntheticSpec":
        needed = MIN_CELL_TRIALS * self.targets
        null = self.baseline_trials + self.washout_trials
        for name, trials in (
            ("baseline_trials + washout_trials", null),
            ("field_trials", self.field_trials),
        ):
            if trials < needed:
                raise ValueError(
                    f"{name} is {trials}; {self.targets} targets with {MIN_CELL_TRIALS} trials "
                    f"each need {needed}"
                )
        counts = 2 * (null + self.field_trials) * self.neurons
        if counts > MAX_COUNTS:
            raise ValueError(f"trials times neurons are {counts}; at most {MAX_COUNTS} are made")
        return self
