"""The spec of the phase diagram of solution manifolds: parts, documentation and limits."""

from pydantic import ConfigDict, Field, model_validator

from core.curl_stability import KAPPA, CompressionRatio, Kappa
from core.experiment import MAX_INTEGER, Declared, Spec
from core.limits import out_of_limits


class Ratios(Declared):
    """Values of the compression ratio, evenly spaced in its logarithm."""

    model_config = ConfigDict(serialize_by_alias=True)

    from_: CompressionRatio = Field(
        default=0.001, alias="from", description="Smallest compression ratio (paper: 0.001)."
    )
    to: CompressionRatio = Field(
        default=100.0, description="Largest compression ratio (paper: 100)."
    )
    points: int = Field(
        default=500, ge=2, le=100_000, description="Number of compression ratios (paper: 500)."
    )


class Joint(Declared):
    """Flips in both layers at once, at one compression ratio."""

    compression_ratio: CompressionRatio = Field(
        default=0.2, description="Compression ratio c, inputs / hidden neurons."
    )
    points: int = Field(
        default=500,
        ge=2,
        le=2000,
        description="Fractions from 0 to 1 along each of the two axes.",
    )


class Simulated(Declared):
    """A coarse grid of sampled networks to lay over the theory, judged by their own rates.

    What learning makes of such networks is a sweep of curl_descent.simulation, whose heat map has
    the critical line in it.
    """

    ratios: int = Field(
        default=11,
        ge=2,
        le=100,
        description="Compression ratios, evenly spaced in the logarithm over the diagram.",
    )
    fractions: int = Field(
        default=11, ge=2, le=100, description="Fractions of flipped neurons from 0 to 1."
    )
    neurons: int = Field(
        default=50,
        ge=2,
        le=1000,
        description="Neurons of the smaller one of the two layers, inputs or hidden neurons.",
    )
    draws: int = Field(default=5, ge=1, le=1000, description="Networks at each compression ratio.")


class PhaseDiagramSpec(Spec):
    """How many flipped neurons the solutions of large linear networks bear, by compression ratio.

    For flips in the hidden layer alone and in the readout alone the critical fractions are closed
    forms; joint flips give a surface. Presynaptic flips, one output. Reference: Ninou, Kadmon and
    Cayco-Gajic, NeurIPS 2025, arXiv:2510.02765, figure 2.
    """

    compression_ratio: Ratios = Field(
        default=Ratios(), description="Compression ratios of the critical lines."
    )
    kappa: Kappa = Field(default=1.0, description=KAPPA)
    joint: Joint | None = Field(
        default=None, description="The surface of joint flips; null: not computed."
    )
    simulated: Simulated | None = Field(
        default=None, description="Sampled networks to compare with; null: none."
    )
    seed: int = Field(default=0, ge=0, le=MAX_INTEGER, description="Seed of the sampled networks.")

    @model_validator(mode="after")
    def _ratios_ascend(self) -> "PhaseDiagramSpec":
        ratios = self.compression_ratio
        if ratios.from_ >= ratios.to:
            limit = f"must be below compression_ratio.to, {ratios.to:g}"
            raise out_of_limits("compression_ratio.from", ratios.from_, limit)
        return self
