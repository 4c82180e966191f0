"""The spec of the two-synapse network: its parts, their documentation and their limits."""

from typing import Annotated, Literal

from pydantic import Field, Strict

from core.experiment import MAX_INTEGER, Declared, Spec
from core.kernels.toy_flow import FLIPPED_SIGNS, Signs

MAX_STARTS = 10_000

Weight = Annotated[float, Field(ge=-1000, le=1000)]
Start = Annotated[tuple[Weight, Weight], Strict(False)]


class RandomStarts(Declared):
    """Starts drawn evenly over a disc around the origin."""

    random: int = Field(
        default=100,
        ge=1,
        le=MAX_STARTS,
        description="Number of starts; more starts keep those of fewer.",
    )
    radius: float = Field(
        default=2.0, gt=0, le=1000, description="Radius of the disc, in units of the weights."
    )


class ToySpec(Spec):
    """Gradient descent and curl descent from the same starts, in a network of two synapses.

    y_hat = w1 w2 x learns y = x; with e = w1 w2 - 1 gradient descent is w1' = -w2 e, w2' = -w1 e
    and a flipped neuron changes the sign of its equation. Solutions are the two branches of the
    hyperbola w1 w2 = 1; the other fixed point is the origin. The loss is input_variance e^2 / 2.
    Time counts in units of 1 / learning rate. Trajectories, times and periods are exact. In the
    result `outcome` is 0 for a start that converges to a stable solution, 1 marginal (to a
    half-stable solution, as 1 / time), 2 rotates for ever, 3 ends at the origin, 4 stays on an
    unstable solution, 5 escapes to infinity; `basin` is +1 or -1 where the solution reached has
    positive or negative weights, 0 where none is reached.
    """

    flipped: Literal["readout", "hidden", "both", "none"] = Field(
        default="readout",
        description="Neurons whose synapses climb the gradient under curl descent: the readout's "
        "synapse w2 (half of the solutions become unstable), the hidden one's w1 (the other "
        "half), both (gradient ascent) or none (gradient descent).",
    )
    starts: Annotated[list[Start], Field(min_length=1, max_length=MAX_STARTS)] | RandomStarts = (
        Field(
            default=RandomStarts(),
            description="Initial weights: a list of [w1, w2], or random ones.",
        )
    )
    duration: float = Field(
        default=20.0,
        gt=0,
        le=1e6,
        description="Time that the trajectories cover, in units of 1 / learning rate. What becomes "
        "of a start, and when, is told for all time.",
    )
    points: int = Field(
        default=401, ge=2, le=10_001, description="Moments on each trajectory, evenly spaced."
    )
    input_variance: float = Field(
        default=1.0,
        gt=0,
        le=1e6,
        description="Variance of the input x; times are shorter and losses larger by as much.",
    )
    tolerance: float = Field(
        default=1e-3,
        ge=1e-9,
        le=0.5,
        description="A start has converged when |w1 w2 - 1| stays at or below this.",
    )
    extent: float = Field(
        default=2.5,
        ge=1.0,
        le=1000,
        description="The vector field and the basins cover weights from -extent to extent.",
    )
    grid_points: int = Field(
        default=41, ge=2, le=1001, description="Points of that grid along each weight."
    )
    seed: int = Field(default=0, ge=0, le=MAX_INTEGER, description="Seed of the random starts.")

    @property
    def signs(self) -> tuple[Signs, Signs]:
        """The signs of both rules, in the order of the arms."""
        return FLIPPED_SIGNS["none"], FLIPPED_SIGNS[self.flipped]

    @property
    def count(self) -> int:
        """The number of starts."""
        return len(self.starts) if isinstance(self.starts, list) else self.starts.random
