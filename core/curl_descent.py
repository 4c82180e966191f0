"""The spec of a curl-descent simulation, and the limits between its fields."""

from math import sqrt
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator

from core.curl_descent_networks import (
    Activation,
    Flips,
    Neurons,
    Rule,
    SimulatedTeacher,
    Student,
    TeacherNorms,
    check_flips,
)
from core.curl_descent_record import MAX_TANGENT_NUMBERS, Record, check_record
from core.curl_descent_training import Data, Training, check_data
from core.experiment import MAX_INTEGER, Spec
from core.limits import Scale, out_of_limits

MAX_REPLICATES = 10_000
EPSILONS = 10  # a perturbation smaller than this many rounding errors would be lost in them


class SimulationSpec(Spec):
    """A student network learns a teacher's answers by one or several rules, replicate by replicate.

    All rules of a replicate share teacher, initial weights, data and sample order, so comparisons
    are paired. Errors are C = 1/(2P) sum over samples of ||y_hat - y||^2. Reference: Ninou, Kadmon
    and Cayco-Gajic, NeurIPS 2025, arXiv:2510.02765.
    """

    inputs: Neurons = Field(default=100, description="Input neurons M.")
    hidden: Neurons = Field(
        default=10, description="Hidden neurons N; the compression ratio is M / N."
    )
    outputs: Annotated[int, Field(ge=1, le=10_000)] = Field(
        default=1, description="Output neurons K (paper: 1)."
    )
    activation: Activation = Field(
        default="tanh", description="Hidden activation phi; the slope of relu at 0 is 0."
    )
    readout_activation: Activation = Field(
        default="linear", description="Readout activation psi (paper: the same as phi)."
    )
    output_error: Literal["exact", "raw"] = Field(
        default="exact",
        description="exact: the error is multiplied by psi', the true gradient; raw: it is not, as "
        "in the authors' simulations. The same for a linear readout.",
    )
    rules: Annotated[list[Rule], Field(min_length=1, max_length=4)] = Field(
        default=["gradient_descent", "curl_descent"],
        description="Learning rules to run, each once. The curl rules flip neurons; the feedback "
        "rules send errors back through fixed random weights.",
    )
    flips: Flips = Field(default=Flips(), description="Rule-flipped neurons of the curl rules.")
    teacher: SimulatedTeacher = Field(
        default=SimulatedTeacher(), description="The network that gives the targets."
    )
    student: Student = Field(default=Student(), description="The network that learns.")
    data: Data = Field(default=Data(), description="Inputs.")
    training: Training = Field(default=Training(), description="How far and how fast to learn.")
    record: Record = Field(default=Record(), description="What to keep of a run.")
    feedback_scale: Scale = Field(
        default=1.0,
        description="Scale s of the feedback weights, U(-s/sqrt N, s/sqrt N), of the feedback "
        "rules.",
    )
    replicates: int = Field(
        default=10,
        ge=1,
        description=f"Independent networks per rule, at most {MAX_REPLICATES}; more by further "
        "experiments with another replicate_offset.",
        json_schema_extra={"maximum": MAX_REPLICATES},
    )
    replicate_offset: int = Field(
        default=0,
        ge=0,
        le=1_000_000_000,
        description="Number of the first replicate; replicate r is the same network in every "
        "experiment that has it.",
    )
    seed: int = Field(
        default=0, ge=0, le=MAX_INTEGER, description="Seed of every random draw of the experiment."
    )
    precision: Literal["float64", "float32"] = Field(
        default="float64",
        description="Numbers the networks are stepped in; errors are always summed in float64.",
    )

    @property
    def batch(self) -> int:
        """Samples per update."""
        size = self.training.batch_size
        return size if isinstance(size, int) else self.data.train_size

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

    @property
    def free_weights(self) -> int:
        """In how many directions the weights can move: as many Lyapunov exponents there are."""
        both = self.hidden * (self.inputs + self.outputs)
        kept = {"none": 0, "layer": 2, "row": self.hidden + self.outputs}
        return both - kept[self.training.norm_constraint]

    @model_validator(mode="after")
    def _fits_together(self) -> "SimulationSpec":
        if self.replicates > MAX_REPLICATES:
            limit = (
                f"is more than the {MAX_REPLICATES} replicates of one experiment; further ones, "
                "with another replicate_offset or in a sweep, give more"
            )
            raise out_of_limits("replicates", self.replicates, limit)
        check_flips(self.flips.site, self.flip_counts, self.flip_layers, "flips.{layer}.count")
        _check_training(self)
        _check_measures(self)
        check_data(self.data)
        if self.student.start == "at_solution":
            _check_start(self)
        return self


def _check_training(spec: SimulationSpec) -> None:
    if len(set(spec.rules)) < len(spec.rules):
        raise out_of_limits("rules", spec.rules, "names a rule twice; each can run once")
    if spec.batch > spec.data.train_size:
        limit = f"is more than the {spec.data.train_size} samples of data.train_size"
        raise out_of_limits("training.batch_size", spec.batch, limit)
    check_record(spec.record, epochs=spec.training.epochs)


def _check_measures(spec: SimulationSpec) -> None:
    record, data = spec.record, spec.data
    if record.probe_size > data.test_size:
        limit = f"is more than the {data.test_size} test inputs of data.test_size"
        raise out_of_limits("record.probe_size", record.probe_size, limit)
    exponents = record.lyapunov_exponents
    if exponents and (data.online or spec.batch < data.train_size):
        limit = (
            "cannot be measured: an update on a random part of the samples has no tangent map of "
            'its own; set training.batch_size to "full" and data.online to false'
        )
        raise out_of_limits("record.lyapunov_exponents", exponents, limit)
    if exponents > spec.free_weights:
        limit = f"is more than the {spec.free_weights} directions in which the weights can move"
        raise out_of_limits("record.lyapunov_exponents", exponents, limit)
    most = MAX_TANGENT_NUMBERS // (spec.hidden * (spec.inputs + spec.outputs))
    if exponents > most:
        limit = f"is more than the {most} exponents that can be measured with so many weights"
        raise out_of_limits("record.lyapunov_exponents", exponents, limit)


def _check_start(spec: SimulationSpec) -> None:
    if spec.teacher_hidden != spec.hidden:
        limit = f"must equal hidden, {spec.hidden}, for a student that starts at_solution"
        raise out_of_limits("teacher.hidden", spec.teacher_hidden, limit)
    epsilon = float(np.finfo(spec.precision).eps)
    least = EPSILONS * epsilon * _weight_size(spec)
    if spec.teacher.weights is None and spec.student.perturbation < least:
        limit = (
            f"is lost in rounding: in {spec.precision} it must be at least {least:.2g}, 10 machine "
            f"epsilons times the size of the weights of {spec.student.perturbation_layer}"
        )
        raise out_of_limits("student.perturbation", spec.student.perturbation, limit)


def _weight_size(spec: SimulationSpec) -> float:
    """Root mean square weight of the layer that is perturbed."""
    norms = spec.teacher.norms or TeacherNorms()
    in_W1 = spec.student.perturbation_layer == "W1"
    norm = norms.W1 if in_W1 else norms.W2
    before, after = (spec.inputs, spec.hidden) if in_W1 else (spec.hidden, spec.outputs)
    if norm == "sqrt_hidden":
        norm = sqrt(spec.hidden)
    if norm is not None:
        return norm / sqrt(before * after)
    spread = 1.0 if spec.teacher.distribution == "normal" else 1 / sqrt(3)
    return spec.teacher.scale * spread / sqrt(before)
