"""What a simulation measures on request, beside its errors: metrics, arrays and their cost."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.curl_descent import SimulationSpec
from core.experiment import Array, Metric, Result
from core.kernels import measure_costs
from core.kernels.conservation import LAWFUL
from core.kernels.costs import Sizes
from core.kernels.lyapunov import BLOCKS, block_epochs, chaotic, first_nonzero
from core.kernels.measures import finite
from core.kernels.observation import Observation
from core.kernels.observers import Measured

Values = Sequence[float | int | bool | None]

MEASURES: Mapping[str, Metric] = {
    "lyapunov_max": Metric(
        "Largest Lyapunov exponent of the full-batch update, norm constraint included; 0 for a "
        "converged network with more weights than it needs. Null unless "
        "record.lyapunov_exponents is set.",
        unit="1/epoch",
    ),
    "lyapunov_max_error": Metric(
        f"Standard error of lyapunov_max over {BLOCKS} blocks of epochs.", unit="1/epoch"
    ),
    "lyapunov_first_nonzero": Metric(
        "The largest of the measured exponents that is told from 0: beyond three standard errors, "
        "and changing a distance more than e-fold in the epochs it was measured in. Null if none.",
        unit="1/epoch",
    ),
    "chaotic": Metric(
        "Whether lyapunov_max exceeds three standard errors, separates neighbours more than e-fold "
        "in the epochs it was measured in, and order_parameter_q exceeds 1e-6. Null unless both "
        "are measured.",
        type="boolean",
    ),
    "curl_fraction": Metric(
        "Share of rotation in the update field after the last epoch: ||(J - J^T)/2||_F / ||J||_F, "
        "0 for gradient descent. Null unless record.curl_fraction is set."
    ),
    "hidden_dimensionality": Metric(
        "Participation ratio of the hidden activity on the test inputs at the last record. Null "
        "unless record.hidden_dimensionality is set, or if nothing varies."
    ),
    "trajectory_dimensionality": Metric(
        "Participation ratio of the weights' path over record.trajectory_window, from evenly "
        "spaced snapshots. Null unless that is set, or if no weight moves."
    ),
    "conservation_drift": Metric(
        "How far the conserved quantities Q_i have drifted by the last record: ||Q(t) - Q(0)|| "
        "relative to the norm over hidden neurons of sum_j W1_ij^2 + sum_k W2_ki^2 at the start; "
        "of first order in the step. Null unless record.conservation is set and the law holds."
    ),
}


def observation(spec: SimulationSpec) -> Observation:
    """What a spec wants to be looked at."""
    record = spec.record
    return Observation(
        weights=record.weights,
        probes=record.probe_size,
        hidden_dimensionality=record.hidden_dimensionality,
        trajectory_window=record.trajectory_window,
        trajectory_points=record.points,
        curl_fraction=record.curl_fraction,
        conservation=record.conservation and _lawful(spec),
        lyapunov_exponents=record.lyapunov_exponents,
        lyapunov_window=record.exponents_over(spec.training.epochs),
    )


def cost(spec: SimulationSpec, sizes: Sizes) -> measure_costs.Cost:
    """What all of it costs."""
    return measure_costs.cost(sizes, observation(spec))


def arrays(spec: SimulationSpec, measured: Mapping[str, Measured]) -> dict[str, Array]:
    """What was measured, by rule and replicate."""
    shape = (len(spec.rules), spec.replicates)
    return {
        name: Array(values.reshape(*shape, *values.shape[1:]), ("arm", "replicate", *axes), unit)
        for name, (values, axes, unit) in measured.items()
    }


def metrics(spec: SimulationSpec, result: Result, arm: int, q: NDArray[Any]) -> dict[str, Values]:
    """The metrics of one rule, replicate by replicate."""
    nothing = np.full(spec.replicates, np.nan)
    records = len(result["epoch"])
    last = {
        name: _last(result[name][arm], records) if name in result.arrays else nothing
        for name in (
            "curl_fraction",
            "hidden_dimensionality",
            "trajectory_dimensionality",
            "conservation_drift",
        )
    }
    return {name: finite(values) for name, values in last.items()} | _exponents(
        spec, result, arm, q
    )


def warnings(spec: SimulationSpec) -> list[str]:
    """Why something that was asked for cannot be measured."""
    if not spec.record.conservation or (_lawful(spec) and not _aligned(spec)):
        return []
    return [
        "conservation_drift is null where nothing is conserved: that takes linear or relu hidden "
        "units, training.norm_constraint none, and a rule that is not one of feedback alignment"
    ]


def _lawful(spec: SimulationSpec) -> bool:
    """Whether there are conserved quantities for the rules that send errors through W2."""
    return spec.activation in LAWFUL and spec.training.norm_constraint == "none"


def _aligned(spec: SimulationSpec) -> bool:
    return any("feedback_alignment" in rule for rule in spec.rules)


def _last(values: NDArray[Any], records: int) -> NDArray[Any]:
    """The last record of "replicates" or "replicates records"."""
    return values if values.ndim == 1 else values[:, records - 1]


def _exponents(
    spec: SimulationSpec, result: Result, arm: int, q: NDArray[Any]
) -> dict[str, Values]:
    names = ("lyapunov_max", "lyapunov_max_error", "lyapunov_first_nonzero", "chaotic")
    if "lyapunov_exponents" not in result.arrays:
        return {name: [None] * spec.replicates for name in names}
    mean = result["lyapunov_exponents"][arm]
    error = result["lyapunov_standard_errors"][arm]
    counted = BLOCKS * block_epochs(spec.record.exponents_over(spec.training.epochs))
    known = np.isfinite(mean[:, 0]) & np.isfinite(q)
    verdicts = chaotic(mean[:, 0], error[:, 0], q, counted).tolist()
    return dict(
        zip(
            names,
            (
                finite(mean[:, 0]),
                finite(error[:, 0]),
                finite(first_nonzero(mean, error, counted)),
                [flag if sure else None for flag, sure in zip(verdicts, known, strict=True)],
            ),
            strict=True,
        )
    )
