"""What the networks of a curl-descent simulation learn from, and how, in its spec."""

from math import sqrt
from typing import Annotated, Literal

from pydantic import Field

from core.experiment import Declared
from core.limits import Scale, out_of_limits
from core.session_spec import DatasetId

MAX_SAMPLES = 10_000_000

Samples = Annotated[int, Field(ge=1, le=MAX_SAMPLES)]


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
        "but for the window of order_parameter_q, in which every network is stepped and none "
        "begins to rest. false: step to the end. A network that is no longer finite is never "
        "stepped again.",
    )


def check_data(data: Data) -> None:
    """Refuse inputs that come from two places."""
    if data.inputs is not None and data.covariance is not None:
        limit = "cannot go with data.inputs: inputs of one's own have a covariance already"
        raise out_of_limits("data.covariance", data.covariance, limit)
    if data.online and (data.inputs is not None or data.covariance is not None):
        limit = "draws fresh independent inputs; it cannot go with data.inputs or data.covariance"
        raise out_of_limits("data.online", True, limit)
