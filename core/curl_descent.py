"""The spec of a curl-descent simulation: its parts, their documentation and their limits."""

from math import sqrt
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator

from core.curl_descent_record import MAX_TANGENT_NUMBERS, Record, check_record
from core.experiment import MAX_INTEGER, Declared, Spec
from core.kernels.draws import Distribution
from core.limits import MAX_SCALE, Fraction, Scale, out_of_limits
from core.session_spec import DatasetId

Rule = Literal["gradient_descent", "curl_descent", "feedback_alignment", "curl_feedback_alignment"]
Activation = Literal["linear", "tanh", "relu", "sigmoid"]

MAX_NEURONS = 100_000
MAX_SAMPLES = 10_000_000
MAX_REPLICATES = 10_000
EPSILONS = 10  # a perturbation smaller than this many rounding errors would be lost in them

Neurons = Annotated[int, Field(ge=1, le=MAX_NEURONS)]
Samples = Annotated[int, Field(ge=1, le=MAX_SAMPLES)]


class LayerFlips(Declared):
    """How many neurons of one layer learn with the wrong sign: a fraction or a count, not both."""

    fraction: Fraction | None = Field(
        default=None,
        description="Fraction of the layer's neurons that is flipped; the count is "
        "floor(fraction * n + 1e-9).",
    )
    count: int | None = Field(
        default=None,
        ge=0,
        le=MAX_NEURONS,
        description="Number of flipped neurons, at most the size of the layer.",
    )

    @model_validator(mode="after")
    def _one_of_the_two(self) -> "LayerFlips":
        if self.fraction is None and self.count is None:
            raise ValueError("give a fraction or a count")
        if self.fraction is not None and self.count is not None:
            raise ValueError(
                f"give a fraction or a count, not both {self.fraction} and {self.count}"
            )
        return self

    def of(self, neurons: int) -> int:
        """The number of flipped neurons in a layer of that many."""
        if self.count is not None:
            return self.count
        return int((self.fraction or 0.0) * neurons + 1e-9)


class Flips(Declared):
    """Which neurons are rule-flipped: their synapses climb the gradient. Drawn beforehand."""

    hidden: LayerFlips = Field(
        default=LayerFlips(fraction=0.0),
        description="Flips that act on W1 (alpha_h): of the inputs, or of the hidden neurons where "
        "site is postsynaptic.",
    )
    readout: LayerFlips = Field(
        default=LayerFlips(count=1),
        description="Flips that act on W2 (alpha_r): of the hidden neurons, or of the outputs "
        "where site is postsynaptic.",
    )
    site: Literal["presynaptic", "postsynaptic"] = Field(
        default="presynaptic",
        description="Whether a synapse takes its sign from the neuron before it (the paper's "
        "choice, as in Dale's law) or the one after it. A postsynaptic flip of the only output "
        "turns all of W2 up the gradient.",
    )


class TeacherNorms(Declared):
    """Frobenius norms the teacher's layers are scaled to after the draw (the paper's figure 3b)."""

    W1: Scale | Literal["sqrt_hidden"] | None = Field(
        default=None,
        description='Norm of W1: a number, "sqrt_hidden" for the square root of the teacher\'s '
        "hidden width, or null to leave the draw as it is.",
    )
    W2: Scale | None = Field(
        default=None, description="Norm of W2: a number, or null to leave the draw as it is."
    )


class Teacher(Declared):
    """The fixed network that gives the targets; one is drawn per replicate."""

    hidden: Neurons | None = Field(
        default=None, description="Hidden neurons; null: as many as the student has (the paper)."
    )
    distribution: Distribution = Field(
        default="uniform",
        description="uniform: W1 ~ U(-g/sqrt M, g/sqrt M), W2 ~ U(-g/sqrt N, g/sqrt N); normal: "
        "standard deviations g/sqrt M and g/sqrt N (M inputs, N hidden, g the scale).",
    )
    scale: Scale = Field(default=1.0, description="Scale g_T of the weights; dimensionless.")
    norms: TeacherNorms | None = Field(
        default=None, description="Norms to scale the layers to; null: none."
    )


class SimulatedTeacher(Teacher):
    """A teacher that is drawn, or one's own."""

    weights: DatasetId | None = Field(
        default=None,
        description="Id of a dataset with one's own teacher, the same for every replicate: W1 "
        "(hidden, input) and W2 (output, hidden), as recorded weights have them. Its hidden width "
        "is that of teacher.hidden; distribution and scale are then not used. null: drawn.",
    )


class Student(Declared):
    """The network that learns; all rules of a replicate start from the same weights."""

    distribution: Distribution = Field(
        default="uniform", description="As the teacher's distribution; for start random."
    )
    scale: Scale = Field(
        default=2.0,
        description="Scale g of the initial weights; dimensionless; for start random.",
    )
    start: Literal["random", "at_solution"] = Field(
        default="random",
        description="random: weights of its own; at_solution: the teacher's plus a constant "
        "perturbation, which asks whether the solution manifold is stable.",
    )
    perturbation: float = Field(
        default=1e-15,
        gt=0,
        le=MAX_SCALE,
        description="Constant added to every weight of one layer, for start at_solution; at least "
        "10 machine epsilons times the size of those weights (paper: 1e-15 on W1, 1e-10 on W2).",
    )
    perturbation_layer: Literal["W1", "W2"] = Field(
        default="W1", description="The layer that is perturbed, for start at_solution."
    )


class Data(Declared):
    """Inputs, shared by all replicates and rules: independent normal components unless given."""

    train_size: Samples = Field(
        default=1000, description="Training samples P; with online, samples per epoch."
    )
    test_size: Samples = Field(
        default=100, description="Test samples, drawn separately (paper: 100)."
    )
    input_std: Scale = Field(
        default=sqrt(0.5),
        description="Standard deviation of every input component (paper: 1/sqrt 2).",
    )
    online: bool = Field(
        default=False,
        description="Draw fresh samples for every batch. train_error is then measured on "
        "train_size held samples that no batch ever contains.",
    )
    inputs: DatasetId | None = Field(
        default=None,
        description="Id of a dataset with one's own inputs, array inputs (sample, input): the "
        "first train_size samples are for training, the next test_size for testing; input_std is "
        "then not used. null: drawn.",
    )
    covariance: DatasetId | None = Field(
        default=None,
        description="Id of a dataset with the covariance of the inputs, array covariance (input, "
        "input): they are drawn from a normal distribution with mean 0 and that covariance; "
        "input_std is then not used. null: input_std squared on the diagonal.",
    )


class Training(Declared):
    """How far and how fast to learn."""

    epochs: int = Field(
        default=1000,
        ge=1,
        le=1_000_000_000,
        description="Passes through the training samples; online: through as many fresh ones.",
    )
    batch_size: Samples | Literal["full"] = Field(
        default=10,
        description='Samples per update B, or "full" for all of them; the last batch of an epoch '
        "may be smaller.",
    )
    learning_rate: Scale = Field(
        default=0.1, description="Step of an epoch or of an update; dimensionless (paper: 0.1)."
    )
    learning_rate_scaling: Literal["per_epoch", "per_update"] = Field(
        default="per_epoch",
        description="per_epoch: an update steps by learning_rate * B / P, so that an epoch moves "
        "as far whatever the batch size; per_update: by learning_rate.",
    )
    norm_constraint: Literal["none", "layer", "row"] = Field(
        default="none",
        description="After every update rescale W1 and W2 to their initial Frobenius norms (layer, "
        "the paper's simulations), each of their rows (row), or nothing (none).",
    )
    retire: bool = Field(
        default=True,
        description="Rest a network that has converged to rounding: at a record its training error "
        "is below (100 machine epsilons)^2 of that of a silent network and 1e-8 of the largest it "
        "was, and falls no longer. Its curves are flat from there (retired_at_epoch says where), "
        "but for the window of order_parameter_q, in which every network is stepped. false: step "
        "to the end. A network that is no longer finite is never stepped again.",
    )


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
        if self.flips.site == "presynaptic":
            return self.inputs, self.hidden
        return self.hidden, self.outputs

    @property
    def flip_counts(self) -> tuple[int, int]:
        """How many neurons hidden and readout flips flip."""
        hidden, readout = self.flip_layers
        return self.flips.hidden.of(hidden), self.flips.readout.of(readout)

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
        _check_flips(self)
        _check_training(self)
        _check_measures(self)
        _check_data(self.data)
        if self.student.start == "at_solution":
            _check_start(self)
        return self


def _check_flips(spec: SimulationSpec) -> None:
    for layer, count, size in zip(
        ("hidden", "readout"), spec.flip_counts, spec.flip_layers, strict=True
    ):
        if count > size:
            limit = f"is more than the {size} neurons that {spec.flips.site} {layer} flips act on"
            raise out_of_limits(f"flips.{layer}.count", count, limit)


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


def _check_data(data: Data) -> None:
    if data.inputs is not None and data.covariance is not None:
        limit = "cannot go with data.inputs: inputs of one's own have a covariance already"
        raise out_of_limits("data.covariance", data.covariance, limit)
    if data.online and (data.inputs is not None or data.covariance is not None):
        limit = "draws fresh independent inputs; it cannot go with data.inputs or data.covariance"
        raise out_of_limits("data.online", True, limit)


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
