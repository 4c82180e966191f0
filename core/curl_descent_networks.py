"""The networks of a curl-descent simulation, in its spec: the student, its teacher, its flips."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from core.experiment import Declared
from core.kernels.draws import Distribution
from core.limits import MAX_SCALE, Fraction, Scale, out_of_limits
from core.session_spec import DatasetId

Rule = Literal["gradient_descent", "curl_descent", "feedback_alignment", "curl_feedback_alignment"]
Activation = Literal["linear", "tanh", "relu", "sigmoid"]
Site = Literal["presynaptic", "postsynaptic"]

MAX_NEURONS = 100_000

Neurons = Annotated[int, Field(ge=1, le=MAX_NEURONS)]


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
        return flipped(self.fraction or 0.0, neurons)


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
    site: Site = Field(
        default="presynaptic",
        description="Whether a synapse takes its sign from the neuron before it (the paper's "
        "choice, as in Dale's law) or the one after it. A postsynaptic flip of the only output "
        "turns all of W2 up the gradient.",
    )

    def layers(self, inputs: int, hidden: int, outputs: int) -> tuple[int, int]:
        """How many neurons hidden flips and readout flips choose from, in a network of these."""
        return flip_layers(self.site, inputs, hidden, outputs)

    def counts(self, layers: tuple[int, int]) -> tuple[int, int]:
        """How many neurons of these layers hidden and readout flips flip."""
        hidden, readout = layers
        return self.hidden.of(hidden), self.readout.of(readout)


def flipped(fraction: float, neurons: int) -> int:
    """How many neurons a fraction of a layer is."""
    return int(fraction * neurons + 1e-9)


def flip_layers(site: Site, inputs: int, hidden: int, outputs: int) -> tuple[int, int]:
    """How many neurons hidden flips and readout flips choose from."""
    return (inputs, hidden) if site == "presynaptic" else (hidden, outputs)


def check_flips(site: Site, counts: tuple[int, int], sizes: tuple[int, int], field: str) -> None:
    """Refuse to flip more neurons than a layer has; `{layer}` in the field stands for its name."""
    for layer, count, size in zip(("hidden", "readout"), counts, sizes, strict=True):
        if count > size:
            limit = f"is more than the {size} neurons that {site} {layer} flips act on"
            raise out_of_limits(field.format(layer=layer), count, limit)


def turned_uphill(flips: Flips, outputs: int, flipped: int) -> tuple[str, ...]:
    """A warning where the only output is among the flipped ones of the readout."""
    if flips.site == "postsynaptic" and outputs == flipped == 1:
        return ("the only output is flipped: all of W2 climbs the gradient under the curl rules",)
    return ()


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
