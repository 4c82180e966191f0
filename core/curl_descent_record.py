"""What to keep of a simulation: its part of the spec, and the limits between its fields."""

from typing import Literal

from pydantic import Field

from core.experiment import Declared
from core.kernels.lyapunov import LEAST_WINDOW
from core.limits import Scale, out_of_limits

MAX_EXPONENTS = 100
MAX_PROBES = 100_000
MAX_TANGENT_NUMBERS = 2**25  # of one network's tangent vectors; orthonormal by one long call


class Record(Declared):
    """What to keep of a run."""

    points: int = Field(
        default=100,
        ge=2,
        le=10_000,
        description="Largest number of records: epoch 0 and rounded geometric epochs from 1 to the "
        "last, each once.",
    )
    threshold: Scale = Field(
        default=0.001, description="Test error below which a network counts as trained."
    )
    order_parameter_window: int = Field(
        default=0,
        ge=0,
        le=1_000_000_000,
        description="Last epochs T_q over which order_parameter_q is taken (paper: 1000), at least "
        "2; 0: not measured.",
    )
    exact_extrema: bool = Field(
        default=False,
        description="Measure errors after every epoch, so that smallest and largest errors and "
        "loss_ascent are those of all epochs and not of the recorded ones.",
    )
    hidden_dimensionality: bool = Field(
        default=False,
        description="Measure at every record how many dimensions the hidden activity on the test "
        "inputs fills: the participation ratio of its covariance, at most test_size - 1.",
    )
    trajectory_window: int = Field(
        default=0,
        ge=0,
        le=1_000_000_000,
        description="Last epochs over which trajectory_dimensionality is measured, from as many "
        "evenly spaced snapshots of the weights as there may be records; 0: not measured.",
    )
    curl_fraction: Literal["none", "final", "records"] = Field(
        default="none",
        description="Measure the curl fraction of the update field on the whole training set, the "
        "norm constraint left out: after the last epoch (final) or at every record (records).",
    )
    conservation: bool = Field(
        default=False,
        description="Measure at every record how far the conserved quantities of the hidden "
        "neurons have drifted; they exist for linear and relu hidden units, norm_constraint none "
        "and errors that travel back through W2.",
    )
    lyapunov_exponents: int = Field(
        default=0,
        ge=0,
        le=MAX_EXPONENTS,
        description=f"How many Lyapunov exponents to measure, the largest first, at most "
        f"{MAX_EXPONENTS}; for full batches alone. 0: none.",
    )
    lyapunov_window: int | None = Field(
        default=None,
        ge=LEAST_WINDOW,
        le=1_000_000_000,
        description="Last epochs that exponents are measured in; the first tenth of them aligns "
        "the tangent vectors. null: the last half of training.epochs.",
    )
    weights: Literal["none", "final", "snapshots"] = Field(
        default="none",
        description="Keep the weights of every network: after the last epoch (final) or at every "
        "record (snapshots), as arrays W1 and W2.",
    )
    probe_size: int = Field(
        default=0,
        ge=0,
        le=MAX_PROBES,
        description="Keep the hidden activity at every record on so many of the test inputs, the "
        "first ones, as array hidden_activity; at most data.test_size.",
    )

    def exponents_over(self, epochs: int) -> int:
        """The last epochs that exponents are measured in, of so many."""
        return self.lyapunov_window or max(LEAST_WINDOW, epochs // 2)


def check_record(record: Record, *, epochs: int) -> None:
    """Refuse windows that do not fit into the epochs."""
    window = record.order_parameter_window
    if window == 1 or window > epochs:
        limit = f"must be 0, or from 2 to the {epochs} epochs of training.epochs"
        raise out_of_limits("record.order_parameter_window", window, limit)
    window = record.trajectory_window
    if window == 1 or window > epochs:
        limit = f"must be 0, or from 2 to the {epochs} epochs of training.epochs"
        raise out_of_limits("record.trajectory_window", window, limit)
    window = record.exponents_over(epochs)
    if record.lyapunov_exponents and not LEAST_WINDOW <= window <= epochs:
        limit = (
            f"must be from {LEAST_WINDOW} to the {epochs} epochs of training.epochs, so that "
            "blocks of epochs give a standard error"
        )
        raise out_of_limits("record.lyapunov_window", window, limit)
