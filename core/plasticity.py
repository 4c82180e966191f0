"""The spec of the curl of plasticity rules: its parts, their documentation and their limits."""

from math import sqrt
from typing import Annotated, Literal

import numpy as np
from pydantic import ConfigDict, Field, model_validator

from core.curl_descent_networks import Activation, Flips, Rule, Student, Teacher, check_flips
from core.experiment import MAX_INTEGER, Declared, Spec
from core.limits import Fraction, Scale, out_of_limits

MAX_NEURONS = 2000
MAX_OUTPUTS = 100
MAX_SAMPLES = 20_000
MAX_MATRIX = 500
ROUNDING = 1e-9  # asymmetry and negative eigenvalues below this share are rounding

Neurons = Annotated[int, Field(ge=1, le=MAX_NEURONS)]
Number = Annotated[float, Field(ge=-1e6, le=1e6)]
MatrixRow = Annotated[list[Number], Field(max_length=MAX_MATRIX)]


class InhibitoryFractions(Declared):
    """Evenly spaced fractions of inhibitory neurons."""

    model_config = ConfigDict(serialize_by_alias=True)

    from_: Fraction = Field(default=0.0, alias="from", description="First fraction.")
    to: Fraction = Field(default=1.0, description="Last fraction.")
    points: int = Field(
        default=21,
        ge=1,
        le=1001,
        description="Number of fractions; each is rounded down to whole neurons.",
    )


class Correlation(Declared):
    """How the activity f of the neurons is correlated: Sigma = <f f^T>, not centred."""

    type: Literal["uniform", "lognormal", "given"] = Field(
        default="uniform",
        description="uniform: equal rates; lognormal: rates that are lognormal over neurons; "
        "given: a matrix of one's own.",
    )
    coefficient: float = Field(
        default=0.1,
        ge=0,
        le=1,
        description="Sigma_ij / sqrt(Sigma_ii Sigma_jj) of every pair, for uniform and lognormal: "
        "0 for white activity, 1 for constant activity.",
    )
    log_sd: float = Field(
        default=1.0,
        ge=0,
        le=5,
        description="Standard deviation over neurons of the natural logarithm of the rate, for "
        "lognormal.",
    )
    matrix: Annotated[list[MatrixRow], Field(min_length=1, max_length=MAX_MATRIX)] | None = Field(
        default=None,
        description="Sigma, for given: symmetric, without negative eigenvalues, with one row per "
        "neuron.",
    )

    @model_validator(mode="after")
    def _matrix_is_a_covariance(self) -> "Correlation":
        if (self.type == "given") != (self.matrix is not None):
            raise ValueError("a matrix is needed for type given, and for no other type")
        if self.matrix is not None:
            _check_covariance(self.matrix)
        return self


class Network(Declared):
    """The network and the data a learning rule works on, drawn as curl_descent.simulation does."""

    inputs: Neurons = Field(default=20, description="Input neurons M.")
    hidden: Neurons = Field(default=20, description="Hidden neurons N.")
    outputs: Annotated[int, Field(ge=1, le=MAX_OUTPUTS)] = Field(
        default=1, description="Output neurons K."
    )
    activation: Activation = Field(default="tanh", description="Hidden activation phi.")
    readout_activation: Activation = Field(
        default="linear", description="Readout activation psi (paper: the same as phi)."
    )
    output_error: Literal["exact", "raw"] = Field(
        default="exact",
        description="exact: the error is multiplied by psi'; raw: it is not, which is the gradient "
        "of another loss. The same for a linear readout.",
    )
    flips: Flips = Field(default=Flips(), description="Rule-flipped neurons of the curl rules.")
    teacher: Teacher = Field(default=Teacher(), description="The network that gives the targets.")
    student: Student = Field(
        default=Student(),
        description="Where in weight space: at random initial weights or, with start at_solution, "
        "at the teacher's.",
    )
    samples: Annotated[int, Field(ge=1, le=MAX_SAMPLES)] = Field(
        default=250, description="Training samples P; the update is averaged over all of them."
    )
    input_std: Scale = Field(
        default=sqrt(0.5), description="Standard deviation of every input component."
    )
    feedback_scale: Scale = Field(
        default=1.0,
        description="Scale s of the feedback weights, U(-s/sqrt N, s/sqrt N), of the feedback "
        "rules.",
    )

    @property
    def teacher_hidden(self) -> int:
        """The teacher's hidden width."""
        return self.teacher.hidden or self.hidden

    @property
    def flip_layers(self) -> tuple[int, int]:
        """How many neurons hidden flips and readout flips choose from."""
        return self.flips.layers(self.inputs, self.hidden, self.outputs)

    @property
    def flip_counts(self) -> tuple[int, int]:
        """How many neurons hidden and readout flips flip."""
        return self.flips.counts(self.flip_layers)

    @model_validator(mode="after")
    def _fits_together(self) -> "Network":
        check_flips(self.flips.site, self.flip_counts, self.flip_layers, "flips.{layer}.count")
        if self.teacher_hidden > MAX_NEURONS:
            limit = f"is more than {MAX_NEURONS} neurons"
            raise out_of_limits("teacher.hidden", self.teacher.hidden, limit)
        if self.student.start == "at_solution" and self.teacher_hidden != self.hidden:
            limit = f"must equal hidden, {self.hidden}, for a student that starts at_solution"
            raise out_of_limits("teacher.hidden", self.teacher.hidden, limit)
        return self


class PlasticityCurlSpec(Spec):
    """How far a plasticity rule is from following the gradient of anything.

    The curl fraction ||(J - J^T)/2|| / ||J|| of the update field, J its Jacobian: 0 for a gradient,
    1 for pure rotation. `hebbian_ei` is Hebbian plasticity in a recurrent network
    y = (I + W D) f of excitatory and inhibitory neurons, against the inhibitory fraction; the other
    rules are those of curl_descent.simulation, at one point in weight space. Reference: Ninou,
    Kadmon and Cayco-Gajic, NeurIPS 2025, arXiv:2510.02765.
    """

    rule: Literal["hebbian_ei"] | Rule = Field(
        default="hebbian_ei", description="The rule whose curl is taken."
    )
    neurons: Annotated[int, Field(ge=2, le=MAX_NEURONS)] = Field(
        default=100, description="Neurons of the recurrent network, for hebbian_ei."
    )
    inhibitory_fractions: InhibitoryFractions = Field(
        default=InhibitoryFractions(), description="Inhibitory fractions, for hebbian_ei."
    )
    correlation: Correlation = Field(
        default=Correlation(), description="Correlations of the activity, for hebbian_ei."
    )
    network: Network = Field(
        default=Network(), description="Network and data, for the learning rules."
    )
    replicates: int = Field(
        default=10,
        ge=1,
        le=1000,
        description="Independent draws: of rates and of which neurons are inhibitory; of networks.",
    )
    replicate_offset: int = Field(
        default=0,
        ge=0,
        le=1_000_000_000,
        description="Number of the first replicate; replicate r is the same draw in every "
        "experiment that has it.",
    )
    seed: int = Field(default=0, ge=0, le=MAX_INTEGER, description="Seed of every random draw.")

    @property
    def recurrent(self) -> bool:
        """Whether this is the recurrent network and no learning rule."""
        return self.rule == "hebbian_ei"

    @model_validator(mode="after")
    def _fits_together(self) -> "PlasticityCurlSpec":
        fractions = self.inhibitory_fractions
        if fractions.from_ > fractions.to:
            limit = f"is above inhibitory_fractions.to, {fractions.to:g}"
            raise out_of_limits("inhibitory_fractions.from", fractions.from_, limit)
        matrix = self.correlation.matrix
        if self.recurrent and matrix is not None and len(matrix) != self.neurons:
            limit = f"is not the {len(matrix)} rows of correlation.matrix"
            raise out_of_limits("neurons", self.neurons, limit)
        return self


def _check_covariance(rows: list[list[float]]) -> None:
    if any(len(row) != len(rows) for row in rows):
        raise ValueError(f"the matrix has {len(rows)} rows; each needs as many numbers")
    matrix = np.array(rows)
    size = np.abs(matrix).max()
    if not size > 0:
        raise ValueError("all activity is zero")
    if np.abs(matrix - matrix.T).max() > ROUNDING * size:
        raise ValueError("the matrix is not symmetric, which <f f^T> always is")
    lowest = float(np.linalg.eigvalsh(matrix)[0])
    if lowest < -ROUNDING * size * len(rows):
        raise ValueError(f"the matrix has a negative eigenvalue, {lowest:.3g}; <f f^T> has none")
