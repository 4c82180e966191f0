"""The curl of plasticity rules: why sign-diverse plasticity follows no gradient.

The motivating case of Ninou, Kadmon and Cayco-Gajic, "Curl Descent: Non-Gradient Learning Dynamics
with Sign-Diverse Plasticity", NeurIPS 2025, arXiv:2510.02765.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from math import sqrt

import numpy as np

from core.charts.curl_fraction import draw_curl_fraction
from core.checkpoints import ledger
from core.columns import Column, columns_of
from core.curl_descent_networks import turned_uphill
from core.dataset import DatasetSummary
from core.experiment import (
    Array,
    Dataset,
    Equation,
    Estimate,
    Figure,
    Kind,
    Metric,
    Progress,
    Result,
    Row,
)
from core.kernels import curl_fraction as kernel
from core.kernels.curl_fraction import UpdateField, curl_fraction
from core.kernels.derivatives import derivatives
from core.kernels.draws import Role, draw_signs, draw_weights, fill, generator
from core.kernels.hebbian_curl import Floats, activity_covariance, hebbian_curl_fraction
from core.kernels.measures import finite
from core.plasticity import Network, PlasticityCurlSpec

LEAST_S = 0.1
"""What any run takes with its preparations."""
MULTIPLY_ADD_S = 6e-11
COVARIANCE_ENTRY_S = 1.5e-8

METRICS: Mapping[str, Metric] = {
    "curl_fraction": Metric(
        "Curl fraction of the update field: 0 for a gradient, 1 for pure rotation; for hebbian_ei "
        "the largest over inhibitory fractions. Null where no weight changes the field."
    ),
    "inhibitory_fraction": Metric(
        "Inhibitory fraction at which that is reached; null for learning rules."
    ),
}


def run(spec: PlasticityCurlSpec, inputs: Mapping[str, Dataset], progress: Progress) -> Result:
    """The curl fraction of every replicate."""
    mixtures = len(_counts(spec)) if spec.recurrent else 1
    kept = ledger(progress).stage("replicates", mixtures, spec.replicates)
    every = ((slice(number, number + 1), number) for number in range(spec.replicates))
    for place, number in kept.missing(every):
        tick = partial(progress, number / spec.replicates)
        tick()
        curl = _measured(spec, spec.replicate_offset + number, tick)
        kept.add(place, curl[:, None])
    progress(1.0)
    curl = kept.by_draw
    if not spec.recurrent:
        network = spec.network
        uphill = turned_uphill(network.flips, network.outputs, network.flip_counts[1])
        curl_rule = spec.rule.startswith("curl")
        arrays = {"curl_fraction": Array(curl[:, 0], ("replicate",))}
        return Result(arrays, uphill if curl_rule else ())
    return Result(
        {
            "inhibitory_fraction": Array(_counts(spec) / spec.neurons, ("mixture",)),
            "curl_fraction": Array(curl, ("replicate", "mixture")),
        }
    )


def rows(spec: PlasticityCurlSpec, result: Result) -> tuple[Row, ...]:
    """One row per replicate; the arm is the rule."""
    curl = result["curl_fraction"].reshape(spec.replicates, -1)
    mixtures = result["inhibitory_fraction"] if spec.recurrent else np.array([np.nan])
    metrics = zip(finite(curl.max(axis=1)), finite(mixtures[curl.argmax(axis=1)]), strict=True)
    return tuple(
        Row(spec.rule, spec.replicate_offset + number, dict(zip(METRICS, values, strict=True)))
        for number, values in enumerate(metrics)
    )


def estimate(spec: PlasticityCurlSpec, datasets: Mapping[str, DatasetSummary]) -> Estimate:
    """What the spec costs, from its sizes alone."""
    if spec.recurrent:
        entries = spec.neurons**2
        memory, work = 8 * 5 * entries, entries * spec.inhibitory_fractions.points
        seconds = entries * COVARIANCE_ENTRY_S + work * MULTIPLY_ADD_S
    else:
        network = spec.network
        sizes = (network.samples, network.inputs, network.hidden, network.outputs)
        memory, work = kernel.memory_bytes(*sizes), kernel.operations(*sizes)
        seconds = kernel.seconds(*sizes)
    return Estimate(
        memory_bytes=20_000_000 + memory,
        operations=spec.replicates * work,
        seconds=LEAST_S + spec.replicates * seconds,
    )


def example() -> PlasticityCurlSpec:
    """A hundred neurons from all excitatory to all inhibitory."""
    return PlasticityCurlSpec()


def _measured(spec: PlasticityCurlSpec, replicate: int, tick: Callable[[], None]) -> Floats:
    """The curl fractions of one replicate, one per mixture; of a learning rule a single one."""
    if spec.recurrent:
        return _hebbian(spec, replicate)
    return np.array([curl_fraction(_field(spec, replicate), tick)])


def _hebbian(spec: PlasticityCurlSpec, replicate: int) -> Floats:
    """Neurons become inhibitory in one random order, so that a mixture keeps those of fewer."""
    order = generator(spec.seed, Role.HIDDEN_FLIPS, replicate).permutation(spec.neurons)
    rank = np.empty(spec.neurons, np.int64)
    rank[order] = np.arange(spec.neurons)
    covariance = _covariance(spec, replicate)
    return hebbian_curl_fraction(covariance, rank < _counts(spec)[:, None])


def _counts(spec: PlasticityCurlSpec) -> Floats:
    """Inhibitory neurons of each mixture."""
    span = spec.inhibitory_fractions
    fractions = np.linspace(span.from_, span.to, span.points)
    return np.floor(fractions * spec.neurons + 1e-9)


def _covariance(spec: PlasticityCurlSpec, replicate: int) -> Floats:
    correlation = spec.correlation
    if correlation.matrix is not None:
        return np.array(correlation.matrix)
    rates = np.ones(spec.neurons)
    if correlation.type == "lognormal":
        rng = generator(spec.seed, Role.TRAIN_INPUTS, replicate)
        rates = np.exp(correlation.log_sd * rng.standard_normal(spec.neurons))
    return activity_covariance(rates, correlation.coefficient)


def _field(spec: PlasticityCurlSpec, replicate: int) -> UpdateField:
    """The update field at the point where curl_descent.simulation would start this replicate."""
    network = spec.network
    T1, T2 = _teacher(spec, replicate)
    W1, W2 = _student(spec, replicate, T1, T2)
    shape = (network.samples, network.inputs)
    X = network.input_std * generator(spec.seed, Role.TRAIN_INPUTS).standard_normal(shape)
    answers, _, _ = derivatives(network.activation, X @ T1.T)
    Y, _, _ = derivatives(network.readout_activation, answers @ T2.T)
    before, after = network.flip_layers
    plain = UpdateField(
        W1=W1,
        W2=W2,
        X=X,
        Y=Y,
        D1=np.ones(before),
        D2=np.ones(after),
        site=network.flips.site,
        phi=network.activation,
        psi=network.readout_activation,
        raw_error=network.output_error == "raw",
    )
    return _ruled(spec, replicate, plain)


def _ruled(spec: PlasticityCurlSpec, replicate: int, plain: UpdateField) -> UpdateField:
    """Gradient descent's field with the flips and the feedback of the rule."""
    network, ruled = spec.network, plain
    if spec.rule.startswith("curl_"):
        D1, D2 = (
            draw_signs(generator(spec.seed, role, replicate), size=size, flipped=count)
            for role, size, count in zip(
                (Role.HIDDEN_FLIPS, Role.READOUT_FLIPS),
                network.flip_layers,
                network.flip_counts,
                strict=True,
            )
        )
        ruled = replace(ruled, D1=D1, D2=D2)
    if spec.rule.endswith("feedback_alignment"):
        feedback = np.empty_like(plain.W2)
        rng = generator(spec.seed, Role.FEEDBACK, replicate)
        fill(rng, feedback, "uniform", network.feedback_scale / sqrt(network.hidden))
        ruled = replace(ruled, feedback=feedback)
    return ruled


def _teacher(spec: PlasticityCurlSpec, replicate: int) -> tuple[Floats, Floats]:
    network = spec.network
    T1, T2 = draw_weights(
        generator(spec.seed, Role.TEACHER, replicate),
        inputs=network.inputs,
        hidden=network.teacher_hidden,
        outputs=network.outputs,
        distribution=network.teacher.distribution,
        scale=network.teacher.scale,
    )
    norms = network.teacher.norms
    if norms is None:
        return T1, T2
    norm1 = sqrt(network.teacher_hidden) if norms.W1 == "sqrt_hidden" else norms.W1
    return _scaled(T1, norm1), _scaled(T2, norms.W2)


def _scaled(W: Floats, norm: float | None) -> Floats:
    return W if norm is None else np.asarray(W * (norm / np.linalg.norm(W)))


def _student(
    spec: PlasticityCurlSpec, replicate: int, T1: Floats, T2: Floats
) -> tuple[Floats, Floats]:
    network, student = spec.network, spec.network.student
    if student.start == "at_solution":
        on_W1 = student.perturbation_layer == "W1"
        return T1 + student.perturbation * on_W1, T2 + student.perturbation * (not on_W1)
    return draw_weights(
        generator(spec.seed, Role.STUDENT, replicate),
        inputs=network.inputs,
        hidden=network.hidden,
        outputs=network.outputs,
        distribution=student.distribution,
        scale=student.scale,
    )


def _columns() -> tuple[Column, ...]:
    def flipped(layer: int) -> Column:
        return _of_network(
            ("hidden_fraction", "readout_fraction")[layer],
            lambda network: network.flip_counts[layer] / network.flip_layers[layer],
        )

    return columns_of(
        PlasticityCurlSpec,
        rename={
            "inhibitory_fractions_from_": "inhibitory_fractions_from",
            "network_activation": "activation",
            "network_samples": "train_size",
        },
        derived=(
            Column(
                "inhibitory_fractions_from",
                "number",
                lambda spec: float(spec.inhibitory_fractions.from_),
                "inhibitory_fractions.from",
            ),
            _of_network("compression_ratio", lambda network: network.inputs / network.hidden),
            flipped(0),
            flipped(1),
        ),
    )


def _of_network(name: str, value: Callable[[Network], float]) -> Column:
    """A ratio that the recurrent network does not have."""
    return Column(name, "number", lambda spec: None if spec.recurrent else value(spec.network))


KIND = Kind(
    name="plasticity.curl",
    version=1,
    summary="How far a plasticity rule is from following any gradient: Hebbian plasticity among "
    "excitatory and inhibitory neurons against the inhibitory fraction, and learning rules at a "
    "point in weight space.",
    spec=PlasticityCurlSpec,
    columns=_columns(),
    metrics=METRICS,
    figures={
        "curl_fraction": Figure(
            "Curl fraction against the inhibitory fraction, with the limit of constant activity; "
            "of learning rules, one point per network.",
            draw_curl_fraction,
        )
    },
    references=(
        "H. Ninou, J. Kadmon, N. A. Cayco-Gajic. Curl Descent: Non-Gradient Learning Dynamics with "
        "Sign-Diverse Plasticity. NeurIPS 2025, arXiv:2510.02765.",
    ),
    equations=(
        Equation(
            "Curl fraction of an update field F with Jacobian J; 0 for every gradient",
            r"\frac{\lVert (J - J^{\top}) / 2 \rVert_F}{\lVert J \rVert_F}, \qquad J = "
            r"\frac{\partial F}{\partial W}",
        ),
        Equation(
            "Under Hebbian plasticity in an excitatory-inhibitory recurrent network, J acts on "
            "each row of W as the signs times the covariance of rates. Constant rates and a "
            "fraction a of inhibitory neurons give",
            r"\sqrt{2 a (1 - a)}",
        ),
    ),
    beware=(
        "A curl fraction of 0 only says that the field is some gradient, not that it descends "
        "the error of the task.",
    ),
    run=run,
    rows=rows,
    estimate=estimate,
    example=example,
)
