"""Teacher-student learning by gradient descent, curl descent and feedback alignment.

One parameterised kind for every simulation of Ninou, Kadmon and Cayco-Gajic, "Curl Descent:
Non-Gradient Learning Dynamics with Sign-Diverse Plasticity", NeurIPS 2025, arXiv:2510.02765.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core import curl_descent_measures as measures
from core import curl_descent_own_data as own_data
from core.charts.comparison import draw_learning_curves as draw_compared_curves
from core.charts.learning import draw_epochs_to_threshold, draw_learning_curves
from core.charts.measures import (
    draw_curl_fraction,
    draw_hidden_dimensionality,
    draw_lyapunov_convergence,
    draw_lyapunov_spectrum,
    without_curl_fraction,
    without_dimensionality,
    without_exponents,
)
from core.checkpoints import checkpoints
from core.columns import Column, columns_of
from core.curl_descent import SimulationSpec
from core.curl_descent_border import border
from core.curl_descent_networks import turned_uphill
from core.curl_descent_record import Record
from core.curl_descent_training import Data, Training
from core.dataset import DatasetSummary
from core.experiment import (
    Array,
    Dataset,
    Equation,
    Estimate,
    Figure,
    Kind,
    Metric,
    Overlay,
    Progress,
    Refused,
    Result,
    Row,
    Setting,
)
from core.kernels import costs
from core.kernels.activations import ACTIVATIONS
from core.kernels.clock import Clock
from core.kernels.curl_simulation import Curves, Simulation, simulated
from core.kernels.given import Given
from core.kernels.measures import (
    diverged,
    epochs_to_threshold,
    finite,
    largest,
    loss_ascent,
    record_epochs,
    smallest,
)
from core.kernels.networks import FlipCounts, Law
from core.kernels.snapshot import Keeper
from core.kernels.stack import CONSTRAINTS, Model

_LOOKED = (
    "over records, or over every epoch with record.exact_extrema; null if any error is not finite."
)

METRICS: Mapping[str, Metric] = {
    "final_train_error": Metric("Training error at the last record; null if not finite."),
    "final_test_error": Metric("Test error at the last record; null if not finite."),
    "min_train_error": Metric(f"Smallest training error {_LOOKED}"),
    "min_test_error": Metric(f"Smallest test error {_LOOKED}"),
    "max_train_error": Metric(f"Largest training error {_LOOKED}"),
    "max_test_error": Metric(f"Largest test error {_LOOKED}"),
    "epochs_to_threshold": Metric(
        "First recorded epoch with a test error below record.threshold; null if it never came "
        "(censored: leave it out of no mean without saying so).",
        unit="epochs",
        type="integer",
    ),
    "loss_ascent": Metric(
        f"How far the training error climbed: the largest (error - running minimum) {_LOOKED}"
    ),
    "order_parameter_q": Metric(
        "Temporal variance of the weights over the last epochs, relative to the variance over "
        "weights of their temporal means: about 0 is frozen, 1e-3 and above never settles. Null "
        "unless record.order_parameter_window is set."
    ),
    "converged": Metric(
        "Whether the test error is below record.threshold at the last record.", type="boolean"
    ),
    "diverged": Metric(
        "Whether a recorded error is not finite, or above 1e12. A network whose weights are no "
        "longer finite is not stepped again.",
        type="boolean",
    ),
    **measures.MEASURES,
}


def run(spec: SimulationSpec, inputs: Mapping[str, Dataset], progress: Progress) -> Result:
    """Every rule and replicate of the spec, from epoch 0 to the last."""
    simulation = _simulation(spec, own_data.given(spec, inputs))
    clock = Clock(progress, spec.training.epochs)
    places = checkpoints(progress)
    curves = simulated(simulation, clock, Keeper(places.kept(), places.keep))
    shape = (len(spec.rules), spec.replicates)
    axes = ("arm", "replicate", "record")
    arrays = {
        "epoch": Array(simulation.record, ("record",), "epochs"),
        "train_error": Array(curves.train_error.reshape(*shape, -1), axes),
        "test_error": Array(curves.test_error.reshape(*shape, -1), axes),
        "retired_at_epoch": Array(curves.retired_at.reshape(shape), axes[:2], "epochs"),
    }
    if spec.record.order_parameter_window:
        q = curves.order_parameter_q.reshape(shape)
        arrays["order_parameter_q"] = Array(q, axes[:2])
    if spec.record.exact_extrema:
        arrays |= {
            name: Array(values.reshape(shape), axes[:2])
            for name, values in _extrema(curves).items()
        }
    arrays |= measures.arrays(spec, curves.measured)
    clock.tick()
    warnings = _warnings(spec, curves)
    progress(1.0, epoch=float(spec.training.epochs), **clock.values)
    return Result(arrays, warnings)


def rows(spec: SimulationSpec, result: Result) -> tuple[Row, ...]:
    """One row per rule and replicate, replicates by their own numbers."""
    return tuple(row for arm in range(len(spec.rules)) for row in _rows_of(spec, result, arm))


def _rows_of(spec: SimulationSpec, result: Result, arm: int) -> Iterator[Row]:
    columns = _metrics(spec, result, arm)
    for r, values in enumerate(zip(*columns.values(), strict=True)):
        metrics = dict(zip(columns, values, strict=True))
        yield Row(spec.rules[arm], spec.replicate_offset + r, metrics)


def _metrics(
    spec: SimulationSpec, result: Result, arm: int
) -> Mapping[str, Sequence[float | int | bool | None]]:
    """The metrics of one rule, replicate by replicate."""
    train, test = result["train_error"][arm], result["test_error"][arm]
    measured: dict[str, NDArray[Any]] = {
        "min_train_error": smallest(train),
        "min_test_error": smallest(test),
        "max_train_error": largest(train),
        "max_test_error": largest(test),
        "loss_ascent": loss_ascent(train),
        "order_parameter_q": np.full(len(train), np.nan),
    }
    measured |= {name: result[name][arm] for name in measured if name in result.arrays}
    arrivals = epochs_to_threshold(result["epoch"], test, spec.record.threshold)
    return {
        "final_train_error": finite(train[:, -1]),
        "final_test_error": finite(test[:, -1]),
        **{name: finite(values) for name, values in measured.items()},
        "epochs_to_threshold": [None if epoch < 0 else epoch for epoch in arrivals.tolist()],
        "converged": (test[:, -1] < spec.record.threshold).tolist(),
        "diverged": (diverged(train) | diverged(test)).tolist(),
        **measures.metrics(spec, result, arm, measured["order_parameter_q"]),
    }


def _extrema(curves: Curves) -> Mapping[str, NDArray[Any]]:
    """The extrema of all epochs by the names of their metrics."""
    extrema = curves.extrema
    return {
        "min_train_error": extrema.lowest[0],
        "min_test_error": extrema.lowest[1],
        "max_train_error": extrema.highest[0],
        "max_test_error": extrema.highest[1],
        "loss_ascent": extrema.ascent,
    }


def estimate(spec: SimulationSpec, datasets: Mapping[str, DatasetSummary]) -> Estimate:
    """What the spec costs, from its sizes alone; refuses datasets that do not fit them."""
    given_bytes = own_data.check(spec, datasets)
    sizes = _sizes(spec)
    observing = measures.cost(spec, sizes)
    return Estimate(
        memory_bytes=costs.memory_bytes(sizes) + observing.memory_bytes + given_bytes,
        operations=costs.operations(sizes) + 2 * observing.multiply_adds,
        seconds=costs.seconds(sizes) + observing.seconds,
    )


def example() -> SimulationSpec:
    """Three replicates of a small network with everything measured: about a second."""
    return SimulationSpec(
        inputs=5,
        hidden=4,
        activation="relu",
        replicates=3,
        data=Data(train_size=50),
        training=Training(epochs=1500, batch_size="full", learning_rate=0.5),
        record=Record(
            points=60,
            threshold=0.005,
            order_parameter_window=100,
            hidden_dimensionality=True,
            trajectory_window=400,
            curl_fraction="records",
            conservation=True,
            lyapunov_exponents=24,
            lyapunov_window=400,
            weights="snapshots",
            probe_size=20,
        ),
    )


def _simulation(spec: SimulationSpec, given: Given) -> Simulation:
    hidden, readout = spec.flip_counts
    norms = spec.teacher.norms
    norm1 = norms.W1 if norms else None
    return Simulation(
        sizes=_sizes(spec),
        model=Model(
            ACTIVATIONS.index(spec.activation),
            ACTIVATIONS.index(spec.readout_activation),
            spec.output_error == "raw",
            CONSTRAINTS.index(spec.training.norm_constraint),
        ),
        rules=tuple(spec.rules),
        seed=spec.seed,
        first_replicate=spec.replicate_offset,
        teacher=Law(spec.teacher.distribution, spec.teacher.scale),
        teacher_norms=(
            sqrt(spec.teacher_hidden) if norm1 == "sqrt_hidden" else norm1,
            norms.W2 if norms else None,
        ),
        student=Law(spec.student.distribution, spec.student.scale),
        perturbation=spec.student.perturbation if spec.student.start == "at_solution" else None,
        perturbed_layer=spec.student.perturbation_layer,
        flips=FlipCounts(hidden, readout, spec.flips.site == "postsynaptic"),
        feedback_scale=spec.feedback_scale,
        input_std=spec.data.input_std,
        learning_rate=spec.training.learning_rate,
        per_epoch=spec.training.learning_rate_scaling == "per_epoch",
        record=record_epochs(spec.training.epochs, spec.record.points),
        retire=spec.training.retire,
        observation=measures.observation(spec),
        given=given,
    )


@lru_cache  # a sweep asks hundreds of times for the same
def _records(epochs: int, points: int) -> int:
    return len(record_epochs(epochs, points))


def _sizes(spec: SimulationSpec) -> costs.Sizes:
    return costs.Sizes(
        inputs=spec.inputs,
        hidden=spec.hidden,
        outputs=spec.outputs,
        teacher_hidden=spec.teacher_hidden,
        train=spec.data.train_size,
        test=spec.data.test_size,
        batch=spec.batch,
        epochs=spec.training.epochs,
        records=_records(spec.training.epochs, spec.record.points),
        window=spec.record.order_parameter_window,
        rules=len(spec.rules),
        replicates=spec.replicates,
        bytes_per_number=np.dtype(spec.precision).itemsize,
        linear=spec.activation == spec.readout_activation == "linear",
        online=spec.data.online,
        feedback=any("feedback_alignment" in rule for rule in spec.rules),
        flipped_layers=sum(count > 0 for count in spec.flip_counts)
        * any(rule.startswith("curl_") for rule in spec.rules),
        every_epoch=spec.record.exact_extrema,
    )


def _warnings(spec: SimulationSpec, curves: Curves) -> tuple[str, ...]:
    """What a reader of the numbers should know beforehand."""
    networks = len(spec.rules) * spec.replicates
    lost = np.count_nonzero(diverged(curves.test_error))
    finite_end = np.isfinite(curves.train_error[:, -1])
    resting = np.count_nonzero(finite_end & (curves.retired_at >= 0))
    short = spec.data.train_size % spec.batch
    messages = []
    if lost:
        messages.append(f"{lost} of {networks} networks diverged")
    if resting:
        messages.append(
            f"{resting} of {networks} networks converged to rounding and rested from there "
            "(retired_at_epoch; training.retire)"
        )
    messages += turned_uphill(spec.flips, spec.outputs, spec.flip_counts[1])
    if short:
        messages.append(f"the last batch of every epoch holds {short} samples, not {spec.batch}")
    return (*messages, *measures.warnings(spec))


def _columns() -> tuple[Column, ...]:
    def flipped(layer: int) -> Column:
        return Column(
            ("hidden_fraction", "readout_fraction")[layer],
            "number",
            lambda spec: spec.flip_counts[layer] / spec.flip_layers[layer],
        )

    return columns_of(
        SimulationSpec,
        rename={
            "data_train_size": "train_size",
            "training_learning_rate": "learning_rate",
            "training_epochs": "epochs",
        },
        derived=(
            Column("compression_ratio", "number", lambda spec: spec.inputs / spec.hidden),
            flipped(0),
            flipped(1),
            Column("batch_size", "integer", lambda spec: spec.batch),
            Column("teacher_hidden", "integer", lambda spec: spec.teacher_hidden),
        ),
    )


def _layer_sizes(compression_ratio: Any, given: Mapping[str, float]) -> dict[str, Any]:
    """M = int(n / (1 + 1/c)) inputs and N = int(n / (1 + c)) hidden neurons of n in all."""
    total = given["total_neurons"]
    if isinstance(compression_ratio, bool) or not isinstance(compression_ratio, int | float):
        raise Refused("compression_ratio", compression_ratio, "must be a number above 0")
    if not compression_ratio > 0:
        raise Refused("compression_ratio", compression_ratio, "must be above 0")
    return {
        "inputs": int(total / (1 + 1 / compression_ratio)),
        "hidden": int(total / (1 + compression_ratio)),
    }


SETTINGS = {
    "compression_ratio": Setting(_layer_sizes, needs=("total_neurons",)),
    "hidden_fraction": Setting(lambda value, _: {"flips.hidden": {"fraction": value}}),
    "readout_fraction": Setting(lambda value, _: {"flips.readout": {"fraction": value}}),
    "batch_size": Setting(lambda value, _: {"training.batch_size": value}),
}

KIND = Kind(
    name="curl_descent.simulation",
    version=2,
    summary="Teacher-student learning by gradient descent, curl descent and feedback alignment: "
    "learning curves, epochs to a threshold, loss ascent and whether the weights settle.",
    spec=SimulationSpec,
    columns=_columns(),
    metrics=METRICS,
    figures={
        "learning_curves": Figure(
            "Test error against epochs, median and band over replicates, one colour per rule.",
            draw_learning_curves,
        ),
        "epochs_to_threshold": Figure(
            "Epochs to the threshold by rule; lines join the networks of one replicate, and those "
            "that never got there are shown at the top.",
            draw_epochs_to_threshold,
        ),
        "lyapunov_spectrum": Figure(
            "Lyapunov exponents of every network from the largest down, with three standard "
            "errors; where record.lyapunov_exponents asks for them.",
            draw_lyapunov_spectrum,
            without_exponents,
        ),
        "lyapunov_convergence": Figure(
            "Running mean of the largest Lyapunov exponent of every network.",
            draw_lyapunov_convergence,
            without_exponents,
        ),
        "hidden_dimensionality": Figure(
            "Participation ratio of the hidden activity against epochs; where "
            "record.hidden_dimensionality asks for it.",
            draw_hidden_dimensionality,
            without_dimensionality,
        ),
        "curl_fraction": Figure(
            "Curl fraction of the update field against epochs; where record.curl_fraction is "
            "records.",
            draw_curl_fraction,
            without_curl_fraction,
        ),
    },
    references=(
        "H. Ninou, J. Kadmon, N. A. Cayco-Gajic. Curl Descent: Non-Gradient Learning Dynamics with "
        "Sign-Diverse Plasticity. NeurIPS 2025, arXiv:2510.02765.",
    ),
    equations=(
        Equation(
            "Student and loss; the teacher, of the same form with fixed weights, gives y",
            r"\hat{y} = \psi(W_2\, \phi(W_1 x)), \qquad e = \hat{y} - y, \qquad C = \frac{1}{2P} "
            r"\sum_{p=1}^{P} \lVert e_p \rVert^2",
        ),
        Equation(
            "A step on a batch of B samples, with D diagonal: -1 where a neuron is rule-flipped, "
            "else 1. Without flips it is gradient descent",
            r"\Delta W_2 = -\frac{\eta}{B}\, \delta_2 h^{\top} D_2, \qquad \Delta W_1 = "
            r"-\frac{\eta}{B}\, \delta_1 x^{\top} D_1, \qquad \delta_2 = e\, \psi'(a_2), \qquad "
            r"\delta_1 = (W_2^{\top} \delta_2)\, \phi'(a_1)",
        ),
        Equation(
            "Constant under the flow, for every hidden neuron of a linear or ReLU network "
            "without norm constraint",
            r"Q_i = \sum_j (D_1)_{jj} (W_1)_{ij}^2 - (D_2)_{ii} \sum_k (W_2)_{ki}^2",
        ),
    ),
    beware=(
        "Errors carry the factor 1/2 of the loss, and so do thresholds on them.",
        "`epochs_to_threshold` is null where the threshold was never reached: such runs are "
        "censored, and a mean without them is too small.",
        "Extremes are over recorded epochs unless `record.exact_extrema` asks for all of them.",
        "Theory of stability is for linear networks without norm constraint; with norm `layer` a "
        "student much smaller than its teacher cannot express it.",
    ),
    run=run,
    rows=rows,
    estimate=estimate,
    example=example,
    datasets=own_data.datasets,
    settings=SETTINGS,
    border=border,
    overlays={
        "learning_curves": Overlay(
            "Median test error against epochs, one colour per experiment, one dash per rule.",
            draw_compared_curves,
        ),
    },
    # "c < 0.3 and error < 1e-6, grouped by the fraction flipped", answered from the index alone.
    indexes=(
        ("compression_ratio", "final_test_error", "readout_fraction"),
        ("final_test_error", "compression_ratio"),
    ),
)
