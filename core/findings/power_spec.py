"""The spec of a power analysis: what is true, how much is recorded, what counts as found."""

from itertools import pairwise, product
from typing import Annotated, Literal

from pydantic import Field, Strict, model_validator

from core.experiment import MAX_INTEGER, Declared, Spec
from core.findings.answer import FINDINGS
from core.findings.report_spec import ReportSpec
from core.session import MIN_CELL_TRIALS
from core.session_spec import Comparison
from core.synthetic import STATES
from core.synthetic_spec import MAX_COUNTS, PlantedSpec, SyntheticSpec

MAX_SESSIONS = 10_000
MAX_ROWS = 10_000
NO_DATASET = "00000000-0000-0000-0000-000000000000"
LEAST_RESAMPLES = 20  # they are behind intervals alone, which no verdict looks at
BY_LIKELIHOOD = ("a_motor_noise", "a_error_sensitivity", "f_behavioural_generalization")
Finding = Literal[
    "a_motor_noise",
    "a_error_sensitivity",
    "b_target_dependent",
    "b_target_independent",
    "c_field_distance",
    "d_reaiming",
    "e_dimensionality",
    "f_neural_generalization",
    "f_behavioural_generalization",
]
Trials = Annotated[int, Field(ge=MIN_CELL_TRIALS, le=500)]
Neurons = Annotated[int, Field(ge=2, le=2000)]


class Verdict(Declared):
    """When a finding counts as found."""

    alpha: float = Field(
        default=0.05, ge=0.001, le=0.5, description="The level that p must not exceed."
    )
    correction: Literal["holm", "none"] = Field(
        default="holm",
        description="p as corrected after Holm over the findings that are asked, as in a report; "
        "or each finding alone.",
    )


class PowerSpec(Spec):
    """How many trials and neurons a study of cerebellar block would need.

    Synthetic sessions in which the two states differ as you say are made over and over, at every
    number of trials and neurons of a grid, each with other neurons and other noise, and each is
    asked what `cerebellar_block.report` asks. The power of a finding is the share of sessions in
    which it is found: p is at most alpha and the difference has the sign of the study (re-aiming:
    either sign). A finding that a session cannot answer is not found in it.
    """

    session: PlantedSpec = Field(
        default_factory=PlantedSpec,
        description="What is true of the sessions: the effects that you expect, and the noise.",
    )
    trials_per_target: Annotated[
        tuple[Trials, ...], Field(min_length=1, max_length=12), Strict(False)
    ] = Field(
        default=(10, 20, 40),
        description="Trials of each target in each state and field, ascending. Half of those in "
        "the null field come before the force field and half after it.",
    )
    neurons: Annotated[tuple[Neurons, ...], Field(min_length=1, max_length=6), Strict(False)] = (
        Field(default=(60,), description="Numbers of neurons, ascending.")
    )
    repetitions: int = Field(
        default=40,
        ge=2,
        le=1000,
        description="Sessions at each point of the grid. The standard error of a power p is "
        "sqrt(p (1 - p) / repetitions): at 40 up to .08, at 400 up to .025.",
    )
    findings: (
        Annotated[tuple[Finding, ...], Field(min_length=1, max_length=9), Strict(False)] | None
    ) = Field(
        default=None,
        description="The findings to ask for; null: all. Fewer cost less time, and less of Holm's "
        "correction.",
    )
    verdict: Verdict = Field(default_factory=Verdict, description="When a finding counts as found.")
    wished_power: float = Field(
        default=0.8, ge=0.05, le=0.99, description="The power that the study should have."
    )
    transform: Literal["none", "sqrt"] = Field(
        default="none", description="Counts as they are, or their square root."
    )
    permutations: int = Field(
        default=200,
        ge=1,
        le=5000,
        description="Shuffles behind each p of activity, which is at least 1 / (1 + permutations).",
    )
    simulations: int = Field(
        default=40,
        ge=10,
        le=1000,
        description="Simulated series that correct each likelihood-ratio test of behaviour.",
    )
    seed: int = Field(default=0, ge=0, le=MAX_INTEGER, description="Seed of every random draw.")

    @model_validator(mode="after")
    def _grid_is_in_order(self) -> "PowerSpec":
        for name, values in (
            ("trials_per_target", self.trials_per_target),
            ("neurons", self.neurons),
        ):
            if any(low >= high for low, high in pairwise(values)):
                raise ValueError(f"{name} is {list(values)}; the numbers must ascend")
        if self.findings is not None and len(set(self.findings)) < len(self.findings):
            raise ValueError("findings names one twice; each is asked once")
        sessions = len(self.points) * self.repetitions
        if sessions > MAX_SESSIONS:
            raise ValueError(
                f"{len(self.points)} points with {self.repetitions} repetitions are {sessions} "
                f"sessions; at most {MAX_SESSIONS} are made"
            )
        return self

    @model_validator(mode="after")
    def _sessions_can_be_made(self) -> "PowerSpec":
        rows = self.session.targets * self.trials_per_target[-1]
        if rows > MAX_ROWS:
            raise ValueError(
                f"{self.session.targets} targets with {self.trials_per_target[-1]} trials are "
                f"{rows} trials in each state and field; at most {MAX_ROWS} are made"
            )
        counts = 4 * rows * self.neurons[-1]
        if counts > MAX_COUNTS:
            raise ValueError(
                f"trials times neurons of the largest session are {counts}; at most {MAX_COUNTS} "
                "are made"
            )
        return self

    @model_validator(mode="after")
    def _findings_can_be_found(self) -> "PowerSpec":
        tests = len(self.asked) if self.verdict.correction == "holm" else 1
        least, alpha = 1 / (1 + self.permutations), self.verdict.alpha
        if tests * least > alpha and not set(self.asked) <= set(BY_LIKELIHOOD):
            raise ValueError(
                f"{self.permutations} permutations give no p below {least:.3g}, which {tests} "
                f"tests may take to {tests * least:.3g}, above alpha {alpha:g}: ask for "
                f"{round(tests / alpha)} permutations"
            )
        return self

    @property
    def asked(self) -> tuple[str, ...]:
        """The findings, in the order of a report."""
        return tuple(name for name in FINDINGS if self.findings is None or name in self.findings)

    @property
    def points(self) -> tuple[tuple[int, int], ...]:
        """Trials per target and neurons of every point of the grid."""
        return tuple(product(self.trials_per_target, self.neurons))

    @property
    def report(self) -> ReportSpec:
        """What is asked of every session."""
        return ReportSpec(
            dataset=NO_DATASET,
            state=Comparison(factor="state", compare=STATES),
            transform=self.transform,
            permutations=self.permutations,
            resamples=LEAST_RESAMPLES,
            simulations=self.simulations,
        )

    def session_of(self, trials: int, neurons: int, seed: int) -> SyntheticSpec:
        """One session with so many trials per target, state and field, and so many neurons."""
        each = trials * self.session.targets
        return SyntheticSpec.model_validate(
            self.session.model_dump()
            | {
                "neurons": neurons,
                "baseline_trials": each - each // 2,
                "field_trials": each,
                "washout_trials": each // 2,
                "seed": seed,
            }
        )
