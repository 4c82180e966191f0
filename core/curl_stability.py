"""The spec of the stability of a solution manifold: parts, documentation and limits."""

from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from core.curl_descent_networks import Site, check_flips, flip_layers, flipped
from core.experiment import MAX_INTEGER, Declared, Spec
from core.kernels.networks import FlipCounts, Layers
from core.limits import Fraction, out_of_limits
from core.session_spec import DatasetId

LEAST_RATIO, MOST_RATIO = 1e-4, 1e4
LEAST_KAPPA, MOST_KAPPA = 1e-3, 1e3
MOST_ROWS = 2000  # of a matrix to diagonalise: one second, in which no cancellation is heard


def _ratio(c: float) -> float:
    if c <= 0:
        raise ValueError(f"{c:g} is no compression ratio: inputs / hidden neurons is above 0")
    if not LEAST_RATIO <= c <= MOST_RATIO:
        raise ValueError(f"the compression ratio {c:g} must be from {LEAST_RATIO} to {MOST_RATIO}")
    return c


def _kappa(kappa: float) -> float:
    if kappa <= 0:
        raise ValueError(f"{kappa:g} is no ratio of squared norms, ||W2||^2 / (M Var W1): above 0")
    if not LEAST_KAPPA <= kappa <= MOST_KAPPA:
        raise ValueError(f"kappa {kappa:g} must be from {LEAST_KAPPA} to {MOST_KAPPA}")
    return kappa


CompressionRatio = Annotated[
    float,
    AfterValidator(_ratio),
    Field(json_schema_extra={"minimum": LEAST_RATIO, "maximum": MOST_RATIO}),
]
Kappa = Annotated[
    float,
    AfterValidator(_kappa),
    Field(json_schema_extra={"minimum": LEAST_KAPPA, "maximum": MOST_KAPPA}),
]

KAPPA = (
    "kappa = ||W2||^2 / (M Var W1), how strong the readout is beside the hidden layer; 1 when one "
    "scale draws both."
)


class InputCovariance(Declared):
    """Correlated inputs: a power law, or a covariance of one's own."""

    exponent: float = Field(
        default=1.0,
        ge=0,
        le=10,
        description="Eigenvalues of the input covariance are proportional to rank^-exponent, with "
        "mean 1 and directions drawn at random; 0: white. Natural images are near 1.",
    )
    dataset: DatasetId | None = Field(
        default=None,
        description="Id of a dataset with the covariance of the sampled inputs, array covariance "
        "(input, input); it is scaled to a mean variance of 1, and exponent is then not used. "
        "null: the power law.",
    )


class Empirical(Declared):
    """Networks to sample beside the theory."""

    inputs: int = Field(
        default=400,
        ge=2,
        le=MOST_ROWS,
        description="Inputs M of the sampled networks; they have round(M / compression_ratio) "
        "hidden neurons.",
    )
    draws: int = Field(default=5, ge=1, le=1000, description="Networks to sample.")
    hidden_count: int | None = Field(
        default=None,
        ge=0,
        le=MAX_INTEGER,
        description="Neurons whose flips act on W1, at most the layer's; null: "
        "floor(hidden_fraction * n + 1e-9). One flip is no fraction of an infinite layer, but may "
        "destabilise a finite one.",
    )
    readout_count: int | None = Field(
        default=None,
        ge=0,
        le=MAX_INTEGER,
        description="Neurons whose flips act on W2, at most the layer's; null: "
        "floor(readout_fraction * n + 1e-9).",
    )


class StabilitySpec(Spec):
    """Whether the solutions of a linear network are stable when a part of its neurons is flipped.

    The rates at which errors decay on the solution manifold are the eigenvalues of
    A = ||W2||^2 D1 + W1^T D2 W1, in units of M Var W1 and of the input variance: their density and
    edges in large networks by free probability, and beside it those of sampled networks. The
    manifold is stable where the left edge is positive. Reference: Ninou, Kadmon and Cayco-Gajic,
    NeurIPS 2025, arXiv:2510.02765.
    """

    compression_ratio: CompressionRatio = Field(
        default=0.3,
        description="Inputs / hidden neurons c; below 1 the network is expansive.",
    )
    hidden_fraction: Fraction = Field(
        default=0.5,
        description="Fraction alpha_h of flipped neurons that act on W1: of the inputs, or of the "
        "hidden neurons where site is postsynaptic.",
    )
    readout_fraction: Fraction = Field(
        default=0.0,
        description="Fraction alpha_r of flipped neurons that act on W2: of the hidden neurons, or "
        "of the outputs where site is postsynaptic.",
    )
    kappa: Kappa = Field(
        default=1.0, description=f"{KAPPA} With K outputs, ||W2||^2 / K takes its place."
    )
    site: Site = Field(
        default="presynaptic",
        description="Whether a synapse takes its sign from the neuron before it (the paper's "
        "choice) or the one after it. Theory is known for presynaptic flips alone.",
    )
    outputs: int = Field(
        default=1,
        ge=1,
        le=100,
        description="Output neurons K; theory is known for one alone.",
    )
    input_covariance: InputCovariance | None = Field(
        default=None,
        description="Covariance of the inputs; null: white. It changes every rate, but for "
        "presynaptic flips no sign and so no verdict (Sylvester).",
    )
    empirical: Empirical | None = Field(
        default=Empirical(), description="Networks to sample; null: theory alone."
    )
    seed: int = Field(default=0, ge=0, le=MAX_INTEGER, description="Seed of the sampled networks.")

    @property
    def has_theory(self) -> bool:
        """Whether free probability says if such networks are stable."""
        return self.site == "presynaptic" and self.outputs == 1

    @property
    def has_density(self) -> bool:
        """Whether it also says how their rates are spread."""
        return self.has_theory and self.input_covariance is None

    @property
    def rows(self) -> int:
        """Of the largest matrix to diagonalise, for one sampled network."""
        if self.empirical is None:
            return 0
        joined = self.site == "postsynaptic" and self.input_covariance is not None
        return self.empirical.inputs * (self.outputs if joined else 1)

    @model_validator(mode="after")
    def _fits_together(self) -> "StabilitySpec":
        if self.empirical is not None:
            _check_networks(self, layers_of(self, self.empirical))
            _check_counts(self, self.empirical)
        elif not self.has_theory:
            limit = (
                "leaves nothing to compute: theory is known for presynaptic flips and one output "
                "alone, so sample networks"
            )
            raise out_of_limits("empirical", None, limit)
        return self


def layers_of(spec: StabilitySpec, empirical: Empirical) -> Layers:
    """The sizes of the sampled networks."""
    hidden = round(empirical.inputs / spec.compression_ratio)
    return Layers(empirical.inputs, hidden, spec.outputs)


def flips_of(spec: StabilitySpec, empirical: Empirical) -> FlipCounts:
    """How many of their neurons are flipped."""
    hidden, readout = sizes_of(spec, layers_of(spec, empirical))
    return FlipCounts(
        _count(empirical.hidden_count, spec.hidden_fraction, hidden),
        _count(empirical.readout_count, spec.readout_fraction, readout),
        spec.site == "postsynaptic",
    )


def sizes_of(spec: StabilitySpec, layers: Layers) -> tuple[int, int]:
    """How many neurons hidden flips and readout flips choose from."""
    return flip_layers(spec.site, layers.inputs, layers.hidden, layers.outputs)


def _count(count: int | None, fraction: float, neurons: int) -> int:
    return flipped(fraction, neurons) if count is None else count


def _check_networks(spec: StabilitySpec, layers: Layers) -> None:
    if layers.hidden < 1:
        limit = (
            f"leave no hidden neuron at a compression ratio of {spec.compression_ratio:g}; sample "
            f"at least {int(spec.compression_ratio / 2) + 1}"
        )
        raise out_of_limits("empirical.inputs", layers.inputs, limit)
    if layers.hidden < min(layers.inputs, layers.outputs):
        limit = (
            f"is more than the {layers.hidden} hidden neurons of the sampled networks, themselves "
            f"fewer than the {layers.inputs} inputs: such a bottleneck has directions of error "
            "that no weight can mend, with or without flips"
        )
        raise out_of_limits("outputs", spec.outputs, limit)
    if spec.rows > MOST_ROWS:
        limit = (
            f"makes one matrix of {spec.rows} rows (inputs times outputs) for postsynaptic flips "
            f"and correlated inputs; at most {MOST_ROWS}"
        )
        raise out_of_limits("outputs", spec.outputs, limit)


def _check_counts(spec: StabilitySpec, empirical: Empirical) -> None:
    flips, sizes = flips_of(spec, empirical), sizes_of(spec, layers_of(spec, empirical))
    check_flips(spec.site, (flips.hidden, flips.readout), sizes, "empirical.{layer}_count")
    if flips.postsynaptic and spec.outputs == 1 and (flips.readout or spec.readout_fraction):
        limit = (
            "cannot flip a part of one output, and flipping the only output sends all of W2 up the "
            "gradient; for postsynaptic readout flips have more outputs"
        )
        field, value = "readout_fraction", spec.readout_fraction
        if empirical.readout_count:
            raise out_of_limits("empirical.readout_count", empirical.readout_count, limit)
        raise out_of_limits(field, value, limit)
