"""Dimensionality of what a simulation recorded: hidden activity, and the path of the weights.

The bridge between the two halves: what is measured on a population of neurons is measured on the
hidden neurons of a network while it learns. The input is the result of another experiment.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Annotated, Literal

from pydantic import Field

from core.charts.representation import draw_hidden, draw_trajectory
from core.checkpoints import ledger
from core.columns import columns_of
from core.curl_clouds import (
    SPECTRAL,
    Shapes,
    Spectral,
    clouds,
    local_cost,
    local_dimensions,
    points,
    spectral_cost,
    spectral_dimensions,
)
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
    Refused,
    Result,
    Row,
    Spec,
)
from core.kernels.measures import finite
from core.stages import stages

Estimator = Literal["participation_ratio", "entropy_dimension", "n90", "twonn"]
ExperimentId = Annotated[str, Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

SIMULATION = "curl_descent.simulation"
EXAMPLE = "00000000-0000-7000-8000-000000000000"

_MEANINGS: Mapping[Spectral, str] = {
    "participation_ratio": "(sum l)^2 / sum l^2 of the eigenvalues l of the covariance",
    "entropy_dimension": "exp of the entropy of the shares of variance",
    "n90": "the fewest components that carry 90 % of the variance",
}
_CLOUDS = {
    "hidden": "of the hidden activity over the probes at the last record",
    "trajectory": "of the weights' path through all recorded snapshots",
}
METRICS: Mapping[str, Metric] = {
    **{
        f"{cloud}_{estimator}": Metric(f"{meaning[0].upper()}{meaning[1:]}, {which}.")
        for cloud, which in _CLOUDS.items()
        for estimator, meaning in _MEANINGS.items()
    },
    "hidden_twonn": Metric(
        "Local dimension of the hidden activity at the last record, from the distances of every "
        "probe to its two nearest neighbours (TwoNN); null with fewer than three distinct ones."
    ),
}

MAX_SPECTRUM = 2000


class RepresentationSpec(Spec):
    """How many dimensions a network's hidden activity and weights fill while it learns.

    All probes count alike, without conditions, so this is the dimensionality of the total
    covariance: at most the number of probes less one, and of records so far less one for a path.
    TwoNN asks instead how many dimensions the hidden activity has in the neighbourhood of a probe,
    however curved it is; along a path, whose records are no random sample, it says nothing.
    """

    experiment: ExperimentId = Field(
        description="Id of a curl_descent.simulation that succeeded and recorded hidden activity "
        "(record.probe_size) or weights (record.weights snapshots), or both."
    )
    result: Sha256 | None = Field(
        default=None,
        description="SHA-256 of that experiment's arrays, which pins the input: null is filled in "
        "at submission, another hash than theirs is refused.",
    )
    estimators: Annotated[list[Estimator], Field(min_length=1, max_length=4)] = Field(
        default=["participation_ratio", "entropy_dimension", "n90"],
        description="What to measure: on the eigenvalues of a covariance, or, for twonn, on the "
        "distances between the hidden activities of probes, at a cost that grows with the square "
        "of their number.",
    )

    @property
    def spectral(self) -> list[Spectral]:
        """Those of the estimators that take the eigenvalues of a covariance."""
        return [name for name in SPECTRAL if name in self.estimators]


def run(spec: RepresentationSpec, inputs: Mapping[str, Dataset], progress: Progress) -> Result:
    """Every estimator on every network's activity and path, at every record."""
    source = inputs[spec.experiment]
    found = {
        "arm": Array(source["arm"].copy(), ("arm",)),
        "replicate": Array(source["replicate"].copy(), ("replicate",)),
        "epoch": Array(source["epoch"].copy(), ("record",), "epochs"),
    }
    shapes = {name: values.shape for name, values in source.items()}
    reports = stages(progress, [1] * (len(recorded := clouds(shapes)) + 1))
    axes, kept = ("arm", "replicate", "record"), ledger(progress)
    for cloud, report in zip(recorded, reports, strict=False):
        stage = partial(kept.stage, cloud)
        values = spectral_dimensions(source, cloud, spec.spectral, report, stage)
        found |= {f"{cloud}_{name}": Array(array, axes) for name, array in values.items()}
    if _local(spec, shapes):
        found["hidden_twonn"] = Array(
            local_dimensions(source["hidden_activity"], reports[-1], partial(kept.stage, "local")),
            axes,
        )
    progress(1.0)
    return Result(found)


def rows(spec: RepresentationSpec, result: Result) -> tuple[Row, ...]:
    """One row per rule and replicate of the simulation, from the last record."""
    return tuple(_rows(result))


def estimate(spec: RepresentationSpec, datasets: Mapping[str, DatasetSummary]) -> Estimate:
    """What it costs; refuses an experiment that did not record what is needed."""
    summary = datasets[spec.experiment]
    shapes = {name: array.shape for name, array in summary.arrays.items()}
    _check(spec, summary.format, shapes)
    spectral = spectral_cost(shapes)
    return _sum(spectral, local_cost(shapes)) if _local(spec, shapes) else spectral


def example() -> RepresentationSpec:
    """What a small simulation recorded; its id stands for that of one of your own."""
    return RepresentationSpec(experiment=EXAMPLE, estimators=[*SPECTRAL, "twonn"])


EXAMPLE_SOURCES = {
    EXAMPLE: (
        SIMULATION,
        {
            "inputs": 20,
            "hidden": 8,
            "training": {"epochs": 500, "batch_size": 50},
            "data": {"train_size": 200, "test_size": 60},
            "replicates": 4,
            "record": {"points": 60, "weights": "snapshots", "probe_size": 60},
        },
    )
}


def pinned(spec: RepresentationSpec, hashes: Mapping[str, str]) -> RepresentationSpec:
    """The spec with the hash of its input; refuses another than the one it names."""
    known = hashes[spec.experiment]
    if spec.result not in (None, known):
        message = f"experiment {spec.experiment} has a result with another hash, {known}"
        raise Refused("result", spec.result, message)
    return spec.model_copy(update={"result": known})


def _check(spec: RepresentationSpec, kind: str, shapes: Shapes) -> None:
    if len(set(spec.estimators)) < len(spec.estimators):
        raise Refused("estimators", spec.estimators, "names an estimator twice")
    if kind != SIMULATION:
        raise Refused("experiment", spec.experiment, f"is one of {kind}; it must be a {SIMULATION}")
    recorded = clouds(shapes)
    if not recorded:
        message = (
            "the experiment recorded neither hidden activity (record.probe_size above 0) nor "
            "snapshots of weights (record.weights snapshots)"
        )
        raise Refused("experiment", spec.experiment, message)
    if spec.estimators == ["twonn"] and "hidden" not in recorded:
        message = (
            "twonn is of hidden activity, and the experiment recorded none (record.probe_size)"
        )
        raise Refused("estimators", spec.estimators, message)
    for cloud in recorded:
        size = min(points(shapes, cloud))
        if size > MAX_SPECTRUM:
            message = (
                f"its {cloud} covariance has {size} eigenvalues; at most {MAX_SPECTRUM} are found: "
                "record fewer probes or points"
            )
            raise Refused("experiment", spec.experiment, message)


def _local(spec: RepresentationSpec, shapes: Shapes) -> bool:
    """Whether distances between probes are asked for, and there are any."""
    return "twonn" in spec.estimators and "hidden" in clouds(shapes)


def _sum(a: Estimate, b: Estimate) -> Estimate:
    return Estimate(
        memory_bytes=a.memory_bytes + b.memory_bytes,
        operations=a.operations + b.operations,
        seconds=a.seconds + b.seconds,
    )


def _rows(result: Result) -> Iterator[Row]:
    last = {name: result[name][..., -1] for name in METRICS if name in result.arrays}
    for a, arm in enumerate(result["arm"].tolist()):
        for r, replicate in enumerate(result["replicate"].tolist()):
            values = {name: finite(of[a, r : r + 1])[0] for name, of in last.items()}
            yield Row(arm, replicate, {**dict.fromkeys(METRICS), **values})


KIND = Kind(
    name="curl_descent.representation",
    version=1,
    summary="Dimensionality of a simulation's hidden activity and of its weights' path, for every "
    "rule, replicate and record.",
    spec=RepresentationSpec,
    columns=columns_of(RepresentationSpec),
    metrics=METRICS,
    figures={
        "hidden": Figure(
            "Dimensionality of the hidden activity against epochs, one panel per estimator.",
            draw_hidden,
        ),
        "trajectory": Figure(
            "Dimensionality of the weights' path so far against epochs, one panel per estimator.",
            draw_trajectory,
        ),
    },
    references=(
        "P. Gao et al. A theory of multineuronal dimensionality, dynamics and measurement. "
        "bioRxiv 214262 (2017).",
        "H. Ninou, J. Kadmon, N. A. Cayco-Gajic. Curl Descent: Non-Gradient Learning Dynamics with "
        "Sign-Diverse Plasticity. NeurIPS 2025, arXiv:2510.02765.",
    ),
    equations=(
        Equation(
            "Participation ratio of the eigenvalues of the covariance of hidden activity over "
            "probes, or of the weights over records",
            r"\mathrm{PR} = \frac{\left(\sum_i \lambda_i\right)^2}{\sum_i \lambda_i^2}",
        ),
        Equation(
            "Entropy dimension",
            r"\exp\left(-\sum_i p_i \ln p_i\right), \qquad p_i = \lambda_i / \sum_j \lambda_j",
        ),
    ),
    beware=(
        "A covariance of n points has at most n - 1 dimensions: few probes or early records "
        "bound the answer from above.",
        "Probes are not trials of conditions: compare with the total covariance of a recording, "
        "never with the participation ratio of its condition means.",
    ),
    run=run,
    rows=rows,
    estimate=estimate,
    example=example,
    experiments=lambda spec: (spec.experiment,),
    pinned=pinned,
    example_sources=EXAMPLE_SOURCES,
)
